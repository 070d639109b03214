package secretref_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/secretref"
)

func TestParseRef(t *testing.T) {
	for text, want := range map[string]secretref.Ref{
		"env:GITHUB_TOKEN":                   {Scheme: secretref.Env, Name: "GITHUB_TOKEN"},
		"file:secrets/heroku":                {Scheme: secretref.File, Name: "secrets/heroku"},
		"credential:slack":                   {Scheme: secretref.Credential, Name: "slack"},
		"keyring:heroku":                     {Scheme: secretref.Keyring, Name: "heroku"},
		"netrc":                              {Scheme: secretref.Netrc},
		"command: [heroku, auth:token]":      {Scheme: secretref.Command, Argv: []string{"heroku", "auth:token"}},
		`command: ["a b", "c,d"]`:            {Scheme: secretref.Command, Argv: []string{"a b", "c,d"}},
		`command:["pass","show","x y/[z]" ]`: {Scheme: secretref.Command, Argv: []string{"pass", "show", "x y/[z]"}},
	} {
		got, err := secretref.ParseRef(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParseRef(%q) = %+v, %v, want %+v", text, got, err, want)
		}
		again, err := secretref.ParseRef(got.String())
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("ParseRef(%q) = %+v, %v: String does not round trip", got.String(), again, err)
		}
	}
}

func TestParseRefNeverQuotes(t *testing.T) {
	for _, text := range []string{
		"CANARY", "CANARY:x", "env:CANARY-1", "env:", "credential:../CANARY", "credential:", "file:", "keyring:CANARY\n",
		"command: CANARY", "command: []", "command: [", "command: [CANARY", `command: ["CANARY", 'x']`, "", " netrc", "Netrc CANARY", "$CANARY",
	} {
		_, err := secretref.ParseRef(text)
		if err == nil {
			t.Errorf("ParseRef(%q) succeeded", text)
		} else if strings.Contains(err.Error(), "CANARY") {
			t.Errorf("ParseRef(%q) quotes it: %v", text, err)
		}
	}
	if _, err := secretref.ParseRef("CANARY"); !errors.Is(err, secretref.ErrNotReference) {
		t.Errorf("a bare value: %v, want ErrNotReference", err)
	}
}

func FuzzParseRef(f *testing.F) {
	for _, seed := range []string{"env:A", "file:b", "command: [a, b]", `command: ["a"]`, "credential:x", "keyring:y", "netrc", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := secretref.ParseRef(text)
		if err != nil {
			return
		}
		again, err := secretref.ParseRef(ref.String())
		if err != nil || again.String() != ref.String() {
			t.Errorf("ParseRef(%q) = %q, which reads as %q, %v", text, ref, again, err)
		}
	})
}
