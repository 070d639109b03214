package notify_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/desk/desktest"
	"github.com/pawl-dev/pawl/notify"
	"github.com/pawl-dev/pawl/notify/outbox"
)

var (
	ana = desktest.Who("ana", access.Operator)
	bo  = desktest.Who("bo", access.Approver)
)

// A wall is a channel on which everybody can read. It can be down.
type wall struct {
	mu    sync.Mutex
	down  error
	lines []string
	ids   []string
}

func (w *wall) Tell(_ context.Context, n notify.Note) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down != nil {
		return "", w.down
	}
	w.lines, w.ids = append(w.lines, n.Occasion+": "+n.Title), append(w.ids, n.ID)
	return "ref-" + n.ID, nil
}

func (w *wall) Over(_ context.Context, n notify.Note, ref, how string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ref != "ref-"+n.ID {
		return &pawl.Error{Op: "wall", Kind: pawl.Invalid, Err: errors.New("another reference")}
	}
	w.lines = append(w.lines, n.Occasion+" over: "+how)
	return nil
}

func (w *wall) read() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lines)
}

// noticing runs f with a company and a notifier that writes on a wall. Restart
// ends one process and begins the next.
func noticing(t *testing.T, creds []desktest.Cred, f func(t *testing.T, o *desktest.Office, w *wall, restart func())) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	desktest.Open(t, creds, func(t *testing.T, o *desktest.Office) {
		w := &wall{}
		var stop func()
		start := func() {
			box, err := outbox.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			n := notify.New(notify.Config{Desk: o.Desk, Outbox: box, Link: "https://pawl.acme.example/",
				Channels: []notify.Channel{{Name: "wall", Tells: func(string, string) bool { return true }, Sender: w}}})
			go func() { n.Run(ctx); close(done) }()
			stop = func() { cancel(); <-done; box.Close() }
		}
		start()
		defer func() { stop() }()
		f(t, o, w, func() { stop(); start() })
		if text := strings.Join(w.read(), "\n"); strings.Contains(text, "CANARY") {
			t.Errorf("a value was told: %s", text)
		}
	})
}

func wantLines(t *testing.T, w *wall, want ...string) {
	t.Helper()
	synctest.Wait()
	if got := w.read(); !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// TestApproval: who is waited for is told once, also over a restart, and that it
// is over.
func TestApproval(t *testing.T) {
	noticing(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}, func(t *testing.T, o *desktest.Office, w *wall, restart func()) {
		r, err := o.Start(t.Context(), ana, api.Start{Credential: "key", AutoRevoke: true})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		wantLines(t, w, "approval: key/1 waits for approval from approver")
		restart()
		time.Sleep(2 * time.Minute)
		wantLines(t, w, "approval: key/1 waits for approval from approver")
		if _, err := o.Approve(t.Context(), bo, pawl.RotationID{Credential: "key", Number: 1}, desk.Anything, r.Digest); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		restart()
		time.Sleep(2 * time.Minute)
		wantLines(t, w, "approval: key/1 waits for approval from approver", "completed: key/1 is done", "approval over: approved by bo@acme.example")
	})
}

// TestGlass: everybody is told that nobody was asked, once, also if the rotation is
// over before anybody looks.
func TestGlass(t *testing.T) {
	noticing(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}, func(t *testing.T, o *desktest.Office, w *wall, restart func()) {
		sue := desktest.Who("sue", access.Superadmin)
		r, err := o.Start(t.Context(), sue, api.Start{Credential: "key", AutoRevoke: true})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if _, err := o.BreakGlass(t.Context(), sue, pawl.RotationID{Credential: "key", Number: 1}, desk.Anything, r.Digest, "ill"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		restart()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		got := w.read()
		slices.Sort(got) // what is over and what is done are delivered in any order
		want := []string{"approval over: sue@acme.example broke the glass", "approval: key/1 waits for approval from approver", "break-glass: key/1: sue@acme.example broke the glass",
			"completed: key/1 is done"}
		if !slices.Equal(got, want) {
			t.Errorf("got\n\t%s", strings.Join(got, "\n\t"))
		}
	})
}

// TestDown: what cannot be delivered is delivered later, by whichever process is
// there then; what a channel refuses for good is not tried again.
func TestDown(t *testing.T) {
	noticing(t, []desktest.Cred{{Name: "a"}, {Name: "b"}, {Name: "c"}}, func(t *testing.T, o *desktest.Office, w *wall, restart func()) {
		down := func(kind pawl.Kind) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.down = nil; kind != pawl.Other {
				w.down = &pawl.Error{Op: "wall", Kind: kind, Err: errors.New("down")}
			}
		}
		down(pawl.Unavailable)
		for _, name := range []string{"a", "b"} {
			o.Start(t.Context(), ana, api.Start{Credential: name, AutoRevoke: true})
			time.Sleep(2 * time.Minute)
		}
		restart()
		down(pawl.Other)
		time.Sleep(10 * time.Minute)
		w.mu.Lock()
		slices.Sort(w.lines)
		w.mu.Unlock()
		wantLines(t, w, "completed: a/1 is done", "completed: b/1 is done")
		down(pawl.Invalid)
		o.Start(t.Context(), ana, api.Start{Credential: "c", AutoRevoke: true})
		time.Sleep(2 * time.Minute)
		down(pawl.Other)
		time.Sleep(10 * time.Minute)
		wantLines(t, w, "completed: a/1 is done", "completed: b/1 is done")
	})
}

// TestFailed: what came to nothing is told as that.
func TestFailed(t *testing.T) {
	noticing(t, []desktest.Cred{{Name: "key", More: "approval: {from: approver}"}}, func(t *testing.T, o *desktest.Office, w *wall, restart func()) {
		o.Start(t.Context(), ana, api.Start{Credential: "key"})
		time.Sleep(time.Minute)
		o.Deny(t.Context(), bo, pawl.RotationID{Credential: "key", Number: 1}, desk.Anything, "not today")
		time.Sleep(time.Minute)
		got := w.read()
		if !slices.Contains(got, "failed: key/1 was rolled back") || !slices.Contains(got, "approval over: it goes back to the old key") && !slices.Contains(got, "approval over: key/1 has ended: rolled-back") { // which of them, is how fast it goes back
			t.Errorf("%q", got)
		}
	})
}

// TestNotes: what there is to tell of a credential's time.
func TestNotes(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	at := func(days int) *time.Time { d := now.AddDate(0, 0, days); return &d }
	remind := []time.Time{*at(-4), *at(-1), *at(10)}
	for name, c := range map[string]struct {
		item api.Coming
		want []string
	}{
		"fine":            {api.Coming{Due: at(30), Do: "nothing", Remind: []time.Time{*at(16), *at(27)}}, nil},
		"the newest only": {api.Coming{Due: at(13), Do: "nothing", Begins: at(12), Remind: remind}, []string{"due key is due Mon 2026-12-07 12:00 UTC|It begins by itself Sun 2026-12-06 12:00 UTC."}},
		"under way":       {api.Coming{Due: at(13), Do: "running", Open: "key/3", Remind: remind}, nil},
		"never":           {api.Coming{Do: "person", Why: "nobody knows"}, []string{"task key waits for somebody to begin its rotation|Nobody begins it by itself: nobody knows."}},
		"overdue":         {api.Coming{Due: at(0), Overdue: true, Do: "hold", Why: "frozen"}, []string{"overdue key is overdue since Tue 2026-11-24 12:00 UTC|It does not begin: frozen."}},
		"overdue a while": {api.Coming{Due: at(-5), Overdue: true, Do: "hold", Why: "frozen", Remind: remind}, []string{"overdue key is overdue since Thu 2026-11-19 12:00 UTC|It does not begin: frozen.", "overdue key is overdue since 5 days|It does not begin: frozen."}},
		"overdue, yours":  {api.Coming{Due: at(-30), Overdue: true, Do: "person", Why: "manual"}, []string{"task key waits for somebody to begin its rotation|Nobody begins it by itself: manual.", "overdue key is overdue since Sun 2026-10-25 12:00 UTC|Nobody begins it by itself: manual.", "overdue key is overdue since 30 days|Nobody begins it by itself: manual."}},
	} {
		c.item.Credential = "key"
		var got []string
		for _, n := range notify.Notes(api.Calendar{Now: now, Items: []api.Coming{c.item}}, nil, "https://pawl.acme.example/") {
			got = append(got, fmt.Sprintf("%s %s|%s", n.Occasion, n.Title, n.Text))
			if n.Link != "https://pawl.acme.example/credentials/key" || n.Key == "" {
				t.Errorf("%s: %+v", name, n)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestWaits: each kind of wait that is a person's is told, and no other.
func TestWaits(t *testing.T) {
	var got []string
	for _, on := range []string{"proof", "effect", "timer", "person", "approval", "revoke", "vendor", "death", "help", "pause"} {
		r := api.Rotation{ID: "key/3", Credential: "key", Digest: "sha256:1", By: "ana", Waits: []api.Wait{{On: on, Consumer: "laptop", Detail: "ask ops", Hint: "pawl confirm key laptop"}}}
		for _, n := range notify.Notes(api.Calendar{}, []api.Rotation{r}, "") {
			got = append(got, on+" "+n.Occasion)
			if !n.Stands || n.Next == "" || (n.Approval != nil) != (on == "approval") {
				t.Errorf("%+v", n)
			}
		}
	}
	if want := []string{"person waiting", "approval approval", "revoke waiting", "vendor waiting", "help waiting"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestCrowd: a catalog of many credentials that were never rotated here is one
// message, also over a restart, and what becomes of one of them is none.
func TestCrowd(t *testing.T) {
	var creds []desktest.Cred
	for i := range 24 {
		creds = append(creds, desktest.Cred{Name: fmt.Sprintf("key-%02d", i), More: "schedule: {every: 90d}"})
	}
	noticing(t, creds, func(t *testing.T, o *desktest.Office, w *wall, restart func()) {
		time.Sleep(2 * time.Minute)
		restart()
		time.Sleep(2 * time.Minute)
		wantLines(t, w, "task: 24 credentials wait for somebody to begin their rotation")
		o.Start(t.Context(), ana, api.Start{Credential: "key-07", AutoRevoke: true})
		time.Sleep(2 * time.Minute)
		wantLines(t, w, "task: 24 credentials wait for somebody to begin their rotation", "completed: key-07/1 is done")
	})
}

// TestFailedSaysWhatIsTrue: one that was abandoned may have revoked the old key.
func TestFailedSaysWhatIsTrue(t *testing.T) {
	for valid, want := range map[bool]string{true: "The old key is untouched.", false: "Whether the old key is still valid is not certain."} {
		n := notify.Notes(api.Calendar{}, []api.Rotation{{ID: "key/1", Credential: "key", Outcome: string(pawl.Failed), OldValid: valid}}, "")
		if len(n) != 1 || !strings.HasSuffix(n[0].Text, want) {
			t.Errorf("%+v, want %q", n, want)
		}
	}
}

// TestWordsOfPeople: what somebody writes arrives as it is, in whatever letters.
func TestWordsOfPeople(t *testing.T) {
	for why, want := range map[string]string{"the approver is ill.": "The approver is ill.", "éteint": "Éteint.", "“ill”": "“ill”.", "病気": "病気.", "": ""} {
		r := api.Rotation{ID: "key/1", Credential: "key", Approval: &api.Approval{From: "security", Glass: &api.Glass{By: "sue", Why: why}}}
		if n := notify.Notes(api.Calendar{}, []api.Rotation{r}, ""); len(n) != 1 || !strings.HasSuffix(n[0].Text, "Why: "+want) {
			t.Errorf("%q is told as %+v", why, n)
		}
	}
}
