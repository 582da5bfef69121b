package growthbook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
)

// ErrInvalid says that a payload is not JSON, not an object, or nested deeper than depthMax.
var ErrInvalid = errors.New("growthbook: invalid payload")

// depthMax bounds the nesting of a payload and, through it, of everything that walks one.
const depthMax = 1000

// JSON values are nil, bool, float64, string, []any and *object. The order of an object's keys is kept, since the SDKs
// compare objects by their text and evaluate conditions in order.
type object struct {
	keys   []string
	values map[string]any
}

func newObject() *object { return &object{values: make(map[string]any)} }

// get returns the value under key, nil when there is none. A nil object has none.
func (o *object) get(key string) any {
	if o == nil {
		return nil
	}
	return o.values[key]
}

func (o *object) has(key string) bool {
	if o == nil {
		return false
	}
	_, ok := o.values[key]
	return ok
}

func (o *object) set(key string, v any) {
	if _, ok := o.values[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.values[key] = v
}

func (o *object) delete(key string) {
	if _, ok := o.values[key]; ok {
		delete(o.values, key)
		o.keys = slices.DeleteFunc(o.keys, func(k string) bool { return k == key })
	}
}

// clone copies the object, not what it holds.
func (o *object) clone() *object {
	return &object{slices.Clone(o.keys), maps.Clone(o.values)}
}

// MarshalJSON writes the keys in their order.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, key := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		k, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		v, err := json.Marshal(o.values[key])
		if err != nil {
			return nil, err
		}
		b.Write(k)
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// parse reads one JSON document.
func parse(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := parseValue(dec, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: something follows the document", ErrInvalid)
	}
	return v, nil
}

func parseValue(dec *json.Decoder, depth int) (any, error) {
	if depth > depthMax {
		return nil, fmt.Errorf("nested deeper than %d", depthMax)
	}
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Number: // one too large for a float64 is infinite, as in the SDKs
		f, _ := strconv.ParseFloat(string(t), 64)
		return f, nil
	case json.Delim:
		if t == '[' {
			return parseArray(dec, depth)
		}
		return parseObject(dec, depth)
	default:
		return token, nil
	}
}

func parseArray(dec *json.Decoder, depth int) (any, error) {
	list := []any{}
	for dec.More() {
		v, err := parseValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.Token()
	return list, err
}

func parseObject(dec *json.Decoder, depth int) (any, error) {
	o := newObject()
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		v, err := parseValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		o.set(key.(string), v) // the decoder lets nothing else stand there
	}
	_, err := dec.Token()
	return o, err
}

// plain turns a JSON value into what encoding/json would have made of it.
func plain(v any) any {
	switch v := v.(type) {
	case *object:
		m := make(map[string]any, len(v.keys))
		for key, value := range v.values {
			m[key] = plain(value)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	}
	return v
}

// ordered turns what a caller gives into a JSON value; the keys of a map come in byte order. What JSON does not know is
// nil.
func ordered(v any, depth int) any {
	if depth > depthMax {
		return nil
	}
	switch v := v.(type) {
	case nil, bool, float64, string, *object:
		return v
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case json.Number:
		f, _ := v.Float64()
		return f
	case []string:
		list := make([]any, len(v))
		for i := range v {
			list[i] = v[i]
		}
		return list
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = ordered(v[i], depth+1)
		}
		return list
	case map[string]any:
		o := newObject()
		for _, key := range slices.Sorted(maps.Keys(v)) {
			o.set(key, ordered(v[key], depth+1))
		}
		return o
	}
	return orderedByKind(reflect.ValueOf(v), depth)
}

// orderedByKind reads the types that ordered does not name: other numbers, named types, slices and maps of them.
func orderedByKind(r reflect.Value, depth int) any {
	switch {
	case r.CanInt():
		return float64(r.Int())
	case r.CanUint():
		return float64(r.Uint())
	case r.CanFloat():
		return r.Float()
	}
	switch r.Kind() {
	case reflect.String:
		return r.String()
	case reflect.Bool:
		return r.Bool()
	case reflect.Slice, reflect.Array:
		list := make([]any, r.Len())
		for i := range list {
			list[i] = ordered(r.Index(i).Interface(), depth+1)
		}
		return list
	case reflect.Map:
		if r.Type().Key().Kind() != reflect.String {
			return nil
		}
		m := make(map[string]any, r.Len())
		for it := r.MapRange(); it.Next(); {
			m[it.Key().String()] = it.Value().Interface()
		}
		return ordered(m, depth+1)
	}
	return nil
}

// kindOf is the JSON type's name, as $type has it.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

// truthy is JavaScript's: everything but null, false, 0, NaN and the empty string.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case float64:
		return v != 0 && !math.IsNaN(v)
	case string:
		return v != ""
	}
	return true
}

// number formats a float64 as JavaScript's String does: the shortest digits that read back, in fixed notation for
// decimal exponents from -6 to 20.
func number(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		return "0"
	}
	if a := math.Abs(f); a >= 1e-6 && a < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	if n := len(s); s[n-2] == '0' && (s[n-3] == '+' || s[n-3] == '-') { // Go pads the exponent to two digits
		s = s[:n-2] + s[n-1:]
	}
	return s
}

func asString(v any) string {
	s, _ := v.(string)
	return s
}

func asObject(v any) *object {
	o, _ := v.(*object)
	return o
}

func asList(v any) []any {
	l, _ := v.([]any)
	return l
}

func asBool(v any) bool {
	b, _ := v.(bool)
	return b
}

// asInt returns a whole number, 0 for anything else.
func asInt(v any) int {
	if f, ok := v.(float64); ok && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int(f)
	}
	return 0
}
