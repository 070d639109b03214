package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
)

// TestReadPaste: one line, or lines until JSON is whole; keys that a raw
// terminal hands through do what they do elsewhere.
func TestReadPaste(t *testing.T) {
	for name, tt := range map[string]struct{ typed, want string }{
		"a line":             {"HRKU-CANARY\rrest", "HRKU-CANARY"},
		"nothing":            {"\r", ""},
		"the end":            {"", ""},
		"no newline":         {"HRKU-CANARY", "HRKU-CANARY"},
		"ctrl-d":             {"HRKU\x04", "HRKU"},
		"corrected":          {"HRKX\x7f\x7fKU\r", "HRKU"},
		"more than is there": {"\x7f\x7fA\r", "A"},
		"all of it gone":     {"HRKU\x15A\r", "A"},
		"json":               {"{\r  \"id\": \"a\"\r}\rrest", "{\n  \"id\": \"a\"\n}"},
		"json of one line":   {`{"id":"a"}` + "\r{", `{"id":"a"}`},
	} {
		if got, err := readPaste(strings.NewReader(tt.typed)); string(got) != tt.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
		}
	}
	if _, err := readPaste(strings.NewReader("HRKU\x03")); !errors.Is(err, errInterrupted) {
		t.Errorf("ctrl-c: %v", err)
	}
	if got, _ := readPaste(strings.NewReader(strings.Repeat("a", 10*maxValue))); len(got) != maxValue+1 {
		t.Errorf("%d bytes are read", len(got))
	}
}

// TestReceived says what came in, and nothing by which it could be guessed.
func TestReceived(t *testing.T) {
	secret := func(s string) pawl.Secret { return pawl.NewSecret([]byte(s)) }
	for given, want := range map[string]string{
		"HRKU-CANARY\n": "got 11 characters, starts HRKU-, digest d (trailing newline removed)",
		"HRKU-CANARY":   "got 11 characters, starts HRKU-, digest d",
		" HRKU-CANARY ": "got 11 characters, starts HRKU-, digest d (white space around it removed)",
		"0123abcd-0000": "got 13 characters, digest d",
		"abcdefab-0000": "got 13 characters, digest d",
		"CANARY":        "got 6 characters, digest d",
	} {
		if got := engine.Received(secret(given), secret(strings.TrimSpace(given)), "d"); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
	if got := engine.Received(secret(`{"token":"HRKU-CANARY"}`), secret("HRKU-CANARY"), "d"); !strings.HasSuffix(got, "(taken out of the vendor's answer)") {
		t.Errorf("JSON: %q", got)
	}
}

// TestHolds: a rotation is of a user, on whichever machine, or of one on one
// machine.
func TestHolds(t *testing.T) {
	for _, tt := range []struct {
		holder, who string
		want        bool
	}{
		{"ana", "ana@laptop-7", true}, {"Ana", "ana@laptop-7", true}, {"ana@laptop-7", "ana@laptop-7", true},
		{"ana@laptop-7", "ana@laptop-8", false}, {"an", "ana@laptop-7", false}, {"bo", "ana@laptop-7", false},
	} {
		if got := holds(tt.holder, tt.who); got != tt.want {
			t.Errorf("%s has what was given to %s: %v, want %v", tt.who, tt.holder, got, tt.want)
		}
	}
}

func TestVariableOf(t *testing.T) {
	store := &catalog.Entry{Op: pawl.Op{Config: []byte(`{"project":"p","key":"STORE_KEY"}`)}}
	for name, tt := range map[string]struct {
		cred catalog.Credential
		as   string
		want string
	}{
		"asked for":      {catalog.Credential{AppliesTo: []string{"A"}}, "B", "B"},
		"applies_to":     {catalog.Credential{AppliesTo: []string{"not one", "A", "B"}, Store: store}, "", "A"},
		"the store":      {catalog.Credential{Store: store}, "", "STORE_KEY"},
		"none":           {catalog.Credential{}, "", ""},
		"no name of one": {catalog.Credential{AppliesTo: []string{"A"}}, "1 B", ""},
	} {
		got, err := variableOf(&tt.cred, tt.as)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
		}
	}
}

func TestChildEnv(t *testing.T) {
	got := childEnv([]string{"A=1", "B=old", "BB=2", "B=older"}, "B", pawl.NewSecret([]byte("CANARY=x")))
	if strings.Join(got, "|") != "A=1|BB=2|B=CANARY=x" {
		t.Errorf("%q", got)
	}
}

func TestModeWords(t *testing.T) {
	p := pawl.Plan{Hand: &pawl.Human{}, Approval: &pawl.Approval{From: "security"}, Consumers: []pawl.Place{
		{ID: "store"}, {ID: "console", Hand: &pawl.Human{}}, {ID: "laptop", Human: &pawl.Human{}}, {ID: "phone", Human: &pawl.Human{Blocks: true}}}}
	if got := modeWords(p); got != "operator-assisted: mint, console, phone, approval by security" {
		t.Errorf("%q", got)
	}
	if got := modeWords(pawl.Plan{Consumers: []pawl.Place{{ID: "store"}}}); got != string(pawl.Automated) {
		t.Errorf("%q", got)
	}
}

// TestDeadline is nothing where there is none.
func TestDeadline(t *testing.T) {
	now := rotation.Wait{}.Until.AddDate(2026, 0, 0)
	w := rotation.Wait{On: rotation.OnPerson}
	if got := deadline(w, now); got != "" {
		t.Errorf("without one: %q", got)
	}
	if w.Until = now; !strings.HasPrefix(deadline(w, now), "until ") || !strings.HasPrefix(deadline(w, now.AddDate(0, 0, 1)), "overdue since ") {
		t.Errorf("%q, then %q", deadline(w, now), deadline(w, now.AddDate(0, 0, 1)))
	}
}
