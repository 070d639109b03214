package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	errorpages "github.com/pawl-dev/pawl/docs/errors"
	"github.com/pawl-dev/pawl/rotation"
)

// TestEveryCodeHasAPage: and every page is of a code that the program can say.
func TestEveryCodeHasAPage(t *testing.T) {
	said := codes(t)
	for _, code := range said {
		text, err := fs.ReadFile(errorpages.Pages, code+".md")
		if err != nil {
			t.Errorf("%s has no page: %v", code, err)
			continue
		}
		for _, part := range []string{"# " + code + ": ", "\n## What happened\n", "\n## Is anything broken?\n", "\n## What to do\n"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s.md: no %q", code, part)
			}
		}
	}
	for _, page := range pageNames() {
		if !slices.Contains(said, page) {
			t.Errorf("%s.md is of no code", page)
		}
	}
}

// codes are the values of all constants of type pageCode, read from the source,
// and each of them is used beside its declaration.
func codes(t *testing.T) (all []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "pages.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	uses := map[string]int{}
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			uses[id.Name]++
		}
		return true
	})
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil || uses[v.Names[0].Name] < 2 {
				t.Errorf("%s is never said", v.Names[0].Name)
			}
			if text != "" {
				all = append(all, text)
			}
		}
	}
	return all
}

// TestEveryEndHasAPage: whatever it ends with, there is a page.
func TestEveryEndHasAPage(t *testing.T) {
	pages := pageNames()
	for _, e := range exitText {
		for k := pawl.Other; k <= pawl.Operator; k++ {
			err := error(&pawl.Error{Kind: k, Err: errors.New("x")})
			if code := ofError(&exit{code: e.code, err: err}); !slices.Contains(pages, string(code)) {
				t.Errorf("exit %d, %v: no page %q", e.code, k, code)
			}
		}
		for _, on := range []rotation.On{rotation.OnProof, rotation.OnTimer, rotation.OnPerson, rotation.OnApproval, rotation.OnRevoke, rotation.OnVendor, rotation.OnPause, rotation.OnHelp} {
			code := ofVerdict(verdict{code: e.code, waits: []rotation.Wait{{On: on}}})
			if e.code != exitDone && !slices.Contains(pages, string(code)) {
				t.Errorf("exit %d, %s: no page %q", e.code, on, code)
			}
		}
	}
}
