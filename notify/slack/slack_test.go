package slack_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/notify"
	"github.com/pawl-dev/pawl/notify/slack"
	"github.com/pawl-dev/pawl/provider/slack/slacksim"
	"github.com/pawl-dev/pawl/provider/wire"
)

var (
	then     = time.Unix(1700000000, 0) // when the simulator's messages are written
	approval = notify.Note{ID: "wait/key/3/approval", Key: "wait/key/3/approval", Occasion: "approval", Stands: true, Credential: "key", Rotation: "key/3", At: then,
		Title: "key/3 waits for approval from <!channel>", Text: "Asked for by ana & co.", Next: "pawl approve key", Link: "https://pawl.acme.example/rotations/key/3",
		Approval: &notify.Approval{Digest: "sha256:1234", From: "security", By: "ana"}}
)

// A booth is a workspace with a sender in it, and what was decided there.
type booth struct {
	*slacksim.Sim
	*slack.Sender
	mu      sync.Mutex
	decided []slack.Click
	err     error
}

func open(t *testing.T, now time.Time, change func(*slack.Config)) *booth {
	t.Helper()
	b := &booth{Sim: slacksim.New(slacksim.Options{})}
	srv := httptest.NewServer(b.Sim)
	cfg := slack.Config{Token: pawl.NewSecret([]byte(slacksim.Token)), AppToken: pawl.NewSecret([]byte(slacksim.AppToken)), URL: srv.URL + "/api", To: "#acme-ops",
		HTTP: wire.NewClient(wire.Options{}), People: map[string]string{"U0000000001": "bo"}, Now: func() time.Time { return now },
		Decide: func(_ context.Context, c slack.Click) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.decided = append(b.decided, c)
			return b.err
		}}
	if change != nil {
		change(&cfg)
	}
	b.Sender = slack.New(cfg)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { b.Run(ctx); close(done) }()
	t.Cleanup(func() { stop(); b.Drop(); <-done; srv.Close() })
	return b
}

// eventually waits for something that another goroutine does.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for range 1000 {
		if f() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

// last is the newest message that everybody sees, or that one member does.
func (b *booth) last(only string) (m slacksim.Message) {
	for _, x := range b.Messages() {
		if x.Only == only {
			m = x
		}
	}
	return m
}

func (b *booth) clicks() []slack.Click {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]slack.Click(nil), b.decided...)
}

// TestApprove: who is known here decides by a click, and the message then says
// how it came out.
func TestApprove(t *testing.T) {
	b := open(t, then.Add(time.Minute), nil)
	ref, err := b.Tell(t.Context(), approval)
	if err != nil {
		t.Fatal(err)
	}
	m := b.last("")
	if strings.Contains(string(m.Blocks), "<!channel>") || strings.Contains(m.Text, "<!channel>") || !strings.Contains(string(m.Blocks), `ana \u0026amp; co`) {
		t.Errorf("not escaped: %s", m.Blocks)
	}
	if got := m.Buttons(); len(got) != 3 || got["approve"] != "key/3 sha256:1234" || m.UnfurlLinks {
		t.Errorf("%v", got)
	}
	eventually(t, "connected", b.Connected)
	for _, verb := range []string{"approve", "deny", "open"} {
		if err := b.Click("U0000000001", m, verb); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "decided", func() bool { return len(b.clicks()) == 2 })
	id := pawl.RotationID{Credential: "key", Number: 3}
	if got := b.clicks(); got[0] != (slack.Click{Person: "bo", Approve: true, Rotation: id, Digest: "sha256:1234"}) || got[1].Approve {
		t.Errorf("%+v", got)
	}
	eventually(t, "answered", func() bool { return b.last("U0000000001").Text == "It is done." })
	if err := b.Over(t.Context(), approval, ref, "approved by bo"); err != nil {
		t.Fatal(err)
	}
	m = b.last("")
	if got := m.Buttons(); len(got) != 1 || !strings.Contains(string(m.Blocks), "approved by bo") {
		t.Errorf("%s", m.Blocks)
	}
}

// TestNotDecided: nobody decides who is not known, nothing is decided by an old
// message or a button that is not ours, and whoever clicked is told why.
func TestNotDecided(t *testing.T) {
	for name, c := range map[string]struct {
		member string
		later  time.Duration
		value  string
		err    error
		want   string
	}{
		"a stranger":       {member: "U0000000666", want: "notify.yaml does not say who you are"},
		"too late":         {member: "U0000000001", later: 25 * time.Hour, want: "older than a day"},
		"another's button": {member: "U0000000001", value: "rm -rf /", want: "not one of ours"},
		"no plan":          {member: "U0000000001", value: "key/3", want: "not one of ours"},
		"refused":          {member: "U0000000001", err: &pawl.Error{Op: "access", Kind: pawl.Forbidden, Err: errors.New("who asks for a rotation cannot approve it")}, want: "who asks for a rotation cannot approve it"},
		"broken":           {member: "U0000000001", err: errors.New("CANARY"), want: "something went wrong in pawl"},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, then.Add(c.later), nil)
			b.err = c.err
			if _, err := b.Tell(t.Context(), approval); err != nil {
				t.Fatal(err)
			}
			eventually(t, "connected", b.Connected)
			m := b.last("")
			value := c.value
			if value == "" {
				value = m.Buttons()["approve"]
			}
			if err := b.Press(c.member, m, "approve", value); err != nil {
				t.Fatal(err)
			}
			eventually(t, c.want, func() bool { return strings.Contains(b.last(c.member).Text, c.want) })
			if c.err == nil && len(b.clicks()) != 0 {
				t.Errorf("decided %+v", b.clicks())
			}
		})
	}
}

// TestReconnects: Slack ends connections, and clicks are heard afterwards.
func TestReconnects(t *testing.T) {
	b := open(t, then, nil)
	b.Tell(t.Context(), approval)
	eventually(t, "connected", b.Connected)
	b.Drop()
	eventually(t, "connected again", b.Connected)
	if err := b.Click("U0000000001", b.last(""), "deny"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "decided", func() bool { return len(b.clicks()) == 1 })
}

// TestWithoutClicks: without an app-level token there is nothing to click but a
// link.
func TestWithoutClicks(t *testing.T) {
	b := open(t, then, func(c *slack.Config) { c.AppToken = pawl.Secret{} })
	b.Tell(t.Context(), approval)
	if got := b.last("").Buttons(); len(got) != 1 || b.Connected() {
		t.Errorf("%v", got)
	}
}

func TestRefused(t *testing.T) {
	for what, change := range map[string]func(*slack.Config){
		"invalid_auth":      func(c *slack.Config) { c.Token = pawl.NewSecret([]byte("xoxb-other-CANARY")) },
		"channel_not_found": func(c *slack.Config) { c.To = "#nowhere" },
		"does not answer":   func(c *slack.Config) { c.URL = "http://127.0.0.1:1" },
	} {
		_, err := open(t, then, change).Tell(t.Context(), approval)
		if pawl.KindOf(err) != pawl.Unavailable || !strings.Contains(err.Error(), what) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: %v", what, err)
		}
	}
	b := open(t, then, nil)
	if err := b.Over(t.Context(), approval, "", ""); pawl.KindOf(err) != pawl.Invalid {
		t.Error(err)
	}
}
