package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// Is reports whether a file begins as a pack or a page does.
func Is(text []byte) bool {
	return bytes.HasPrefix(text, []byte(`{"pawl_evidence":`)) || bytes.HasPrefix(text, []byte(pageStart))
}

// Verify shows, with the public key alone, that a pack or a page is what the
// installation made, and that each of its records is in the log that its
// checkpoint was signed for. What was changed, left out, added or moved is
// [pawl.Conflict] and an [*audit.TamperError]; what is no pack is [pawl.Invalid].
func Verify(text []byte, key string) (*Pack, error) {
	if bytes.HasPrefix(text, []byte(pageStart)) {
		inner, err := unwrap(text, key)
		if err != nil {
			return nil, err
		}
		text = inner
	}
	lines, err := split(text)
	if err != nil {
		return nil, err
	}
	p := &Pack{text: text}
	if err := json.Unmarshal(lines[0], &p.Header); err != nil || p.Header.Format != format {
		return nil, bad("its first line is not that of a pack")
	}
	if strings.TrimSpace(key) != p.Header.Key {
		return nil, tampered(-1, "it is not of the installation whose key this is")
	}
	last := lines[len(lines)-1]
	var s sealed
	if err := strict(last, &s); err != nil {
		return nil, bad("its last line is not a seal")
	}
	if err := audit.CheckAttested([]byte(s.Seal), key, "evidence", text[:len(text)-len(last)-1]); err != nil {
		return nil, err
	}
	var r reported
	if err := json.Unmarshal(lines[len(lines)-2], &r); err != nil {
		return nil, bad("it has no report")
	}
	p.Report = r.Report
	return p, p.prove(lines[1:len(lines)-2], key)
}

// split returns the lines, of which there are at least three.
func split(text []byte) ([][]byte, error) {
	body, ok := bytes.CutSuffix(text, []byte("\n"))
	lines := bytes.Split(body, []byte("\n"))
	if !ok || len(lines) < 3 {
		return nil, bad("it is cut off, or no pack")
	}
	return lines, nil
}

// prove holds each record against the checkpoint.
func (p *Pack) prove(lines [][]byte, key string) error {
	head, err := audit.ParseCheckpoint([]byte(p.Header.Checkpoint), key)
	if err != nil {
		return err
	}
	if head.Install != p.Header.Install || len(lines) != p.Header.Records {
		return tampered(-1, "its first line does not fit the rest")
	}
	before := int64(-1)
	for _, line := range lines {
		e, err := entry(line)
		if err != nil {
			return err
		}
		rec := e.Record
		switch {
		case rec.Index <= before:
			return tampered(rec.Index, "it is not in order")
		case rec.Install != head.Install:
			return tampered(rec.Index, "it is from another installation's log")
		case tlog.CheckRecord(e.Proof, head.Tree.N, head.Tree.Hash, rec.Index, tlog.RecordHash(e.Line)) != nil:
			return tampered(rec.Index, "it is not in the log that the checkpoint was signed for")
		}
		before = rec.Index
		p.Entries = append(p.Entries, e)
	}
	return nil
}

// entry reads a line that is written in no other way than line does.
func entry(line []byte) (Entry, error) {
	var raw struct {
		Index  int64           `json:"index"`
		Proof  []string        `json:"proof"`
		Record json.RawMessage `json:"record"`
	}
	if err := json.Unmarshal(line, &raw); err != nil {
		return Entry{}, bad("a line of it is not a record")
	}
	e := Entry{Line: raw.Record}
	var err error
	if e.Record, err = audit.Decode(raw.Record); err != nil {
		return Entry{}, bad("a line of it is not a record")
	}
	for _, text := range raw.Proof {
		h, err := tlog.ParseHash(text)
		if err != nil {
			return Entry{}, bad("a proof is not one")
		}
		e.Proof = append(e.Proof, h)
	}
	again, err := e.line()
	if err != nil || raw.Index != e.Record.Index || !bytes.Equal(again, line) {
		return Entry{}, tampered(raw.Index, "its line was changed")
	}
	return e, nil
}

// strict reads what json.Marshal wrote, and nothing that means the same: no
// signature is over the seal itself.
func strict(line []byte, into any) error {
	if err := json.Unmarshal(line, into); err != nil {
		return err
	}
	if again, err := json.Marshal(into); err != nil || !bytes.Equal(again, line) {
		return errors.New("not as it was written")
	}
	return nil
}

func bad(why string) error {
	return &pawl.Error{Op: "evidence.Verify", Kind: pawl.Invalid, Err: errors.New("not evidence: " + why),
		Hint: "a pack is what `pawl audit export --from … --to …` wrote, letter for letter"}
}

func tampered(at int64, why string) error {
	return &pawl.Error{Op: "evidence.Verify", Kind: pawl.Conflict, Err: &audit.TamperError{Index: at, Reason: why},
		Hint: "the file, or the key, is not the original: ask for the file again, and for the key by another way"}
}
