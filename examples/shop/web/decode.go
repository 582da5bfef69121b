package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
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
	err := in.Decode(v)
	if err == nil {
		if _, err := in.Token(); !errors.Is(err, io.EOF) {
			return invalidJSON("%s: more after the end", position(body, int(in.InputOffset())))
		}
		return wellFormed(body, reflect.TypeOf(v).Elem(), path)
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
	return invalidJSON("%v", err)
}

// wellFormed says what package json lets pass of a body that it could read: fields that the type does not have or has
// in another case, a field that is there twice, and null where a value is to be.
func wellFormed(body []byte, t reflect.Type, path string) error {
	s := bodyShape{in: json.NewDecoder(bytes.NewReader(body))}
	if s.value(t, path); string(bytes.TrimSpace(body)) == "null" && t.Kind() == reflect.Struct {
		s.bad.body(strings.TrimSuffix(path, "/"), "must be an object, not null")
	}
	if len(s.bad) == 0 {
		return nil
	}
	first := s.bad[0]
	p := invalidJSON("%s: %s", cmp.Or(strings.TrimLeft(first.Pointer, "#/"), "the body"), first.Detail)
	p.Errors = s.bad
	return p
}

// bodyShape goes through a body beside the type that it is read into. The body is JSON, and no deeper than package json reads.
type bodyShape struct {
	in  *json.Decoder
	bad fields
}

// value looks at the next value, which is to be of the type; nil takes anything.
func (s *bodyShape) value(t reflect.Type, path string) {
	token, _ := s.in.Token()
	switch token {
	case json.Delim('{'):
		seen := map[string]bool{}
		for s.in.More() {
			key, _ := s.in.Token()
			name, _ := key.(string)
			inside, known := memberOf(t, name)
			at := path + pointerEscaper.Replace(name)
			switch {
			case !known:
				s.bad.body(at, "there is no such field")
			case seen[name]:
				s.bad.body(at, "the field is there twice")
			}
			seen[name] = true
			s.value(inside, at+"/")
		}
		_, _ = s.in.Token()
	case json.Delim('['):
		for i := 0; s.in.More(); i++ {
			inside, _ := memberOf(t, "")
			s.value(inside, path+strconv.Itoa(i)+"/")
		}
		_, _ = s.in.Token()
	}
}

// pointerEscaper writes a name as a part of a JSON pointer (RFC 6901).
var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

// memberOf is the type of what has the name in a value of type t, and whether it may be there.
func memberOf(t reflect.Type, name string) (reflect.Type, bool) {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil, true
	}
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Array:
		return t.Elem(), true
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(t) {
			if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); cmp.Or(tag, f.Name) == name && !f.Anonymous {
				return f.Type, true
			}
		}
		return nil, false
	}
	return nil, true
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
