// Package webhook posts notes to an address of somebody's choice, signed so
// that the receiver can tell that they are ours, that nobody changed them, and
// that they are not played back later.
//
// Format: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/notify"
)

// Config says where notes go. URL and Secret are required.
type Config struct {
	URL      string
	Secret   pawl.Secret      // whsec_ and base64, as the specification has it
	Networks []netip.Prefix   // that are not public, and may be reached
	Now      func() time.Time // nil: time.Now
}

// A Sender is a [notify.Sender].
type Sender struct {
	cfg  Config
	key  []byte
	http *http.Client
}

var (
	_ notify.Sender = (*Sender)(nil)
	_ notify.Ender  = (*Sender)(nil)
)

// New returns a sender. A secret of another form is [pawl.Denied].
func New(cfg Config) (*Sender, error) {
	text := strings.TrimSpace(string(cfg.Secret.Reveal()))
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, &pawl.Error{Op: "webhook", Kind: pawl.Denied, Err: errors.New("the secret is not one: want whsec_ and 24 to 64 bytes in base64"),
			Hint: `make one: echo whsec_$(head -c 32 /dev/urandom | base64)`}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Sender{cfg: cfg, key: key, http: newClient(cfg.Networks)}, nil
}

// A Body is what is posted.
type Body struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      Data      `json:"data"`
}

// Data is a note as receivers see it.
type Data struct {
	Credential string `json:"credential"`
	Rotation   string `json:"rotation,omitempty"`
	Title      string `json:"title"`
	Text       string `json:"text,omitempty"`
	Next       string `json:"next,omitempty"`
	Link       string `json:"link,omitempty"`
	How        string `json:"how,omitempty"` // how something came out that is over
}

// types are the names of occasions in events, and of their end.
var types = map[string][2]string{
	"due": {"rotation.due", ""}, "overdue": {"rotation.overdue", "rotation.overdue.over"}, "task": {"rotation.task", "rotation.task.over"},
	"waiting": {"run.waiting", "run.waiting.over"}, "approval": {"approval.requested", "approval.decided"},
	"break-glass": {"run.glass_broken", ""}, "failed": {"run.failed", ""}, "completed": {"run.completed", ""}, "test": {"test", ""},
}

// Tell implements [notify.Sender].
func (s *Sender) Tell(ctx context.Context, n notify.Note) (string, error) {
	return "", s.post(ctx, n.ID, types[n.Occasion][0], n, "")
}

// Over implements [notify.Ender].
func (s *Sender) Over(ctx context.Context, n notify.Note, _, how string) error {
	return s.post(ctx, n.ID+"/over", types[n.Occasion][1], n, how)
}

func (s *Sender) post(ctx context.Context, id, kind string, n notify.Note, how string) error {
	body, err := json.Marshal(Body{kind, n.At.UTC(), Data{n.Credential, n.Rotation, n.Title, n.Text, n.Next, n.Link, how}})
	if err != nil {
		return failed(pawl.Invalid, "it cannot be written")
	}
	id = "msg_" + id
	at := strconv.FormatInt(s.cfg.Now().Unix(), 10)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return failed(pawl.Invalid, "the URL is not one")
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "User-Agent": "pawl", "webhook-id": id, "webhook-timestamp": at,
		"webhook-signature": "v1," + Sign(s.key, id, at, body)} {
		req.Header.Set(name, value)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return classify(err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	switch {
	case resp.StatusCode/100 == 2:
		return nil
	case resp.StatusCode == http.StatusGone:
		return failed(pawl.Invalid, "410: the receiver does not want it any more")
	}
	return failed(pawl.Unavailable, fmt.Sprintf("status %d", resp.StatusCode))
}

// Sign returns the signature of a message, in base64.
func Sign(key []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, timestamp)
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// classify says what went wrong without the URL, which may have a secret.
func classify(err error) error {
	if refused, ok := errors.AsType[*refusedError](err); ok {
		return &pawl.Error{Op: "webhook", Kind: pawl.Unavailable, Err: refused, Hint: "add the network to networks: in notify.yaml, if it is meant"}
	}
	return failed(pawl.Unavailable, "no answer")
}

func failed(kind pawl.Kind, text string) error {
	return &pawl.Error{Op: "webhook", Kind: kind, Err: errors.New(text)}
}
