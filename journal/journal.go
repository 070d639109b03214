// Package journal keeps what happened: the events of every rotation, the
// sealed values that are needed to go on or back, and the audit log, all in
// one place so that one transaction covers them.
//
// The protocol: an intent is appended before its effect, an outcome after it,
// each by compare-and-swap on the rotation's revision. What was appended is
// durable when Append returns. Recovery is nothing special: load, fold, go on.
package journal

import (
	"context"
	"fmt"
	"iter"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// A Batch is what is written together or not at all.
type Batch struct {
	Events []pawl.Event
	Seal   []Sealed      // put, replacing one of the same name
	Wipe   bool          // delete all sealed values of the rotation, those of this batch too
	Audit  []audit.Event // appended to the audit log, which numbers them
	Close  pawl.Outcome  // not empty: the rotation ends with this batch
}

// Sealed is an encrypted value. The journal cannot open it.
type Sealed struct {
	Name       string // "old", "new/1", "prior/api-prod"
	Ciphertext []byte
}

// A Run is one rotation as the journal has it.
type Run struct {
	ID       pawl.RotationID
	Revision int64        // 1 after Begin; one more with each append
	Epoch    int64        // 0 until the first claim; grows with each
	Outcome  pawl.Outcome // empty while it is open
	Created  time.Time
	Updated  time.Time
	Events   []pawl.Event // from Begin, Claim, Load, Latest and Recent; List, Runs and Tips leave them out
}

// At is where an append believes the rotation to be.
type At struct {
	Revision int64
	Epoch    int64 // the driver's claim; 0 for a signal from somebody who does not drive
}

// A Journal is safe for concurrent use, by several processes where the
// implementation is shared.
//
// Created and Updated are kept to the millisecond, in UTC.
//
// Errors are [*pawl.Error]. [pawl.Conflict] means that somebody else was first
// and nothing was written: load again. [pawl.Unknown] means that the write may
// or may not have happened: load again and look for it. [pawl.Unavailable]
// means that nothing was written, and why (a full disk, a read-only directory).
type Journal interface {
	// Install returns the id of this installation, made when the journal was.
	Install() string

	// Begin opens the next rotation of a credential, numbered from 1, with its
	// first events. While another one is open the error is [pawl.Conflict] and
	// holds an [*OpenError]. The batch is made by first, which is told the
	// rotation's id; it may be called again with another id if somebody else
	// was faster, so it must have no effect. Its error is returned as it is.
	Begin(ctx context.Context, credential string, first func(pawl.RotationID) (Batch, error)) (Run, error)

	// Claim makes the caller the rotation's driver: it raises the epoch, so
	// that appends of every earlier driver are refused from now on. One that is
	// closed is Conflict.
	Claim(ctx context.Context, id pawl.RotationID) (Run, error)

	// Append adds a batch if the rotation is still open and where at says: the
	// revision equal, and the epoch equal unless it is 0. It returns the new
	// revision. Otherwise it is Conflict, and nothing of the batch, audit
	// records included, is written.
	Append(ctx context.Context, id pawl.RotationID, at At, b Batch) (int64, error)

	// Load returns a rotation with its events. No such rotation is NotFound.
	Load(ctx context.Context, id pawl.RotationID) (Run, error)

	// Latest returns the newest rotation of a credential, with its events. None
	// is NotFound.
	Latest(ctx context.Context, credential string) (Run, error)

	// Recent returns the newest rotations of a credential with their events,
	// newest first, and at most so many. None is no error. It is as fast with
	// a hundred thousand older ones as without.
	Recent(ctx context.Context, credential string, most int) ([]Run, error)

	// List returns rotations without events, oldest first; only the open ones
	// if open is set.
	List(ctx context.Context, open bool) ([]Run, error)

	// Runs returns rotations without events, newest first. A page is as fast
	// with a hundred thousand older ones as without.
	Runs(ctx context.Context, which Which) ([]Run, error)

	// Tips returns, without events and oldest first, the newest rotation of
	// each credential and outcome: what there is to know of how credentials
	// stand, without all that was.
	Tips(ctx context.Context) ([]Run, error)

	// Position returns where a rotation is now; cheap enough to poll, and to ask
	// before each effect whether the caller still drives it.
	Position(ctx context.Context, id pawl.RotationID) (At, error)

	// Sealed returns a sealed value. None is NotFound.
	Sealed(ctx context.Context, id pawl.RotationID, name string) ([]byte, error)

	// Record appends audit events that belong to no rotation.
	Record(ctx context.Context, events ...audit.Event) error

	// Audit returns the audit log as it is now: its signed checkpoint and its
	// records in order. What is appended while they are read is not among
	// them.
	Audit(ctx context.Context) (checkpoint []byte, records iter.Seq2[[]byte, error], err error)

	// AuditPage returns records with a lower number than before, newest first,
	// at most so many, that are about this. It is as fast in a log of millions
	// as in a short one.
	AuditPage(ctx context.Context, about About, before int64, most int) (Page, error)

	// AuditRange returns the records from one number up to, but not including,
	// another; those that are not there are left out.
	AuditRange(ctx context.Context, from, to int64) iter.Seq2[[]byte, error]

	// AuditHashes reads the stored hashes of the audit log's tree, numbered by
	// [tlog.StoredHashIndex]: what it takes to prove that a record is in it.
	AuditHashes(ctx context.Context) tlog.HashReader

	// Meta returns a small named value (the wrapped keyset), or nil.
	Meta(ctx context.Context, name string) ([]byte, error)

	// SetMeta stores it if there is none of that name yet, and returns the one
	// that is there then.
	SetMeta(ctx context.Context, name string, value []byte) ([]byte, error)

	Close() error
}

// An OpenError says that a credential has an unfinished rotation.
type OpenError struct{ ID pawl.RotationID }

func (e *OpenError) Error() string { return fmt.Sprintf("%v is not finished", e.ID) }
