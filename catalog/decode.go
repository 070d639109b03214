package catalog

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/provider"
)

// A nodeReader is a type of this package that reads itself from a file.
type nodeReader interface{ readNode(*reader, *node) }

// A reader reads the values of one file into Go structs.
type reader struct {
	*source
	*loader
}

// holdsSecret is the message about what looks like a secret.
const holdsSecret = "this looks like a secret: a catalog says where a secret is, it never holds one"

func (s *source) checkSecret(text string, at position) {
	if looksSecret(text) {
		s.report(at, "rotate it if it was ever committed", holdsSecret)
	}
}

// checkSecrets refuses all keys and values that look like a secret.
func (s *source) checkSecrets(n *node) {
	s.checkSecret(n.text, n.at)
	for _, item := range n.items {
		s.checkSecrets(item)
	}
	for _, p := range n.pairs {
		s.checkSecret(p.key.text, p.key.at)
		s.checkSecrets(p.value)
	}
}

// A field is a key that a mapping may have.
type field struct {
	key, doc string
	required bool
	index    []int
	typ      reflect.Type
}

// fieldsOf lists the keys of a struct as its json tags say, embedded structs
// included.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for f := range t.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case key == "-":
		case f.Anonymous && key == "" && f.Type.Kind() == reflect.Struct:
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{f.Index[0]}, inner.index...)
				fields = append(fields, inner)
			}
		case f.IsExported():
			if key == "" {
				key = f.Name
			}
			fields = append(fields, field{key, f.Tag.Get("doc"), f.Tag.Get("required") == "true", f.Index, f.Type})
		}
	}
	return fields
}

// fieldCache keeps fieldsOf by type for the length of one Load.
type fieldCache struct{ types sync.Map }

func (c *fieldCache) of(t reflect.Type) []field {
	if known, ok := c.types.Load(t); ok {
		return known.([]field)
	}
	fields := fieldsOf(t)
	c.types.Store(t, fields)
	return fields
}

// A layout is what a mapping is read into.
type layout struct {
	into  []any           // pointers to structs; together they have all keys
	given map[string]bool // required keys that need not be in the file
	open  bool            // unknown keys are not reported: what is valid is not known
}

// mapping reads n and returns the values by key, or nil if n is no mapping.
func (r *reader) mapping(n *node, l layout) map[string]*node {
	if n.kind != mapNode {
		r.wants(n, mapNode)
		return nil
	}
	seen, valid := make(map[string]*node, len(n.pairs)), []string(nil)
	for _, p := range n.pairs {
		seen[p.key.text] = p.value
	}
	known := map[string]bool{}
	for _, into := range l.into {
		v := reflect.ValueOf(into).Elem()
		for _, f := range r.fields.of(v.Type()) {
			if known[f.key] {
				continue // the first struct that has a key owns it
			}
			known[f.key] = true
			valid = append(valid, f.key)
			r.field(n, f, seen[f.key], v.FieldByIndex(f.index), l.given[f.key])
		}
	}
	for _, p := range n.pairs {
		if !known[p.key.text] && !l.open {
			r.report(p.key.at, r.suggest(p.key.text, valid), "unknown key %q", clip(p.key.text, 60))
		}
	}
	return seen
}

// field reads one key of the mapping n, which value holds if it is there.
func (r *reader) field(n *node, f field, value *node, into reflect.Value, given bool) {
	switch {
	case value == nil && f.required && !given:
		r.report(n.at, "", "missing key %q", f.key)
	case value == nil:
	case value.kind == nullNode:
		r.report(value.at, "", "%q has no value", f.key)
	default:
		before := len(r.problems)
		r.decode(value, into)
		if f.required && isEmpty(into) && len(r.problems) == before {
			r.report(value.at, "", "%q must not be empty", f.key)
		}
	}
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return false
}

// decode reads any value.
func (r *reader) decode(n *node, v reflect.Value) {
	if own, ok := v.Addr().Interface().(nodeReader); ok {
		own.readNode(r, n)
		return
	}
	if own, ok := v.Addr().Interface().(provider.Shorthand); ok {
		if n.kind == textNode {
			own.Short(n.text)
			return
		}
		r.mapping(n, layout{into: []any{own}})
		return
	}
	if own, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if r.is(n, textNode) {
			r.check(n, own.UnmarshalText([]byte(n.text)))
		}
		return
	}
	if own, ok := v.Addr().Interface().(json.Unmarshaler); ok {
		r.check(n, own.UnmarshalJSON(n.json()))
		return
	}
	if d, ok := v.Addr().Interface().(*time.Duration); ok {
		*d = readDuration(r, n, "d")
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.decode(n, v.Elem())
	case reflect.Struct:
		r.mapping(n, layout{into: []any{v.Addr().Interface()}})
	case reflect.Slice:
		r.list(n, v)
	case reflect.Map:
		r.dictionary(n, v)
	case reflect.Interface:
		r.check(n, json.Unmarshal(n.json(), v.Addr().Interface()))
	default:
		r.scalar(n, v)
	}
}

func (r *reader) scalar(n *node, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if r.is(n, textNode) {
			v.SetString(n.text)
		}
	case reflect.Bool:
		if r.is(n, boolNode) {
			v.SetBool(strings.EqualFold(n.text, "true"))
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		r.integer(n, v)
	case reflect.Float32, reflect.Float64:
		r.float(n, v)
	default:
		r.report(n.at, "", "a setting of Go type %v cannot be read from a catalog", v.Type())
	}
}

func (r *reader) integer(n *node, v reflect.Value) {
	if !r.is(n, intNode) {
		return
	}
	i, err := strconv.ParseInt(n.text, 10, 64)
	if err != nil || v.OverflowInt(i) {
		r.report(n.at, "", "not a whole number in decimal that fits here")
		return
	}
	v.SetInt(i)
}

func (r *reader) float(n *node, v reflect.Value) {
	if n.kind != intNode && !r.is(n, floatNode) {
		return
	}
	f, err := strconv.ParseFloat(n.text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		r.report(n.at, "", "not a number that fits here")
		return
	}
	v.SetFloat(f)
}

func (r *reader) list(n *node, v reflect.Value) {
	if !r.is(n, listNode) {
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		if item.kind == nullNode {
			r.report(item.at, "", "this item of the list has no value")
			continue
		}
		r.decode(item, list.Index(i))
	}
	v.Set(list)
}

func (r *reader) dictionary(n *node, v reflect.Value) {
	if !r.is(n, mapNode) {
		return
	}
	if v.Type().Key().Kind() != reflect.String {
		r.report(n.at, "", "a setting of Go type %v cannot be read from a catalog", v.Type())
		return
	}
	m := reflect.MakeMapWithSize(v.Type(), len(n.pairs))
	for _, p := range n.pairs {
		if p.value.kind == nullNode {
			r.report(p.value.at, "", "%q has no value", clip(p.key.text, 60))
			continue
		}
		value := reflect.New(v.Type().Elem()).Elem()
		r.decode(p.value, value)
		m.SetMapIndex(reflect.ValueOf(p.key.text).Convert(v.Type().Key()), value)
	}
	v.Set(m)
}

// is reports whether n is of a kind, and reports it as a problem if not.
func (r *reader) is(n *node, kind nodeKind) bool {
	if n.kind != kind {
		r.wants(n, kind)
	}
	return n.kind == kind
}

func (r *reader) wants(n *node, kind nodeKind) {
	hint := ""
	scalar := n.kind == intNode || n.kind == floatNode || n.kind == boolNode
	if kind == textNode && scalar {
		hint = fmt.Sprintf("put it in quotes: %q", n.text)
	}
	if kind == listNode && (scalar || n.kind == textNode) {
		hint = fmt.Sprintf("write a list: [%s]", clip(n.text, 40))
	}
	r.report(n.at, hint, "want %s, found %s", kind, n.kind)
}

// check reports an error about n, if it is one.
func (r *reader) check(n *node, err error) {
	if err != nil {
		r.report(n.at, "", "%s", err)
	}
}

// json returns the value as JSON.
func (n *node) json() []byte {
	text, err := json.Marshal(n.value())
	if err != nil { // made of strings, numbers in decimal, lists and maps only
		return []byte("null")
	}
	return text
}

func (n *node) value() any {
	switch n.kind {
	case listNode:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.value()
		}
		return list
	case mapNode:
		m := make(map[string]any, len(n.pairs))
		for _, p := range n.pairs {
			m[p.key.text] = p.value.value()
		}
		return m
	case boolNode:
		return strings.EqualFold(n.text, "true")
	case intNode, floatNode:
		if f, err := strconv.ParseFloat(n.text, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
	case nullNode:
		return nil
	}
	return n.text
}
