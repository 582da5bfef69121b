package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// bodyMax is the most bytes that a body may have: 1 MiB.
const bodyMax = 1 << 20

// readBody reads a JSON body. One that says it is too large is refused unread, one that does not is refused at the first
// byte too many.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	switch {
	case err != nil || kind != "application/json":
		return nil, status(http.StatusUnsupportedMediaType, "send application/json, not %q", r.Header.Get("Content-Type"))
	case charset != "" && !strings.EqualFold(charset, "utf-8"):
		return nil, status(http.StatusUnsupportedMediaType, "send UTF-8, not %q", charset)
	case r.Header.Get("Content-Encoding") != "":
		return nil, status(http.StatusUnsupportedMediaType, "send the body as it is, not as %q", r.Header.Get("Content-Encoding"))
	case r.ContentLength > bodyMax:
		w.Header().Set("Connection", "close") // or the server reads on to reuse the connection
		return nil, tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge()
	}
	if err != nil {
		return nil, statusFor(err, http.StatusBadRequest, "the body ended early")
	}
	if bad := invalidAt(body); bad >= 0 {
		return nil, invalidJSON("%s: not UTF-8", position(body, bad))
	}
	return body, nil
}

// invalidAt is the offset of the first byte that is not UTF-8, or -1.
func invalidAt(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// decode reads the JSON body of a request into v.
func decode(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	return unmarshal(body, v, "")
}

// unmarshal reads exactly one JSON value without fields that v does not have. The path is where the value stands in the
// body, for the errors: empty, or such as "3/".
func unmarshal(body []byte, v any, path string) error {
	in := json.NewDecoder(bytes.NewReader(body))
	in.DisallowUnknownFields()
	err := in.Decode(v)
	if err == nil {
		if _, err := in.Token(); !errors.Is(err, io.EOF) {
			return invalidJSON("%s: more after the end", position(body, int(in.InputOffset())))
		}
		return nil
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return invalidJSON("%s: %v", position(body, int(e.Offset)-1), e)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return invalidJSON("%s: the body ends too early", position(body, len(body)))
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		var bad fields
		bad.body(path+strings.ReplaceAll(e.Field, ".", "/"), "must be %s, not %s", plain(e.Type.String()), e.Value)
		p := invalidJSON("%s: wrong type", position(body, int(e.Offset)-1))
		p.Errors = bad
		return p
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		p := invalidJSON("unknown field %s", name)
		p.Errors = []FieldError{{Pointer: "#/" + path + strings.Trim(name, `"`), Detail: "there is no such field"}}
		return p
	}
	return invalidJSON("%v", err)
}

// position says where in the text an offset is, as people count.
func position(text []byte, offset int) string {
	before := text[:min(max(offset, 0), len(text))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := 1 + utf8.RuneCount(before[1+bytes.LastIndexByte(before, '\n'):])
	return fmt.Sprintf("line %d, column %d", line, column)
}

// plain says a Go type in the words of JSON.
func plain(goType string) string {
	switch goType = strings.TrimLeft(goType, "*"); {
	case strings.HasPrefix(goType, "[]"):
		return "an array"
	case goType == "string":
		return "a string"
	case goType == "bool":
		return "true or false"
	case goType == "float64":
		return "a number"
	case strings.Contains(goType, "int"):
		return "a whole number"
	}
	return "an object"
}
