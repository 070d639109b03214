package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/pawl-dev/pawl"
)

// header is the first line of a bundle. The records follow, one a line, as
// they are in the log.
type header struct {
	Format     int    `json:"pawl_audit"`
	Install    string `json:"install"`
	Checkpoint string `json:"checkpoint"`
	Key        string `json:"key"`
}

const (
	bundleFormat = 1
	maxLine      = 16 << 20 // of a record in a bundle; a plan with a thousand consumers has a tenth of that
)

// Export writes a whole log as lines of JSON that [VerifyBundle] can check
// anywhere.
func Export(w io.Writer, key string, checkpoint []byte, records iter.Seq2[[]byte, error]) error {
	head, err := ParseCheckpoint(checkpoint, key)
	if err != nil {
		return err
	}
	first, err := json.Marshal(header{bundleFormat, head.Install, string(checkpoint), key})
	if err != nil {
		return &pawl.Error{Op: "audit.Export", Err: err}
	}
	out := bufio.NewWriter(w)
	out.Write(append(first, '\n')) // a bufio.Writer keeps its first error for Flush
	for line, err := range records {
		if err != nil {
			return err
		}
		out.Write(line)
		out.WriteByte('\n')
	}
	if err := out.Flush(); err != nil {
		return &pawl.Error{Op: "audit.Export", Kind: pawl.Unavailable, Err: err}
	}
	return nil
}

// VerifyBundle verifies an export with a public key that came by another way.
// The key inside of the bundle proves nothing: whoever forged the records
// would have put theirs there. An empty key is [pawl.Invalid].
func VerifyBundle(r io.Reader, key string) (Report, error) {
	if key == "" {
		return Report{}, &pawl.Error{Op: "audit.VerifyBundle", Kind: pawl.Invalid, Err: errors.New("no public key"),
			Hint: "give the public key of the installation; it must not come from the bundle itself"}
	}
	return verifyBundle(r, strings.TrimSpace(key), nil)
}

// VerifyBundleAgainst does what [VerifyBundle] does and shows besides, as
// [VerifyAgainst] does, that the log continues the one that witness was signed
// for.
func VerifyBundleAgainst(witness []byte, r io.Reader, key string) (Report, error) {
	if _, err := ParseCheckpoint(witness, key); err != nil {
		return Report{}, err
	}
	return verifyBundle(r, strings.TrimSpace(key), witness)
}

// VerifyBundleItself verifies an export with its own key. It shows that the
// bundle is whole, not whose it is.
func VerifyBundleItself(r io.Reader) (Report, error) { return verifyBundle(r, "", nil) }

func verifyBundle(r io.Reader, key string, witness []byte) (Report, error) {
	lines := bufio.NewReader(r)
	first, err := readLine(lines)
	if err != nil {
		return Report{}, badBundle(err)
	}
	var h header
	if err := json.Unmarshal(first, &h); err != nil || h.Format != bundleFormat {
		return Report{}, badBundle(errors.New("not an audit bundle"))
	}
	if again, err := json.Marshal(h); err != nil || !bytes.Equal(again, first) {
		return Report{}, tampered(-1, "the header of the bundle was changed")
	}
	if key == "" {
		key = h.Key
	}
	var report Report
	if witness == nil {
		report, err = Verify([]byte(h.Checkpoint), key, bundleRecords(lines))
	} else {
		report, err = VerifyAgainst(witness, []byte(h.Checkpoint), key, bundleRecords(lines))
	}
	if err == nil && (h.Install != report.Install || h.Key != key) {
		return Report{}, tampered(-1, "the header of the bundle names another installation or key")
	}
	return report, err
}

func badBundle(err error) error {
	return &pawl.Error{Op: "audit.VerifyBundle", Kind: pawl.Invalid, Err: err,
		Hint: "a bundle is what `pawl audit export` wrote"}
}

func bundleRecords(lines *bufio.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			line, err := readLine(lines)
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, badBundle(err))
				return
			}
			if !yield(line, nil) {
				return
			}
		}
	}
}

// readLine returns a line without its newline, which must be there. After the
// last one it is io.EOF.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, errors.New("a line is too long")
		case err == bufio.ErrBufferFull:
		case err == io.EOF && len(line) > 0:
			return nil, errors.New("the last line is cut off")
		case err != nil:
			return nil, err
		default:
			return line[:len(line)-1], nil
		}
	}
}
