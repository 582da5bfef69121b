package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pebblestore"
)

// Problem is an RFC 9457 problem document, and the error that turns into one.
type Problem struct {
	Type     string       `json:"type"`
	Title    string       `json:"title"`
	Status   int          `json:"status"`
	Detail   string       `json:"detail,omitzero"`
	Instance string       `json:"instance,omitzero"` // the path of the request
	Errors   []FieldError `json:"errors,omitzero"`   // when single fields are to blame

	cause error // logged, never shown
}

// FieldError says what is wrong with one field of the body or one parameter of the query.
type FieldError struct {
	Pointer   string `json:"pointer,omitzero"`   // into the body: a JSON pointer as a URI fragment, such as "#/n"
	Parameter string `json:"parameter,omitzero"` // of the query
	Detail    string `json:"detail"`
}

// The types of problems beyond what their status says; each is the address of a page that explains it.
const (
	typeBlank    = "about:blank"
	typeJSON     = "/problems/invalid-json"
	typeFields   = "/problems/invalid-fields"
	typeTooLarge = "/problems/too-large"
	typeConflict = "/problems/version-conflict"
	typeUnknown  = "/problems/unknown-id"
	typeSoldOut  = "/problems/not-enough-left"
)

// explanations is the text of the pages behind the types.
func explanations() map[string]string {
	return map[string]string{
		typeJSON:     "The body is not JSON in UTF-8, or not of the documented shape. The detail says where it goes wrong.",
		typeFields:   "The request is well-formed, but some fields cannot be accepted. Errors lists them: pointer leads to a field of the body, parameter names one of the query.",
		typeTooLarge: "The body is larger than 1 MiB, the most that any request may have. Send a batch in parts.",
		typeConflict: "The profile was changed since the version you read. Read it again, apply your change to it, and send it with its version.",
		typeSoldOut:  "There are fewer left of a product than are to be bought. Nothing was. Change the cart, and order again.",
		typeUnknown:  "There is no such product, experiment or profile.",
	}
}

// Error is for the log.
func (p *Problem) Error() string {
	if p.cause != nil {
		return fmt.Sprintf("%d %s: %v", p.Status, p.Title, p.cause)
	}
	return fmt.Sprintf("%d %s: %s", p.Status, p.Title, p.Detail)
}

func (p *Problem) Unwrap() error { return p.cause }

// status is the problem that its HTTP status says all about.
func status(code int, format string, args ...any) *Problem {
	return &Problem{Type: typeBlank, Title: http.StatusText(code), Status: code, Detail: fmt.Sprintf(format, args...)}
}

func invalidJSON(format string, args ...any) *Problem {
	return &Problem{Type: typeJSON, Title: "Invalid JSON", Status: http.StatusBadRequest, Detail: fmt.Sprintf(format, args...)}
}

func tooLarge() *Problem {
	return &Problem{
		Type: typeTooLarge, Title: "Body too large", Status: http.StatusRequestEntityTooLarge,
		Detail: fmt.Sprintf("a body may have at most %d bytes", bodyMax),
	}
}

func unknown(what, id string) *Problem {
	return &Problem{
		Type: typeUnknown, Title: "Unknown " + what, Status: http.StatusNotFound, Detail: fmt.Sprintf("there is no %s %q", what, id),
	}
}

// fields collects what is wrong with a request.
type fields []FieldError

// body blames a field of the body, by its path from the root, or all of it.
func (f *fields) body(path, format string, args ...any) {
	pointer := "#"
	if path != "" {
		pointer += "/" + path
	}
	*f = append(*f, FieldError{Pointer: pointer, Detail: fmt.Sprintf(format, args...)})
}

// query blames a parameter of the query.
func (f *fields) query(name, format string, args ...any) {
	*f = append(*f, FieldError{Parameter: name, Detail: fmt.Sprintf(format, args...)})
}

// err is the problem that lists them, or nil when nothing is wrong.
func (f fields) err() error {
	if len(f) == 0 {
		return nil
	}
	return &Problem{
		Type: typeFields, Title: "Invalid fields", Status: http.StatusUnprocessableEntity,
		Detail: fmt.Sprintf("%d of the request's fields cannot be accepted", len(f)), Errors: f,
	}
}

// problemOf finds the problem in an error, or makes one that says no more than a stranger may know.
func problemOf(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if p := accountProblem(err); p != nil {
		return p
	}
	switch {
	case errors.Is(err, store.ErrConflict):
		return &Problem{Type: typeConflict, Title: "Version conflict", Status: http.StatusConflict,
			Detail: "the profile has another version by now; read it again and repeat the change", cause: err}
	case errors.Is(err, recommend.ErrInvalid), errors.Is(err, store.ErrInvalid), errors.Is(err, catalog.ErrInvalid),
		errors.Is(err, recommend.ErrNoModel):
		return &Problem{Type: typeFields, Title: "Invalid fields", Status: http.StatusUnprocessableEntity, Detail: err.Error(), cause: err}
	case errors.Is(err, catalog.ErrUnknownItem), errors.Is(err, store.ErrNotFound):
		return &Problem{Type: typeUnknown, Title: "Unknown", Status: http.StatusNotFound, Detail: err.Error(), cause: err}
	case errors.Is(err, recommend.ErrClosed), errors.Is(err, store.ErrClosed):
		return statusFor(err, http.StatusServiceUnavailable, "the shop is closing")
	case errors.Is(err, pebblestore.ErrFull):
		return statusFor(err, http.StatusInsufficientStorage, "the disk is full: nothing was recorded")
	case errors.Is(err, pebblestore.ErrFailed):
		return statusFor(err, http.StatusServiceUnavailable, "the disk failed: nothing is recorded until the shop is opened again")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return statusFor(err, http.StatusServiceUnavailable, "the request ended before its answer")
	}
	return statusFor(err, http.StatusInternalServerError, "something went wrong here; it has been logged")
}

func statusFor(cause error, code int, detail string) *Problem {
	p := status(code, "%s", detail)
	p.cause = cause
	return p
}

// fail answers with the problem that err is: as a page for somebody who reads one, else as a problem document.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := *problemOf(err)
	if p.Status >= http.StatusInternalServerError && r.Context().Err() == nil {
		s.log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	p.Instance = r.URL.EscapedPath()
	if !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html") {
		s.problemPage(w, r, &p)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}
