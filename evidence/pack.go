package evidence

import (
	"bytes"
	"encoding/json"
	"iter"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// Input is what a pack is made of. All but Credential, From, To and Every is
// required.
type Input struct {
	Signer     *audit.Signer
	Checkpoint []byte
	Records    iter.Seq2[[]byte, error] // the whole log; it is read twice
	Hashes     tlog.HashReader          // of its tree
	Made       time.Time
	By         pawl.Actor

	From, To   time.Time // what happened from then on, and before then; zero: without a bound
	Credential string    // only what is about this one

	// Every is how often each credential is to be rotated, to tell what was
	// late. What is not in it has no schedule.
	Every map[string]time.Duration
}

// A Pack is evidence that can be handed to somebody.
type Pack struct {
	Header  Header
	Entries []Entry
	Report  Report

	text []byte
}

// Header is whose pack it is, and of what.
type Header struct {
	Format     int        `json:"pawl_evidence"`
	Install    string     `json:"install"`
	Key        string     `json:"key"`
	Checkpoint string     `json:"checkpoint"`
	Made       time.Time  `json:"made"`
	By         pawl.Actor `json:"by"`
	From       time.Time  `json:"from,omitzero"`
	To         time.Time  `json:"to,omitzero"`
	Credential string     `json:"credential,omitempty"`
	Records    int        `json:"records"`
}

const format = 1

// An Entry is a record with the proof that it is in the log.
type Entry struct {
	Record audit.Record
	Line   []byte // as it was signed
	Proof  tlog.RecordProof
}

// Build makes the pack. In it are the records of the time, and all others of the
// rotations that they are of, so that each rotation is there from its beginning
// to its end.
func Build(in Input) (*Pack, error) {
	head, err := audit.ParseCheckpoint(in.Checkpoint, in.Signer.Public())
	if err != nil {
		return nil, err
	}
	p := &Pack{Header: Header{Format: format, Install: in.Signer.Install(), Key: in.Signer.Public(), Checkpoint: string(in.Checkpoint),
		Made: in.Made.UTC().Truncate(time.Millisecond), By: in.By, From: utc(in.From), To: utc(in.To), Credential: in.Credential}}
	s, err := survey(in)
	if err != nil {
		return nil, err
	}
	hashes := remember(in.Hashes)
	for line, err := range in.Records {
		if err != nil {
			return nil, err
		}
		rec, err := audit.Decode(line)
		if err != nil {
			return nil, err
		}
		if !s.wanted(rec) {
			continue
		}
		proof, err := tlog.ProveRecord(head.Tree.N, rec.Index, hashes)
		if err != nil {
			return nil, &pawl.Error{Op: "evidence.Build", Kind: pawl.Unavailable, Err: err}
		}
		p.Entries = append(p.Entries, Entry{rec, bytes.Clone(line), proof})
	}
	p.Header.Records = len(p.Entries)
	p.Report = report(p.Header, p.Entries, s)
	return p, p.write(in.Signer)
}

// Text is the pack as it is handed on.
func (p *Pack) Text() []byte { return p.text }

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

// remember reads each hash once: the proofs of neighbours have most in common.
func remember(from tlog.HashReader) tlog.HashReader {
	known := map[int64]tlog.Hash{}
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var missing []int64
		for _, i := range indexes {
			if _, ok := known[i]; !ok {
				missing = append(missing, i)
			}
		}
		if len(missing) > 0 {
			found, err := from.ReadHashes(missing)
			if err != nil {
				return nil, err
			}
			for i, at := range missing {
				known[at] = found[i]
			}
		}
		out := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			out[i] = known[at]
		}
		return out, nil
	})
}

// line is an entry as it is in a pack. The record is not encoded again: it is
// signed as it is.
func (e Entry) line() ([]byte, error) {
	var proof []string
	for _, h := range e.Proof {
		proof = append(proof, h.String())
	}
	head, err := json.Marshal(struct {
		Index int64    `json:"index"`
		Proof []string `json:"proof"`
	}{e.Record.Index, append([]string{}, proof...)})
	if err != nil {
		return nil, &pawl.Error{Op: "evidence", Err: err}
	}
	out := append(head[:len(head)-1], `,"record":`...)
	return append(append(out, e.Line...), '}'), nil
}

func (p *Pack) write(signer *audit.Signer) error {
	var out bytes.Buffer
	put := func(v any) error {
		line, err := json.Marshal(v)
		if err != nil {
			return &pawl.Error{Op: "evidence", Err: err}
		}
		out.Write(append(line, '\n'))
		return nil
	}
	if err := put(p.Header); err != nil {
		return err
	}
	for _, e := range p.Entries {
		line, err := e.line()
		if err != nil {
			return err
		}
		out.Write(append(line, '\n'))
	}
	if err := put(reported{p.Report}); err != nil {
		return err
	}
	seal, err := signer.Attest("evidence", out.Bytes())
	if err != nil {
		return err
	}
	if err := put(sealed{string(seal)}); err != nil {
		return err
	}
	p.text = out.Bytes()
	return nil
}

type reported struct {
	Report Report `json:"report"`
}

type sealed struct {
	Seal string `json:"seal"`
}
