package journal

import (
	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// Which says which rotations are wanted. What is empty does not narrow.
type Which struct {
	Credential string          // of this one
	Text       string          // of those that have it in their name
	Open       bool            // only those that are not finished
	Before     pawl.RotationID // begun before this one; one that there never was finds nothing
	Most       int
}

// About says which records of the audit log are wanted. What is empty does not
// narrow.
type About struct {
	Credential string
	Rotation   pawl.RotationID
	Person     string // the actor's id
	Action     audit.Action
}

// Matches reports whether a record is one of them.
func (a About) Matches(e audit.Event) bool {
	return (a.Credential == "" || a.Credential == e.Target.Credential) &&
		(a.Rotation == pawl.RotationID{} || a.Rotation == e.Context.Rotation) &&
		(a.Person == "" || a.Person == e.Actor.ID) &&
		(a.Action == "" || a.Action == e.Action)
}

// A Page is a part of the audit log, newest first.
type Page struct {
	Records []audit.Record
	Lines   [][]byte // as they were signed, one for each of Records
	Size    int64    // of the whole log

	// Next is where the next page begins: it is asked for as before. It is 0
	// when nothing older can match. A page may be short, even empty, and have a
	// Next: only so much is looked through at a time.
	Next int64
}

// Newest is the before of the first page.
const Newest int64 = -1

// Searched bounds how many records are looked at for one page.
const Searched = 2000
