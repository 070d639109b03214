package human_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/provider/human"
)

func settings(change func(*human.Settings)) *human.Settings {
	s := &human.Settings{People: []string{"ops"}, Notify: map[string]string{"slack": "D0000000000"}, Ask: "Open a new shell."}
	change(s)
	return s
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*human.Settings)
		want   string // beginning of the error; empty: none
	}{
		{"Valid", func(s *human.Settings) {}, ""},
		{"WithoutNotify", func(s *human.Settings) { s.Notify = nil }, ""},
		{"BlocksRevoke", func(s *human.Settings) { s.Blocks = "revoke" }, ""},
		{"BlocksNothing", func(s *human.Settings) { s.Blocks = "nothing" }, ""},
		{"BlocksElse", func(s *human.Settings) { s.Blocks = "everything" }, "blocks:"},
		{"Nobody", func(s *human.Settings) { s.People = nil }, "people:"},
		{"Unnamed", func(s *human.Settings) { s.People = []string{"ops", " "} }, "people:"},
		{"Twice", func(s *human.Settings) { s.People = []string{"ops", "ops"} }, "people:"},
		{"NoAsk", func(s *human.Settings) { s.Ask = "\n" }, "ask:"},
		{"NotifyNobody", func(s *human.Settings) { s.Notify = map[string]string{"slack": ""} }, "notify:"},
		{"NotifyTwoWays", func(s *human.Settings) { s.Notify["mail"] = "ops@acme.example" }, "notify:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := settings(tt.change).Validate()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
				t.Errorf("Validate() = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	var s human.Settings
	err := json.Unmarshal([]byte(`{"people":["ops","dev"],"notify":{"slack":"D0000000000"},"ask":"Sign in again.","blocks":"nothing"}`), &s)
	if err != nil {
		t.Fatal(err)
	}
	if s.Where() != "ops, dev" || s.Notify["slack"] != "D0000000000" || s.Ask != "Sign in again." || s.BlocksRevoke() {
		t.Errorf("got %+v", s)
	}
}

func TestRevokeWaitsUnlessToldOtherwise(t *testing.T) {
	if !settings(func(*human.Settings) {}).BlocksRevoke() {
		t.Error("a person who was not said to block nothing does not block")
	}
}

func TestProviderNeedsNoConnection(t *testing.T) {
	if p := human.Provider(); p.Name != human.Kind || p.Connection != nil || len(p.Consumers) != 0 {
		t.Errorf("got %+v", p)
	}
}
