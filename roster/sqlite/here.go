package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"

	"github.com/pawl-dev/pawl"
)

// parts are the files that are open. Without its -wal, or with another one, a
// process does not see what others change.
var parts = []string{"", "-wal", "-shm"}

// hold opens a connection that stays, and remembers which files are open by it.
// There is what was at the path before.
func (r *Roster) hold(ctx context.Context, there fs.FileInfo) (err error) {
	if r.held, err = r.read.Conn(ctx); err != nil {
		return failure(opening, err, false)
	}
	if _, err := row(ctx, r.held, opening, "edition", scanEdition, "edition"); err != nil { // it opens the -wal
		return err
	}
	var files []fs.FileInfo
	for _, part := range parts {
		info, err := os.Lstat(r.path + part)
		if err != nil {
			return wrap(pawl.Unavailable, err, "try again")
		}
		files = append(files, info)
	}
	if !os.SameFile(there, files[0]) {
		return wrap(pawl.Unavailable, errors.New("team.db was replaced while it was opened"), "try again")
	}
	r.files = files
	return nil
}

// here reports why the file that is open is not to be used any more, or nil. That
// it was gone once is enough, also if it is put back: a connection that was made
// meanwhile has the other one. It never opens the file: to close it would end
// SQLite's locks.
func (r *Roster) here() error {
	if r.gone.Load() {
		return replaced()
	}
	for i, is := range r.files {
		part := parts[i]
		info, err := os.Lstat(r.path + part)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return &pawl.Error{Op: using, Kind: pawl.Unavailable, Err: err}
		case err != nil, !os.SameFile(info, is), part == "" && info.Size() == 0:
			r.gone.Store(true)
			return replaced()
		}
	}
	return nil
}

const using = "reading team.db"

func replaced() error {
	return &pawl.Error{Op: using, Kind: pawl.Unavailable, Err: errors.New("team.db, or its -wal, was replaced, removed or emptied while it was in use, so that nobody is let in by it"),
		Hint: "put the newest team.db back if it is not there, and restart pawl serve"}
}

// A source is connections that read, for as long as the file is the one at its
// path.
type source struct {
	*sql.DB
	r *Roster
}

// QueryContext is that of [sql.DB].
func (s source) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := s.r.here(); err != nil {
		return nil, err
	}
	return s.DB.QueryContext(ctx, query, args...)
}
