package sqlite

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// witnessPath is where the newest checkpoint is kept beside the journal. It is
// written after each commit that moved the checkpoint, never before, so it is
// never ahead of the journal unless the journal was set back.
func witnessPath(path string) string {
	return filepath.Join(filepath.Dir(path), "audit.checkpoint")
}

// Witness returns the newest checkpoint that is kept beside the journal at
// path, to compare the audit log with, or nil if there is none.
func Witness(path string) ([]byte, error) { return readWitness(path) }

// readWitness returns nothing if there is none, or if a power loss left a file
// with nothing in it, which may have its length: it is not synced, being only a
// second opinion.
func readWitness(path string) ([]byte, error) {
	text, err := os.ReadFile(witnessPath(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, openFailure(err)
	}
	return bytes.Trim(text, "\x00"), nil
}

// keepWitness replaces the checkpoint beside the journal. Failures do not
// matter to what was committed: the old checkpoint stays, and it is right too.
func keepWitness(path string, checkpoint []byte) {
	f, err := os.CreateTemp(filepath.Dir(path), ".audit.checkpoint-*") // with mode 0600
	if err != nil {
		return
	}
	_, err = f.Write(checkpoint)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), witnessPath(path))
	}
	if err != nil {
		os.Remove(f.Name())
	}
}
