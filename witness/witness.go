package witness

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// A Witness is another place. It is used by one goroutine at a time.
type Witness interface {
	// Name is how it was named, without a key.
	Name() string

	// Kept returns the newest checkpoint that it has of an installation's log,
	// nil if it has none, and [errors.ErrUnsupported] if it does not hand them
	// out.
	Kept(ctx context.Context, install string) ([]byte, error)

	// Show lets it see the log as it is now. That it has seen another log, or
	// more of this one, is [pawl.Conflict].
	Show(ctx context.Context, log Log) (Seen, error)
}

// A Log is what a witness is shown of one.
type Log struct {
	Checkpoint []byte
	Key        string          // verifies it
	Hashes     tlog.HashReader // of its tree
}

// Seen is what a witness vouches for.
type Seen struct {
	Size int64
	At   time.Time
}

// Options are what witnesses work with.
type Options struct {
	Client *http.Client
	Now    func() time.Time
	Env    []string // of git: PATH and HOME
}

// Parse returns the witness of such a name.
func Parse(name string, o Options) (Witness, error) {
	if path, ok := strings.CutPrefix(name, "file:"); ok && path != "" {
		return &file{name, path, o.Now}, nil
	}
	if dir, ok := strings.CutPrefix(name, "git:"); ok && dir != "" {
		return &git{name, dir, o.Env, o.Now}, nil
	}
	if strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://") {
		return parseRemote(name, o)
	}
	return nil, &pawl.Error{Op: "witness", Kind: pawl.Invalid, Err: errors.New("not a witness"), Hint: "want file:PATH, git:DIR or https://HOST#KEY"}
}

// consistent compares a checkpoint that was kept with a log that is to follow
// it.
func consistent(kept []byte, log Log) (head audit.Checkpoint, err error) {
	if head, err = audit.ParseCheckpoint(log.Checkpoint, log.Key); err != nil || len(kept) == 0 {
		return head, err
	}
	seen, err := audit.ParseCheckpoint(kept, log.Key)
	switch {
	case err != nil:
		return head, setBack("it has a checkpoint that the key of this log did not sign")
	case seen.Tree.N > head.Tree.N:
		return head, setBack(fmt.Sprintf("it has seen %d records, and the log has %d", seen.Tree.N, head.Tree.N))
	}
	root, err := tlog.TreeHash(seen.Tree.N, log.Hashes)
	if err != nil {
		return head, &pawl.Error{Op: "witness", Kind: pawl.Unavailable, Err: err}
	}
	if root != seen.Tree.Hash {
		return head, setBack(fmt.Sprintf("the first %d records are not those that it saw", seen.Tree.N))
	}
	return head, nil
}

func setBack(why string) error {
	return &pawl.Error{Op: "witness", Kind: pawl.Conflict, Err: errors.New(why),
		Hint: "the log was set back or replaced, or this is the witness of another one: keep a copy of the state folder as it is, and compare"}
}

func unavailable(err error) error {
	return &pawl.Error{Op: "witness", Kind: pawl.Unavailable, Err: err}
}
