package web

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
)

// action is a handler that returns what went wrong; nothing must have been written then.
type action func(w http.ResponseWriter, r *http.Request) error

// handle registers an action.
func (s *Server) handle(pattern string, do action) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if err := do(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// ServeHTTP answers a request: with headers that keep a browser safe, with problem documents where the mux would have
// plain text, and with a 500 after a panic.
func (s *Server) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w := &begun{ResponseWriter: out}
	defer s.recover(w, r)
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "+
		"connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if err := s.crossOrigin.Check(r); err != nil {
		s.fail(w, r, statusFor(err, http.StatusForbidden, "the request comes from another site"))
		return
	}
	if _, pattern := s.mux.Handler(r); pattern == "" {
		s.noRoute(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// noRoute answers what the mux has no handler for, in its status and with its Allow header.
func (s *Server) noRoute(w http.ResponseWriter, r *http.Request) {
	answer := verdict{header: http.Header{}}
	s.mux.ServeHTTP(&answer, r)
	switch {
	case answer.code == http.StatusMethodNotAllowed:
		w.Header()["Allow"] = answer.header["Allow"]
		s.fail(w, r, status(answer.code, "%s does not take %s, but %s", r.URL.Path, r.Method, answer.header.Get("Allow")))
	case answer.code < http.StatusBadRequest: // a redirection to the cleaned path
		s.mux.ServeHTTP(w, r)
	default:
		s.fail(w, r, status(http.StatusNotFound, "there is nothing at %s", r.URL.Path))
	}
}

// verdict keeps what the mux says and drops its text.
type verdict struct {
	header http.Header
	code   int
}

func (v *verdict) Header() http.Header         { return v.header }
func (v *verdict) WriteHeader(code int)        { v.code = code }
func (v *verdict) Write(b []byte) (int, error) { return len(b), nil }

// begun knows whether an answer has been begun.
type begun struct {
	http.ResponseWriter
	yes bool
}

func (b *begun) WriteHeader(code int) {
	b.yes = true
	b.ResponseWriter.WriteHeader(code)
}

func (b *begun) Write(p []byte) (int, error) {
	b.yes = true
	return b.ResponseWriter.Write(p)
}

func (b *begun) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// recover turns a panic into a 500, unless it is the one by which net/http aborts an answer. What has been begun is
// aborted: half an answer with a problem behind it would look like a whole one.
func (s *Server) recover(w *begun, r *http.Request) {
	switch v := recover(); {
	case v == nil:
	case v == http.ErrAbortHandler:
		panic(v)
	case w.yes:
		s.log.ErrorContext(r.Context(), "panic in the middle of an answer", "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
		panic(http.ErrAbortHandler)
	default:
		s.fail(w, r, errors.Join(fmt.Errorf("panic: %v", v), errors.New(string(debug.Stack()))))
	}
}
