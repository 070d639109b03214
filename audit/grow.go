package audit

import (
	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
)

// Growth is what has to be stored to append events to a log.
type Growth struct {
	First   int64       // index of Records[0]
	Records [][]byte    // to be stored as they are
	Hash0   int64       // stored hash index of Hashes[0]
	Hashes  []tlog.Hash // to be stored from there on, in order
}

// Size returns the number of records in the log once the growth is stored.
func (g Growth) Size() int64 { return g.First + int64(len(g.Records)) }

// Grow numbers events as the next records of a log that has size records and
// whose stored hashes (see [tlog.StoredHashIndex]) are read from old. It stores
// nothing. An event that cannot be encoded is [pawl.Invalid].
func Grow(install string, size int64, old tlog.HashReader, events []Event) (Growth, error) {
	g := Growth{First: size, Hash0: tlog.StoredHashCount(size)}
	for _, e := range events {
		line, err := e.Encode(install, g.Size())
		if err != nil {
			return Growth{}, err
		}
		hashes, err := tlog.StoredHashes(g.Size(), line, g.Over(old))
		if err != nil {
			return Growth{}, &pawl.Error{Op: "audit.Grow", Kind: pawl.Unavailable, Err: err}
		}
		g.Records = append(g.Records, line)
		g.Hashes = append(g.Hashes, hashes...)
	}
	return g, nil
}

// Over returns a reader of the hashes of the grown log: new ones from g, those
// before from old.
func (g Growth) Over(old tlog.HashReader) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		var missing, at []int64
		for i, index := range indexes {
			if index >= g.Hash0 {
				hashes[i] = g.Hashes[index-g.Hash0]
			} else {
				missing, at = append(missing, index), append(at, int64(i))
			}
		}
		if len(missing) == 0 {
			return hashes, nil
		}
		found, err := old.ReadHashes(missing)
		if err != nil {
			return nil, err
		}
		for i, h := range found {
			hashes[at[i]] = h
		}
		return hashes, nil
	})
}

// Head signs the tree that has size records and these stored hashes.
func (s *Signer) Head(size int64, hashes tlog.HashReader) ([]byte, error) {
	root, err := tlog.TreeHash(size, hashes)
	if err != nil {
		return nil, &pawl.Error{Op: "audit.Head", Kind: pawl.Unavailable, Err: err}
	}
	return s.Sign(tlog.Tree{N: size, Hash: root})
}
