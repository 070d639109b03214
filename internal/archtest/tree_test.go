// Package archtest holds the tests that keep the module what its documents
// say: which package may import which, who may reveal a secret, that the core
// is pure, and that no file holds a credential or a trace of somebody's desk.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/pawl-dev/pawl"
)

// A source is one parsed Go file.
type source struct {
	name string // from the module's root, with slashes
	test bool
	fset *token.FileSet
	file *ast.File
}

// pkg is the folder of the file, "." for the root.
func (s source) pkg() string { return filepath.ToSlash(filepath.Dir(s.name)) }

func (s source) at(n ast.Node) string {
	p := s.fset.Position(n.Pos())
	return s.name + ":" + strings.TrimPrefix(p.String(), p.Filename+":")
}

// sources returns all Go files of the module, whatever their build tags. They
// are parsed once, for all tests.
func sources(t *testing.T) []source {
	t.Helper()
	parsed.Do(func() { parsed.all = parse(t) })
	if len(parsed.all) < 100 {
		t.Fatalf("only %d files were found", len(parsed.all))
	}
	return parsed.all
}

var parsed struct {
	sync.Once
	all []source
}

func parse(t *testing.T) (all []source) {
	t.Helper()
	fset := token.NewFileSet()
	walk(t, func(name string) {
		if !strings.HasSuffix(name, ".go") {
			return
		}
		f, err := parser.ParseFile(fset, filepath.Join(root, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source{name, strings.HasSuffix(name, "_test.go"), fset, f})
	})
	return all
}

// walk calls f with every file of the tree that could be committed.
func walk(t *testing.T, f func(name string)) {
	t.Helper()
	ignored := []string{".git", "bin", "node_modules", ".heroku-cli"}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains(ignored, d.Name()) {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() && d.Name() != ".git" { // a file in a linked work tree
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			f(filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// imported is the import path that a file means by a name, or "".
func (s source) imported(name string) string {
	for _, imp := range s.file.Imports {
		path := strings.Trim(imp.Path.Value, `"`)
		last := path[strings.LastIndex(path, "/")+1:]
		if imp.Name != nil && imp.Name.Name == name || imp.Name == nil && last == name {
			return path
		}
	}
	return ""
}

// uses calls f with each selector of an imported package: ("net/http", "Get").
func (s source) uses(f func(n ast.Node, path, name string)) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := sel.X.(*ast.Ident); ok {
			if path := s.imported(id.Name); path != "" {
				f(sel, path, sel.Sel.Name)
			}
		}
		return true
	})
}
