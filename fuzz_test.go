package pawl_test

import (
	"encoding/json"
	"testing"

	"github.com/pawl-dev/pawl"
)

// FuzzRotationID: what is read as the name of a rotation says the same again.
func FuzzRotationID(f *testing.F) {
	for _, seed := range []string{"heroku-api-key/12", "/1", "a/0", "a/-1", "a/1/2", "a/+1", "a/01", "a/99999999999999999999", "é/1", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var id, again pawl.RotationID
		if id.UnmarshalText([]byte(text)) != nil {
			if id != (pawl.RotationID{}) {
				t.Errorf("%q is refused, and was read as %v", text, id)
			}
			return
		}
		if id.Credential == "" || id.Number < 1 {
			t.Errorf("%q was read as %#v", text, id)
		}
		if err := again.UnmarshalText([]byte(id.String())); err != nil || again != id {
			t.Errorf("%q became %v, and that %v (%v)", text, id, again, err)
		}
	})
}

// FuzzEvent: an event of a journal that can be read can be written again, and
// is then the same.
func FuzzEvent(f *testing.F) {
	for _, seed := range []string{`{"type":"checked","at":"2026-11-23T09:00:00Z","detail":"x"}`, `{}`, `{"type":7}`, `[]`, `{"at":"0000-01-01T00:00:00Z"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var e, back pawl.Event
		if json.Unmarshal(text, &e) != nil {
			return
		}
		once, err := json.Marshal(e)
		if err != nil {
			return // a time that has no text
		}
		if err := json.Unmarshal(once, &back); err != nil {
			t.Fatalf("%s became %s: %v", text, once, err)
		}
		if twice, err := json.Marshal(back); err != nil || string(twice) != string(once) {
			t.Errorf("%s became %s, and that %s (%v)", text, once, twice, err)
		}
	})
}
