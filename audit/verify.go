package audit

import (
	"fmt"
	"iter"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
)

// Report is what a verification came to.
type Report struct {
	Install   string
	Size      int64     // records that are shown to be genuine and in order
	Root      tlog.Hash // of those
	Last      time.Time // of the last record; zero for an empty log
	Part      bool      // of a log: each record is in it, and others are not shown
	Witnessed int64     // records that the witness vouches for too; only from VerifyAgainst
}

// A TamperError says that a log is not what was signed.
type TamperError struct {
	Index  int64 // the first record that disagrees; -1 if that cannot be told
	Reason string
}

func (e *TamperError) Error() string {
	if e.Index < 0 {
		return "audit log does not verify: " + e.Reason
	}
	return fmt.Sprintf("audit log does not verify: record %d: %s", e.Index, e.Reason)
}

func tampered(index int64, reason string) error {
	return &pawl.Error{Op: "audit.Verify", Kind: pawl.Conflict, Err: &TamperError{index, reason},
		Hint: "the log, its checkpoint, or the key is not the original: compare with an export or a backup"}
}

// Verify shows that records are exactly those that the checkpoint was signed
// for, with a public key in text form and nothing else. A record that was
// changed, dropped, moved, added or cut off is [pawl.Conflict] and a
// [*TamperError], which names the first record that disagrees if the records'
// own numbers tell. An empty log with its checkpoint verifies.
//
// An older log with its own older checkpoint verifies too: see [VerifyAgainst].
func Verify(checkpoint []byte, key string, records iter.Seq2[[]byte, error]) (Report, error) {
	return verify(checkpoint, nil, key, records)
}

// VerifyAgainst does what [Verify] does and shows besides that the log
// continues the one that witness, a checkpoint kept elsewhere, was signed for:
// nothing that was there then is gone or different.
func VerifyAgainst(witness, checkpoint []byte, key string, records iter.Seq2[[]byte, error]) (Report, error) {
	w, err := ParseCheckpoint(witness, key)
	if err != nil {
		return Report{}, err
	}
	return verify(checkpoint, &w.Tree, key, records)
}

func verify(checkpoint []byte, witness *tlog.Tree, key string, records iter.Seq2[[]byte, error]) (Report, error) {
	head, err := ParseCheckpoint(checkpoint, key)
	if err != nil {
		return Report{}, err
	}
	if witness != nil && witness.N > head.Tree.N {
		return Report{}, tampered(head.Tree.N, fmt.Sprintf("missing: the witness has seen %d records", witness.N))
	}
	c := checker{head: head, witness: witness}
	for line, err := range records {
		if err != nil {
			return Report{}, err
		}
		if err := c.add(line); err != nil {
			return Report{}, err
		}
	}
	return c.end()
}

// A checker hashes a log record by record.
type checker struct {
	head    Checkpoint
	witness *tlog.Tree
	tree    frontier
	last    time.Time
}

func (c *checker) add(line []byte) error {
	if err := c.meetWitness(); err != nil {
		return err
	}
	n := c.tree.size
	rec, err := Decode(line)
	switch {
	case n >= c.head.Tree.N:
		return tampered(n, fmt.Sprintf("added: the checkpoint is for %d records", c.head.Tree.N))
	case err != nil:
		return tampered(n, "not a record")
	case rec.Index != n:
		return tampered(n, fmt.Sprintf("it says that it is number %d", rec.Index))
	case rec.Install != c.head.Install:
		return tampered(n, "it is from another installation's log")
	}
	c.tree.add(tlog.RecordHash(line))
	c.last = rec.Time
	return nil
}

// meetWitness compares when the log is as long as the witness saw it.
func (c *checker) meetWitness() error {
	if c.witness != nil && c.tree.size == c.witness.N && c.tree.root() != c.witness.Hash {
		return tampered(-1, fmt.Sprintf("the first %d records are not those that the witness saw", c.witness.N))
	}
	return nil
}

func (c *checker) end() (Report, error) {
	if err := c.meetWitness(); err != nil {
		return Report{}, err
	}
	if c.tree.size < c.head.Tree.N {
		return Report{}, tampered(c.tree.size, fmt.Sprintf("missing: the checkpoint is for %d records", c.head.Tree.N))
	}
	if c.tree.root() != c.head.Tree.Hash {
		return Report{}, tampered(-1, "the records are not those that the checkpoint was signed for")
	}
	r := Report{Install: c.head.Install, Size: c.tree.size, Root: c.tree.root(), Last: c.last}
	if c.witness != nil {
		r.Witnessed = c.witness.N
	}
	return r, nil
}

// A frontier is the right edge of a Merkle tree: the roots of the full
// subtrees it is made of, largest first. One record more needs nothing else.
type frontier struct {
	size  int64
	roots []tlog.Hash
}

func (f *frontier) add(leaf tlog.Hash) {
	for n := f.size; n&1 == 1; n >>= 1 { // each 1 bit is a full subtree that leaf completes to the next size
		last := len(f.roots) - 1
		leaf = tlog.NodeHash(f.roots[last], leaf)
		f.roots = f.roots[:last]
	}
	f.roots = append(f.roots, leaf)
	f.size++
}

func (f *frontier) root() tlog.Hash {
	if f.size == 0 {
		empty, _ := tlog.TreeHash(0, nil) // never fails, never reads
		return empty
	}
	h := f.roots[len(f.roots)-1]
	for i := len(f.roots) - 2; i >= 0; i-- {
		h = tlog.NodeHash(f.roots[i], h)
	}
	return h
}
