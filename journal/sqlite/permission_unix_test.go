//go:build unix

package sqlite_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal/journaltest"
	"github.com/pawl-dev/pawl/journal/sqlite"
)

func TestNoPermission(t *testing.T) {
	if os.Getuid() == 0 {
		asNobody(t, "^TestNoPermission$") // root may do everything
		return
	}
	path := newPath(t)
	must(t, os.Mkdir(filepath.Dir(path), 0o500))
	refused(t, sqlite.Options{Path: path, Signer: journaltest.Signer(t)}, pawl.Unavailable, "permission denied")
}

// asNobody runs a test of this binary as a user without rights, from a folder
// that such a user can reach.
func asNobody(t *testing.T, run string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "nobody-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	tmp := filepath.Join(dir, "tmp")
	must(t, os.Mkdir(tmp, 0o700))
	const nobody = 65534
	must(t, os.Chown(tmp, nobody, nobody))
	self, err := os.Executable()
	must(t, err)
	binary, err := os.ReadFile(self)
	must(t, err)
	copied := filepath.Join(dir, "test")
	must(t, os.WriteFile(copied, binary, 0o755))
	cmd := exec.Command(copied, "-test.run", run, "-test.v")
	cmd.Dir, cmd.Env = tmp, []string{"TMPDIR=" + tmp, "HOME=" + tmp}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
