package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pawl-dev/pawl/roster"
)

func scanEdition(from *sql.Rows) (e roster.Edition, err error) {
	return e, from.Scan(&e.ID, &e.Number)
}

// Edition implements [roster.Roster].
func (r *Roster) Edition(ctx context.Context) (roster.Edition, error) {
	return row(ctx, r.read, "roster.Edition", "edition", scanEdition, "edition")
}

// Renew implements [roster.Roster].
func (r *Roster) Renew(ctx context.Context) (e roster.Edition, err error) {
	err = r.change(ctx, "roster.Renew", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, statement("edition_renew"), roster.NewEditionID()); err != nil {
			return err
		}
		e, err = row(ctx, tx, "roster.Renew", "edition", scanEdition, "edition")
		return err
	})
	return e, err
}

func grow(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, statement("edition_grow"))
	return err
}

// growFor is grow for a code that is somebody's.
func growFor(ctx context.Context, tx *sql.Tx, c roster.Code) error {
	if c.Person == "" {
		return nil
	}
	return grow(ctx, tx)
}

// Look says which edition a file is of, and changes nothing. One that an older
// pawl has written has no id yet; its number is how much there is in it. A file
// that is not there is [pawl.NotFound]; one that is empty, or damaged, [pawl.Invalid].
func Look(ctx context.Context, path string) (roster.Edition, error) {
	none := roster.Edition{}
	path, err := filepath.Abs(path)
	if err != nil {
		return none, failure(opening, err, false)
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return none, roster.NotFound("team.db")
	case err == nil && info.Mode().IsRegular() && info.Size() == 0:
		return none, emptied()
	}
	db, err := pool(path, "ro", 1, "query_only(1)")
	if err != nil {
		return none, err
	}
	defer db.Close()
	at, err := (&Roster{write: db}).format(ctx)
	switch {
	case err != nil:
		return none, err
	case at > len(migrationNames()):
		return none, newer(at)
	case at == 0:
		return none, emptied()
	case at < numbered:
		return row(ctx, db, "roster.Edition", "edition", scanEdition, "edition_none")
	}
	return row(ctx, db, "roster.Edition", "edition", scanEdition, "edition")
}

// numbered is the format that editions came with.
const numbered = 2
