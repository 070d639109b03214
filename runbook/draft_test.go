package runbook_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/runbook"
)

var update = flag.Bool("update", false, "write the draft that the test wants from what it gets")

// TestDraft: go test ./runbook -run Draft -update
func TestDraft(t *testing.T) {
	markdown, err := os.ReadFile("testdata/heroku.md")
	if err != nil {
		t.Fatal(err)
	}
	name, got := runbook.Draft(markdown, "heroku")
	if *update {
		if err := os.WriteFile("testdata/heroku.yaml", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/heroku.yaml")
	if err != nil || !bytes.Equal(got, want) || name != "rotate-the-heroku-api-token" {
		t.Errorf("%v: %s is\n%s", err, name, got)
	}
	if problems := load(got); problems != nil {
		t.Error(problems)
	}
	if bytes.Contains(got, []byte("CANARY")) {
		t.Error("a secret of the runbook is in the draft")
	}
	if _, again := runbook.Draft(markdown, "heroku"); !bytes.Equal(got, again) {
		t.Error("the draft is not the same every time")
	}
}

func load(draft []byte) catalog.Problems {
	_, problems := catalog.LoadFS(fstest.MapFS{
		"connections.yaml":       {Data: []byte("version: 1\nconnections:\n  heroku: {kind: heroku, token: netrc}\n")},
		"credentials/draft.yaml": {Data: draft},
	}, vendors())
	return problems
}

// FuzzDraft: whatever the text is, the draft is valid.
func FuzzDraft(f *testing.F) {
	markdown, err := os.ReadFile("testdata/heroku.md")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(markdown), "", "# \n- ", "1. a\n   - b\n\n         code\n", "> quote\n***\n| a | b |\n|---|---|\n", "- x: {{y}}\n- 'z", "# \u2028x\n- a\u0085b\x00c\n# d",
		"- `" + strings.Repeat("x", 5000) + "`", "password: hunter2hunter2\n\n    export AWS_SECRET_ACCESS_KEY=abc\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 20_000 {
			return
		}
		name, draft := runbook.Draft([]byte(text), "heroku")
		if problems := load(draft); problems != nil {
			t.Errorf("%s: %v\n%s", name, problems, draft)
		}
	})
}
