package main

import (
	"bytes"
	"context"
	"testing"
)

// TestExampleRunbooks: the runbooks of examples/acme are what its catalog and
// the providers say: go run ./cmd/pawl --catalog examples/acme docs
func TestExampleRunbooks(t *testing.T) {
	home := t.TempDir()
	var out, errs bytes.Buffer
	e := env{in: &bytes.Buffer{}, out: &out, err: &errs, getenv: func(name string) string { return map[string]string{"HOME": home}[name] }}
	if code := run(context.Background(), e, []string{"--catalog", "../../examples/acme", "docs", "--check"}); code != exitDone {
		t.Errorf("exit %d\n%s%s", code, &out, &errs)
	}
}
