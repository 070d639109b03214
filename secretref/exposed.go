package secretref

import (
	"io/fs"
	"os"
	"runtime"
)

// Exposed returns the file that a reference leads to, and its mode, if everybody
// on this machine may read or change it; otherwise "". It is not read.
func (r *Resolver) Exposed(ref Ref) (path string, mode fs.FileMode) {
	if ref.Scheme != File || runtime.GOOS == "windows" {
		return "", 0
	}
	path = r.path(ref.Name)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o006 == 0 {
		return "", 0
	}
	return path, info.Mode().Perm()
}
