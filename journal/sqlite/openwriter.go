package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// openWriter opens the file for writing, brings it to the newest format, and
// looks whether it is whole and is the one it should be. Until that is known
// nothing is changed.
func openWriter(ctx context.Context, o Options) (*writer, error) {
	db, conn, err := o.sqlite().openSingle(ctx, o.Path)
	if err != nil {
		return nil, err
	}
	w := &writer{path: o.Path, signer: o.Signer, db: db, conn: conn, stmts: map[string]*sql.Stmt{},
		queue: make(chan *request), done: make(chan struct{})}
	w.commit = func() error { return w.exec("COMMIT") }
	if err := w.start(ctx, o); err != nil {
		return nil, errors.Join(err, conn.Close(), db.Close())
	}
	return w, nil
}

func (w *writer) start(ctx context.Context, o Options) error {
	version, err := o.sqlite().formatOf(ctx, w.conn)
	if err != nil {
		return err
	}
	if version > 0 && (small(o.Path) || unclean(o.Path)) {
		if err := quickCheck(ctx, w.conn); err != nil {
			return err
		}
	}
	if err := w.migrate(ctx, version, o); err != nil {
		return err
	}
	if err := o.sqlite().keepWAL(w.conn); err != nil {
		return openFailure(err)
	}
	if err := w.checkOwner(ctx); err != nil {
		return err
	}
	return w.checkLog(ctx, o.AcceptRollback)
}

// checkOwner compares the signer with the one the journal was made with.
func (w *writer) checkOwner(ctx context.Context) error {
	var install, public string
	if err := w.conn.QueryRowContext(ctx, sqlInstall).Scan(&install, &public); err != nil {
		return openFailure(err)
	}
	if install != w.signer.Install() || public != w.signer.Public() {
		return openError(pawl.Invalid, fmt.Errorf("the journal belongs to installation %s, the audit key to %s", install, w.signer.Install()),
			"restore the audit key that this journal was made with")
	}
	return nil
}

// checkLog compares the head of the audit log with the log, and both with the
// checkpoint that is kept beside the file.
func (w *writer) checkLog(ctx context.Context, acceptRollback bool) error {
	// Read before the head: another process may append in between, and then
	// the journal is the newer of the two, as it should be.
	witness, err := readWitness(w.path)
	if err != nil {
		return err
	}
	head, signedHead, err := w.head(ctx)
	if err != nil {
		return err
	}
	if acceptRollback {
		keepWitness(w.path, signedHead)
		return nil
	}
	if len(witness) == 0 {
		return nil
	}
	seen, err := audit.ParseCheckpoint(witness, w.signer.Public())
	if err != nil {
		return setBack("the checkpoint beside the journal is not one of this journal")
	}
	if seen.Tree.N > head.N {
		return setBack(fmt.Sprintf("the journal has %d audit records, but had %d already", head.N, seen.Tree.N))
	}
	root, err := tlog.TreeHash(seen.Tree.N, w.hashes())
	if err != nil {
		return openFailure(err)
	}
	if root != seen.Tree.Hash {
		return setBack("the journal's audit log is not the one that was checkpointed")
	}
	return nil
}

func setBack(why string) error {
	return openError(pawl.Conflict, errors.New(why),
		"the journal was restored from an older copy, or replaced: rotations made since then are unknown to it and credentials may be live that it does not know. "+
			"Put the newest copy back, or accept the older one and look for orphans")
}

// head returns the tree that the journal says its audit log is, and its signed
// form, after comparing it with what is stored.
func (w *writer) head(ctx context.Context) (tlog.Tree, []byte, error) {
	if err := w.exec("BEGIN"); err != nil {
		return tlog.Tree{}, nil, openFailure(err)
	}
	defer w.rollback()
	var size, count int64
	var checkpoint []byte
	if err := w.conn.QueryRowContext(ctx, sqlHead).Scan(&size, &checkpoint); err != nil {
		return tlog.Tree{}, nil, openFailure(err)
	}
	if err := w.conn.QueryRowContext(ctx, sqlRecordCount).Scan(&count); err != nil {
		return tlog.Tree{}, nil, openFailure(err)
	}
	signed, err := audit.ParseCheckpoint(checkpoint, w.signer.Public())
	if err != nil {
		return tlog.Tree{}, nil, damaged(errors.New("the head of the audit log is not signed by the audit key"))
	}
	root, err := tlog.TreeHash(size, w.hashes())
	if err != nil {
		return tlog.Tree{}, nil, damaged(errors.New("hashes of the audit log are missing"))
	}
	if count != size || signed.Tree != (tlog.Tree{N: size, Hash: root}) {
		return tlog.Tree{}, nil, damaged(errors.New("the audit log does not fit its signed head"))
	}
	return signed.Tree, checkpoint, nil
}
