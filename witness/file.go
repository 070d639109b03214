package witness

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A file has the newest checkpoint, and no other.
type file struct {
	name, path string
	now        func() time.Time
}

func (f *file) Name() string { return f.name }

func (f *file) Kept(context.Context, string) ([]byte, error) {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return text, nil
}

// Show replaces the file, whole or not at all.
func (f *file) Show(ctx context.Context, log Log) (Seen, error) {
	kept, err := f.Kept(ctx, "")
	if err != nil {
		return Seen{}, err
	}
	head, err := consistent(kept, log)
	if err != nil {
		return Seen{}, err
	}
	seen := Seen{head.Tree.N, f.now()}
	if string(kept) == string(log.Checkpoint) {
		return seen, nil
	}
	return seen, replace(f.path, log.Checkpoint)
}

func replace(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".checkpoint-*")
	if err != nil {
		return unavailable(err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return unavailable(err)
	}
	return nil
}
