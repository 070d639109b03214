package witness

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// A remote is a witness by C2SP tlog-witness. It is told which checkpoint it is
// believed to have, gets a proof that the new one continues it, and answers with
// a cosignature (https://c2sp.org/tlog-cosignature).
type remote struct {
	name   string
	url    string
	key    ed25519.PublicKey
	of     string // the witness's own name
	id     [4]byte
	client *http.Client
	now    func() time.Time
	size   int64 // that it is believed to have
}

const cosignatureV1 = 4 // the type of such a key

func parseRemote(name string, o Options) (*remote, error) {
	u, err := url.Parse(name)
	bad := func(why string) (*remote, error) {
		return nil, &pawl.Error{Op: "witness", Kind: pawl.Invalid, Err: errors.New(why), Hint: "want https://HOST/…#KEY, the key being the witness's: NAME+HASH+BASE64"}
	}
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "":
		return bad("not the address of a witness")
	case u.Scheme == "http" && u.Hostname() != "127.0.0.1" && u.Hostname() != "localhost" && u.Hostname() != "::1":
		return bad("plain http to another machine")
	}
	r := &remote{client: o.Client, now: o.Now}
	parts := strings.SplitN(u.Fragment, "+", 3)
	if len(parts) != 3 {
		return bad("no key of the witness")
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != cosignatureV1 {
		return bad("not a key for cosignatures (type 4)")
	}
	r.of, r.key = parts[0], raw[1:]
	r.id = keyID(r.of, raw)
	if parts[1] != fmt.Sprintf("%x", r.id) {
		return bad("the key's hash is not that of the key")
	}
	u.Fragment = ""
	r.name = u.String()
	r.url = strings.TrimRight(r.name, "/") + "/add-checkpoint"
	return r, nil
}

// keyID is the hash in a key's text and before each of its signatures
// (https://c2sp.org/signed-note).
func keyID(name string, key []byte) (id [4]byte) {
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	copy(id[:], sum[:])
	return id
}

func (r *remote) Name() string { return r.name }

func (r *remote) Kept(context.Context, string) ([]byte, error) { return nil, errors.ErrUnsupported }

// Show asks for a cosignature. A witness that is further, or less far, than it
// was believed to be says so, and is asked once more.
func (r *remote) Show(ctx context.Context, log Log) (Seen, error) {
	head, err := audit.ParseCheckpoint(log.Checkpoint, log.Key)
	if err != nil {
		return Seen{}, err
	}
	for range 2 {
		if r.size > head.Tree.N {
			return Seen{}, setBack(fmt.Sprintf("it has seen %d records, and the log has %d", r.size, head.Tree.N))
		}
		body, err := r.request(head.Tree, log)
		if err != nil {
			return Seen{}, err
		}
		status, answer, err := r.post(ctx, body)
		switch {
		case err != nil:
			return Seen{}, err
		case status == http.StatusConflict:
			if r.size, err = strconv.ParseInt(strings.TrimSpace(answer), 10, 64); err != nil || r.size < 0 {
				return Seen{}, unavailable(errors.New("the witness's answer is not one"))
			}
			continue
		case status == http.StatusUnprocessableEntity:
			return Seen{}, setBack(fmt.Sprintf("the log does not continue the %d records that it saw", r.size))
		case status != http.StatusOK:
			return Seen{}, unavailable(fmt.Errorf("the witness answers %d", status))
		}
		at, err := r.cosigned(log.Checkpoint, answer)
		if err != nil {
			return Seen{}, err
		}
		r.size = head.Tree.N
		return Seen{head.Tree.N, at}, nil
	}
	return Seen{}, unavailable(errors.New("the witness does not know how much it has seen"))
}

// request is old size, proof, an empty line, and the checkpoint.
func (r *remote) request(tree tlog.Tree, log Log) ([]byte, error) {
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", r.size)
	if 0 < r.size && r.size < tree.N {
		proof, err := tlog.ProveTree(tree.N, r.size, log.Hashes)
		if err != nil {
			return nil, unavailable(err)
		}
		for _, h := range proof {
			fmt.Fprintf(&body, "%s\n", h)
		}
	}
	body.WriteByte('\n')
	body.Write(log.Checkpoint)
	return body.Bytes(), nil
}

func (r *remote) post(ctx context.Context, body []byte) (int, string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(body))
	if err != nil {
		return 0, "", unavailable(err)
	}
	res, err := r.client.Do(req)
	if err != nil {
		return 0, "", unavailable(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 16<<10))
	if err != nil {
		return 0, "", unavailable(err)
	}
	return res.StatusCode, string(text), nil
}

// cosigned looks for the witness's signature among the lines of an answer, and
// returns the time that it is of.
func (r *remote) cosigned(checkpoint []byte, answer string) (time.Time, error) {
	text, _, ok := bytes.Cut(checkpoint, []byte("\n\n"))
	if !ok {
		return time.Time{}, unavailable(errors.New("not a checkpoint"))
	}
	for line := range strings.Lines(answer) {
		rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "— "+r.of+" ")
		if !ok {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(rest)
		if err != nil || len(raw) != 4+8+ed25519.SignatureSize || [4]byte(raw[:4]) != r.id {
			continue
		}
		at := binary.BigEndian.Uint64(raw[4:12])
		if ed25519.Verify(r.key, cosignedText(at, text), raw[12:]) {
			return time.Unix(int64(at), 0).UTC(), nil
		}
	}
	return time.Time{}, &pawl.Error{Op: "witness", Kind: pawl.Mismatch, Err: errors.New("its answer has no cosignature of its key"), Hint: "compare the key that it publishes with the one after #"}
}

// cosignedText is what a witness signs: the time, and the checkpoint's text.
func cosignedText(at uint64, text []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s\n", at, text)
}
