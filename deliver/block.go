package deliver

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pawl-dev/pawl"
)

// A Block is what pawl keeps in a file of somebody's, between two lines that
// mark it:
//
//	# pawl heroku-api-key begin
//	export HEROKU_API_KEY='…'
//	# pawl heroku-api-key end
type Block struct {
	Path     string
	Name     string // of the credential
	Variable string
}

// maxFile bounds a file that is edited: a longer one is no profile.
const maxFile = 1 << 20

// Holds reports whether the file has the block already, with this value.
func (b Block) Holds(value pawl.Secret) (bool, error) {
	root, err := b.root()
	if err != nil {
		return false, err
	}
	defer root.Close()
	text, _, err := b.read(root)
	if err != nil {
		return false, err
	}
	next, err := b.edit(text, value)
	return bytes.Equal(text, next), err
}

// Write puts the value into the block, and adds the block at the end of the
// file if there is none. Everything else in the file stays as it is. The file is
// replaced in one step, so a crash leaves the one or the other, and only its
// owner may read it. A symbolic link, a file of somebody else's, one that is not
// regular, and one that changes meanwhile are refused ([pawl.Conflict]).
func (b Block) Write(value pawl.Secret) error {
	root, err := b.root()
	if err != nil {
		return err
	}
	defer root.Close()
	text, before, err := b.read(root)
	if err != nil {
		return err
	}
	next, err := b.edit(text, value)
	if err != nil {
		return err
	}
	defer clear(next)
	return b.replace(root, next, before)
}

func (b Block) root() (*os.Root, error) {
	root, err := os.OpenRoot(filepath.Dir(b.Path))
	if err != nil {
		return nil, b.refuse("its folder cannot be opened")
	}
	return root, nil
}

func (b Block) refuse(why string) error {
	return &pawl.Error{Op: "deliver.Block", Kind: pawl.Conflict, Err: errors.New(b.Path + ": " + why)}
}

// read returns the file and what it is; neither if there is none yet.
func (b Block) read(root *os.Root) ([]byte, fs.FileInfo, error) {
	name := filepath.Base(b.Path)
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case err != nil:
		return nil, nil, b.refuse("it cannot be looked at")
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, nil, b.refuse("it is a symbolic link; name the file itself")
	case !info.Mode().IsRegular():
		return nil, nil, b.refuse("it is no regular file")
	case info.Size() > maxFile:
		return nil, nil, b.refuse("it is more than 1 MiB, and hardly a profile")
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		return nil, nil, b.refuse("it belongs to somebody else")
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, nil, b.refuse("it cannot be read")
	}
	defer f.Close()
	opened, err := f.Stat()
	if err != nil || !os.SameFile(info, opened) {
		return nil, nil, b.refuse("it changed meanwhile")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, nil, b.refuse("it cannot be read")
	}
	return text, info, nil
}

// edit returns the text with the block in it.
func (b Block) edit(text []byte, value pawl.Secret) ([]byte, error) {
	raw := value.Reveal()
	if bytes.ContainsAny(raw, "\x00\r\n") {
		return nil, b.refuse("the value has more than one line")
	}
	begin, end := "# pawl "+b.Name+" begin", "# pawl "+b.Name+" end"
	block := begin + "\nexport " + b.Variable + "='" + strings.ReplaceAll(string(raw), "'", `'\''`) + "'\n" + end + "\n"
	var before, after []byte
	begins, ends := 0, 0
	for line := range bytes.Lines(text) {
		switch strings.TrimRight(string(line), "\r\n") {
		case begin:
			begins++
			continue
		case end:
			ends++
			continue
		}
		switch {
		case begins == 0:
			before = append(before, line...)
		case ends > 0:
			after = append(after, line...)
		}
	}
	if begins != ends || begins > 1 {
		return nil, b.refuse("its lines \"" + begin + "\" and \"" + end + "\" are not one pair; mend that by hand")
	}
	if len(before) > 0 && before[len(before)-1] != '\n' {
		before = append(before, '\n')
	}
	return append(append(before, block...), after...), nil
}

// replace puts a new file in the place of the old one. A crash before the
// rename leaves a file beside it that only its owner can read.
func (b Block) replace(root *os.Root, text []byte, before fs.FileInfo) error {
	name, temp := filepath.Base(b.Path), ".pawl-"+rand.Text()
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return b.refuse("its folder cannot be written")
	}
	defer root.Remove(temp) // nothing is there any more once it was renamed
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return b.refuse("it cannot be written")
	}
	now, err := root.Lstat(name)
	switch {
	case before == nil && !errors.Is(err, fs.ErrNotExist),
		before != nil && (err != nil || !os.SameFile(before, now) || !before.ModTime().Equal(now.ModTime()) || before.Size() != now.Size()):
		return b.refuse("it changed meanwhile; nothing was written")
	}
	if err := root.Rename(temp, name); err != nil {
		return b.refuse("it cannot be replaced")
	}
	if dir, err := root.Open("."); err == nil {
		dir.Sync()
		dir.Close()
	}
	return nil
}
