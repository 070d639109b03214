package archtest

import (
	"go/ast"
	"strings"
	"testing"
)

// TestNoHiddenWiring: nothing happens because a package was imported, and no
// request goes through a client that the whole process shares.
func TestNoHiddenWiring(t *testing.T) {
	shared := "net/http.DefaultClient net/http.DefaultTransport net/http.DefaultServeMux net/http.Get net/http.Head net/http.Post net/http.PostForm net/http.Handle net/http.HandleFunc"
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: an init function", s.at(f))
			}
		}
		s.uses(func(n ast.Node, path, name string) {
			if matches(shared, path+"."+name) {
				t.Errorf("%s: %s.%s is the whole process's; use a client of package wire", s.at(n), path, name)
			}
		})
	}
}

// TestEnvironment: only what people run reads the environment and the command
// line. Everything else is told.
func TestEnvironment(t *testing.T) {
	ambient := "os.Getenv os.LookupEnv os.Environ os.ExpandEnv os.Expand os.Setenv os.Unsetenv os.Clearenv os.Args " +
		"os.UserHomeDir os.UserConfigDir os.UserCacheDir os.TempDir syscall.Getenv syscall.Environ flag.* " +
		"http.ProxyFromEnvironment user.Current"
	for _, s := range sources(t) {
		if s.test || strings.HasPrefix(s.name, "cmd/") {
			continue
		}
		s.uses(func(n ast.Node, path, name string) {
			if last := path[strings.LastIndex(path, "/")+1:]; matches(ambient, last+"."+name) {
				t.Errorf("%s: %s.%s is for cmd", s.at(n), path, name)
			}
		})
	}
}

// TestDocumented: each package says what it promises.
func TestDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if s.test && s.pkg() != "internal/archtest" {
			continue
		}
		documented[s.pkg()] = documented[s.pkg()] || s.file.Doc != nil
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no comment", pkg)
		}
	}
}
