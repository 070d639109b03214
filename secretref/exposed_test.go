package secretref_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/pawl-dev/pawl/secretref"
)

// TestExposed: a file is exposed if everybody may read or change it. A group may
// be meant, and what is not there is told by who reads it.
func TestExposed(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // modes say nothing there
	}
	dir := t.TempDir()
	r := &secretref.Resolver{Dir: dir}
	file := filepath.Join(dir, "token")
	write(t, file, "CANARY-token")
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true, 0o602: true} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if path, _ := r.Exposed(secretref.Ref{Scheme: secretref.File, Name: "token"}); (path == file) != want {
			t.Errorf("%04o: %q", mode, path)
		}
	}
	for _, ref := range []secretref.Ref{{Scheme: secretref.File, Name: "absent"}, {Scheme: secretref.Env, Name: "token"}} {
		if path, _ := r.Exposed(ref); path != "" {
			t.Errorf("%v: %q", ref, path)
		}
	}
}
