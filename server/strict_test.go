package server

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzUnambiguous: whatever is sent is refused or not, and what a strict reader
// makes of a body that passes is what a reader makes of it who takes the first of
// two keys instead of the last.
func FuzzUnambiguous(f *testing.F) {
	for _, text := range []string{`{"a":1}`, `{"a":1,"a":2}`, `[{"a":{"b":1}},{"a":[]}]`, `{"a":"b","b":"a"}`, `{"a":{"a":1}}`, `{"a"`, `]`, "", `{"a":1}{"a":1}`, "{\"\xff\":1}", `{"\u0061":1,"a":2}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := unambiguous(data)
		if !json.Valid(data) {
			return // whoever reads it says so
		}
		if first := firstOfTwo(json.NewDecoder(bytes.NewReader(data))); err == nil && !sameAsLast(t, data, first) {
			t.Errorf("%q can be read in two ways", data)
		}
	})
}

// firstOfTwo reads a value, and of two keys that are equal the first.
func firstOfTwo(d *json.Decoder) any {
	d.UseNumber()
	t, _ := d.Token()
	switch t {
	case json.Delim('['):
		all := []any{}
		for d.More() {
			all = append(all, firstOfTwo(d))
		}
		d.Token()
		return all
	case json.Delim('{'):
		all := map[string]any{}
		for d.More() {
			key, _ := d.Token()
			name, _ := key.(string)
			v := firstOfTwo(d)
			if _, ok := all[name]; !ok {
				all[name] = v
			}
		}
		d.Token()
		return all
	}
	return t
}

func sameAsLast(t *testing.T, data []byte, first any) bool {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var last any
	if err := d.Decode(&last); err != nil {
		t.Fatal(err)
	}
	a, err := json.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(last)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(a, b)
}
