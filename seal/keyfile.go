package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pawl-dev/pawl"
)

const maxKeyFile = 4096

// KeyFile reads the key file at path. If there is none it makes one that holds
// what create returns, with its directory if need be. Of several processes that
// do so at once, one makes it and all read the same.
//
// A file that others may read, a symbolic link, and what is not a plain file
// are refused ([pawl.Invalid]). A file that exists is never written to. Other
// failures are [pawl.Unavailable].
func KeyFile(path string, create func() (pawl.Secret, error)) (pawl.Secret, error) {
	key, err := readKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	fresh, err := create()
	if err != nil {
		return pawl.Secret{}, err
	}
	if err := makeKeyFile(path, fresh); err != nil && !errors.Is(err, fs.ErrExist) {
		return pawl.Secret{}, unavailable(err, "a key file cannot be made there")
	}
	key, err = readKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return pawl.Secret{}, unavailable(err, "the key file vanished as soon as it was made")
	}
	return key, err
}

// readKeyFile returns fs.ErrNotExist as it is; other errors are for the caller's
// caller.
func readKeyFile(path string) (pawl.Secret, error) {
	before, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return pawl.Secret{}, err
	}
	if err != nil {
		return pawl.Secret{}, unavailable(err, "the key file cannot be looked at")
	}
	if err := safeMode(path, before); err != nil {
		return pawl.Secret{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return pawl.Secret{}, unavailable(err, "the key file cannot be read")
	}
	defer f.Close()
	now, err := f.Stat()
	if err != nil || !os.SameFile(before, now) {
		return pawl.Secret{}, unavailable(errors.New("the key file was swapped while it was opened"), "try again")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return pawl.Secret{}, unavailable(err, "the key file cannot be read")
	}
	if len(text) == 0 || len(text) > maxKeyFile {
		return pawl.Secret{}, refused(path, "is empty or too long for a key", "restore it from a backup")
	}
	defer clear(text)
	return pawl.NewSecret(text), nil
}

func safeMode(path string, info fs.FileInfo) error {
	mode := info.Mode()
	switch {
	case mode&fs.ModeSymlink != 0:
		return refused(path, "is a symbolic link", "name the file itself")
	case !mode.IsRegular():
		return refused(path, "is not a plain file", "name a plain file")
	case mode.Perm()&0o077 != 0 && runtime.GOOS != "windows": // there, access lists decide
		return refused(path, fmt.Sprintf("may be read by others (mode %04o)", mode.Perm()), "run: chmod 600 "+path)
	}
	return nil
}

// makeKeyFile writes a file beside path and links it there, so that path is
// never seen half written, and an existing file is never replaced.
func makeKeyFile(path string, key pawl.Secret) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".key-*") // with mode 0600 and O_EXCL
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(key.Reveal())
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the new name durable. Where directories cannot be synced there
// is nothing better to do.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func unavailable(err error, hint string) error {
	return &pawl.Error{Op: "seal.KeyFile", Kind: pawl.Unavailable, Hint: hint, Err: err}
}

func refused(path, why, hint string) error {
	return &pawl.Error{Op: "seal.KeyFile", Kind: pawl.Invalid, Hint: hint, Err: fmt.Errorf("%s %s", path, why)}
}
