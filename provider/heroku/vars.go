package heroku

import (
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/pawl-dev/pawl"
)

// vars is what an app holds under our keys. A key that is not there is not in
// the map.
type vars map[string]pawl.Secret

// state is an app's config vars, of which only our own are kept: the API
// always answers with every secret of the app.
// https://devcenter.heroku.com/articles/platform-api-reference#config-vars
type state struct {
	keys []string // to be kept; set before decoding
	ours vars
	size int // bytes of all names and values of the app

	sought pawl.Secret // if there is one: look for it under other names too
	found  []string    // where it was found, sorted
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *state) UnmarshalJSON(text []byte) error {
	var all map[string]*string
	if json.Unmarshal(text, &all) != nil || all == nil {
		return errors.New("not config vars") // never the decoder's error: it may quote
	}
	s.ours, s.size = vars{}, 0
	s.found = nil
	for name, value := range all {
		if value == nil {
			continue
		}
		s.size += len(name) + len(*value)
		if s.sought.Equal(pawl.NewSecret([]byte(*value))) && !slices.Contains(s.keys, name) {
			s.found = append(s.found, name)
		}
	}
	slices.Sort(s.found)
	for _, k := range s.keys {
		if value := all[k]; value != nil {
			s.ours[k] = pawl.NewSecret([]byte(*value))
		}
	}
	return nil
}

func (v vars) equal(w vars) bool {
	if len(v) != len(w) {
		return false
	}
	for k, value := range v {
		if other, ok := w[k]; !ok || !value.Equal(other) {
			return false
		}
	}
	return true
}

// under returns what v holds under these keys.
func (v vars) under(keys []string) vars {
	mine := vars{}
	for _, k := range keys {
		if value, ok := v[k]; ok {
			mine[k] = value
		}
	}
	return mine
}

// every returns vars in which all keys hold one value.
func every(keys []string, value pawl.Secret) vars {
	v := vars{}
	for _, k := range keys {
		v[k] = value
	}
	return v
}

// snapshot writes v down: every key with its value, or null where there is
// none.
func (v vars) snapshot(keys []string) (pawl.Secret, error) {
	text, err := json.Marshal(v.patch(keys))
	return pawl.NewSecret(text), err
}

// patch returns the body of the request that makes keys hold v: a null removes
// a key.
func (v vars) patch(keys []string) map[string]*string {
	body := map[string]*string{}
	for _, k := range keys {
		body[k] = nil
		if value, ok := v[k]; ok {
			text := string(value.Reveal())
			body[k] = &text
		}
	}
	return body
}

// desired reads a content as what keys are to hold. An error of it means that
// the content is not one for this place.
func desired(keys []string, c pawl.Content) (vars, error) {
	if c.Snapshot {
		return restored(keys, c.Secret)
	}
	value := c.Secret.Reveal()
	switch {
	case len(value) == 0:
		return nil, errors.New("no value to write")
	case !utf8.Valid(value): // JSON would silently replace what is not
		return nil, errors.New("a config var cannot hold a value that is not text in UTF-8")
	}
	return every(keys, c.Secret), nil
}

func restored(keys []string, snapshot pawl.Secret) (vars, error) {
	var all map[string]*string
	if json.Unmarshal(snapshot.Reveal(), &all) != nil || all == nil {
		return nil, errors.New("not a snapshot of config vars")
	}
	v := vars{}
	for _, k := range keys {
		value, ok := all[k]
		if !ok {
			return nil, errors.New("the snapshot does not say what " + k + " held")
		}
		if value != nil {
			v[k] = pawl.NewSecret([]byte(*value))
		}
	}
	return v, nil
}

// names are the names of an app's config vars, without any value.
type names map[string]ignored

type ignored struct{}

// UnmarshalJSON implements [json.Unmarshaler].
func (*ignored) UnmarshalJSON([]byte) error { return nil }
