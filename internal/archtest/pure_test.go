package archtest

import (
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestCoreIsPure: the root and rotation read no clock, print nothing, start
// nothing, and never depend on the order of a map. That they import neither
// files nor dice is in the diagram.
func TestCoreIsPure(t *testing.T) {
	known := core{std: compiled(t, ".", "rotation"), done: map[string]*types.Package{}}
	all := sources(t)
	for _, pkg := range []string{".", "rotation"} {
		var files []source
		for _, s := range all {
			if s.pkg() == pkg && !s.test {
				files = append(files, s)
			}
		}
		info := known.check(t, pkg, files)
		for _, s := range files {
			ast.Inspect(s.file, func(n ast.Node) bool {
				if why := impure(n, info); why != "" {
					t.Errorf("%s: %s", s.at(n), why)
				}
				return true
			})
		}
	}
}

// compiled imports what packages of the module need from what their compilation
// left. The go command is asked once for all of them, and not for each.
func compiled(t *testing.T, packages ...string) types.Importer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}")
	for _, pkg := range packages {
		cmd.Args = append(cmd.Args, "./"+pkg)
	}
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
}

// core imports the core's own packages as they were checked, and the standard
// library.
type core struct {
	std  types.Importer
	done map[string]*types.Package
}

func (c core) Import(path string) (*types.Package, error) {
	if p := c.done[path]; p != nil {
		return p, nil
	}
	return c.std.Import(path)
}

func (c core) check(t *testing.T, pkg string, files []source) *types.Info {
	t.Helper()
	path := strings.TrimSuffix(module+"/"+pkg, "/.")
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
	var parsed []*ast.File
	var fset *token.FileSet
	for _, s := range files {
		parsed, fset = append(parsed, s.file), s.fset
	}
	p, err := (&types.Config{Importer: c}).Check(path, fset, parsed, info)
	if err != nil {
		t.Fatal(err)
	}
	c.done[path] = p
	return info
}

// impure says why a node may not be in the core, or "".
func impure(n ast.Node, info *types.Info) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "starts a goroutine"
	case *ast.SelectStmt:
		return "selects, which chooses at random"
	case *ast.ChanType:
		return "has a channel"
	case *ast.RangeStmt:
		if _, ok := info.Types[n.X].Type.Underlying().(*types.Map); ok {
			return "ranges over a map, whose order changes"
		}
	case *ast.Ident:
		if f, ok := info.Uses[n].(*types.Func); ok && f.Pkg() != nil && f.Signature().Recv() == nil {
			if matches(forbidden, f.Pkg().Path()+"."+f.Name()) {
				return "calls " + f.FullName()
			}
		}
	}
	return ""
}

// forbidden are the functions of pure packages that are not.
const forbidden = "time.Now time.Since time.Until time.After time.AfterFunc time.NewTimer time.NewTicker time.Tick time.Sleep " +
	"fmt.Print fmt.Printf fmt.Println fmt.Scan* log/slog.Debug* log/slog.Info* log/slog.Warn* log/slog.Error* log/slog.Default log/slog.SetDefault context.With*"
