package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

var (
	errUTF8  = errors.New("not UTF-8")
	errTwice = errors.New("a key stands there twice")
)

// strictJSON reads bodies as whoever looks at them on their way does: a text
// that two readers may read differently is no decision about anything. It is the
// form of what comes in; what goes out is as it was.
var strictJSON = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: func(data []byte, v any) error {
	if err := unambiguous(data); err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}}

// unambiguous refuses what is not UTF-8 and an object in which a key stands
// twice. Other mistakes are left to who reads it.
func unambiguous(data []byte) error {
	if !utf8.Valid(data) {
		return errUTF8
	}
	d := json.NewDecoder(bytes.NewReader(data))
	var open []map[string]bool // the keys of each object that is open; nil for an array
	key := false               // whether the next text is a key
	for {
		t, err := d.Token()
		if err != nil {
			return nil
		}
		switch t := t.(type) {
		case json.Delim:
			switch t {
			case '{':
				open = append(open, map[string]bool{})
			case '[':
				open = append(open, nil)
			default:
				open = open[:len(open)-1]
			}
		case string:
			if key {
				if open[len(open)-1][t] {
					return errTwice
				}
				open[len(open)-1][t] = true
				key = false
				continue
			}
		}
		key = len(open) > 0 && open[len(open)-1] != nil
	}
}
