package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/history"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/terminal"
	"github.com/pawl-dev/pawl/wording"
)

// A glance is what has to be in sight as long as a rotation runs: how far it
// is, whether the old key is still valid and stopping safe, who or what is
// waited for, and how long that usually takes. It is told of events in one
// goroutine and looked at in another.
type glance struct {
	mu      sync.Mutex
	usual   history.History
	before  time.Duration // what earlier processes have worked on this rotation
	begun   time.Time     // when this one took it up
	at      engine.Update // the latest, without its state
	key     string
	step    string
	since   time.Time // when the step began
	written map[string]time.Time
	store   string
	ending  bool          // it was interrupted, and finishes what is under way
	name    string        // of a rotation that is not the only one on the screen
	last    time.Time     // when a line was told
	quiet   time.Duration // how long nothing has to be told before a word on the waiting
}

// heard says that a line was told just now.
func (g *glance) heard() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last, g.quiet = time.Now(), silence
}

// murmur is a word on a long wait, if it is time for one.
func (g *glance) murmur(now time.Time) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.step == "" || g.quiet == 0 || now.Sub(g.last) < g.quiet {
		return ""
	}
	g.last, g.quiet = now, min(2*g.quiet, longest)
	return g.waitsFor(now) + " · " + g.key + " · " + g.elapsed(now)
}

// see takes in an update, whose state is valid during the call only.
func (g *glance) see(u engine.Update) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, steps, what := stepOf(u)
	step := fmt.Sprintf("%d/%d %s", n, steps, what)
	if step != g.step {
		g.step, g.since = step, u.Event.At
	}
	g.written, g.store = map[string]time.Time{}, ""
	for i, c := range u.State.Plan.Consumers {
		if p := &u.State.Places[i]; p.Write.Status == rotation.Done {
			g.written[c.ID] = p.Write.At
		}
		if c.Store {
			g.store = c.ID
		}
	}
	if g.key = oldKey(u.State); !u.State.Ready {
		g.key = "old key: untouched; safe to stop"
	}
	g.at, g.at.State = u, nil
}

// end says that no more than what is under way is waited for.
func (g *glance) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ending = true
}

// oldKey is what is known of the old key.
func (g *glance) oldKey() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.key == "" {
		return "nothing was done yet"
	}
	return g.key
}

// lines are the live lines of now.
func (g *glance) lines(now time.Time, sign string) []terminal.Line {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.step == "" {
		return nil
	}
	first := g.step + "  " + wording.Clock(now.Sub(g.since)) + g.usually(g.stepName())
	if g.ending {
		first = "Stopping: what is under way is finished first"
	}
	last := g.key + " · " + g.elapsed(now)
	if g.name != "" {
		return []terminal.Line{{Sign: sign + " ", Text: g.name + " " + first + " · " + last + " · " + g.waitsFor(now)}}
	}
	return []terminal.Line{{Sign: sign + " ", Text: first}, {Sign: "  ", Text: g.waitsFor(now)}, {Sign: "  ", Text: last}}
}

// elapsed is how long it has been worked on, and how long that usually takes.
func (g *glance) elapsed(now time.Time) string {
	text := wording.Clock(g.before + now.Sub(g.begun))
	if took := g.took(); took.N > 0 {
		text += " of about " + wording.About(took.Median)
	}
	return text
}

func (g *glance) took() history.Span {
	if g.at.Phase == rotation.RollingBack { // going back has a length of its own
		return history.Span{}
	}
	return g.usual.Took()
}

// usually says how long a step takes, if it is known.
func (g *glance) usually(step string) string {
	if s := g.usual.Step(step); s.N > 0 && s.Median >= time.Second {
		return " (usually " + wording.About(s.Median) + ")"
	}
	return ""
}

// stepName is the step of the history that the phase is.
func (g *glance) stepName() string {
	switch g.at.Phase {
	case rotation.Preflight:
		return history.StepChecks
	case rotation.Minting, rotation.Verifying:
		return history.StepMint
	case rotation.Storing:
		return g.store
	case rotation.Soaking:
		return history.StepSoak
	case rotation.Revoking:
		return history.StepRevoke
	case rotation.ConfirmingDead:
		return history.StepDead
	case rotation.Watching:
		return history.StepWatch
	case rotation.RollingBack:
		return history.StepRestore
	}
	return ""
}

// urgency orders what is waited for: what needs a person is named first, and
// what ends by itself last.
var urgency = []rotation.On{rotation.OnHelp, rotation.OnPerson, rotation.OnApproval, rotation.OnVendor, rotation.OnRevoke, rotation.OnPause,
	rotation.OnDeath, rotation.OnProof, rotation.OnTimer, rotation.OnEffect}

// waitsFor says who or what is waited for.
func (g *glance) waitsFor(now time.Time) string {
	waits := slices.Clone(g.at.Waits)
	slices.SortStableFunc(waits, func(a, b rotation.Wait) int { return slices.Index(urgency, a.On) - slices.Index(urgency, b.On) })
	if len(waits) == 0 {
		return "waits for the vendors' answers"
	}
	text := g.wait(waits[0], now)
	if others := others(waits); others > 0 {
		text += fmt.Sprintf(" (and %d more)", others)
	}
	return text
}

// others counts the further places that are waited for.
func others(waits []rotation.Wait) int {
	seen := map[string]bool{waits[0].Consumer: true}
	for _, w := range waits {
		seen[w.Consumer] = true
	}
	return len(seen) - 1
}

func (g *glance) wait(w rotation.Wait, now time.Time) string {
	switch w.On {
	case rotation.OnTimer:
		return fmt.Sprintf("%s, %s left", w.Detail, wording.Clock(w.Until.Sub(now)))
	case rotation.OnDeath:
		return wording.Plainly(w.Detail)
	case rotation.OnRevoke:
		return "waits for you: nobody asked for the revoke yet"
	case rotation.OnPerson:
		return "waits for a person, " + w.Consumer + ": " + wording.Plainly(w.Detail)
	case rotation.OnHelp:
		return "waits for a person: " + colon(w.Consumer) + wording.Plainly(w.Detail)
	case rotation.OnVendor:
		return "waits for a person at the vendor: " + colon(w.Consumer) + wording.Plainly(w.Detail)
	}
	if w.Consumer == "" {
		return wording.Plainly(w.Detail)
	}
	text := "waits for " + w.Consumer + ": " + wording.Plainly(w.Detail)
	if at, ok := g.written[w.Consumer]; ok && w.On == rotation.OnProof {
		text = "waits for " + w.Consumer + " " + wording.Clock(now.Sub(at)) + g.usually(w.Consumer) + ": " + wording.Plainly(w.Detail)
	}
	return text
}

func colon(consumer string) string {
	if consumer == "" {
		return ""
	}
	return consumer + ": "
}

// A part is a phase as people count it.
type part struct {
	phases []rotation.Phase
	what   string
}

// parts are the steps of a plan, in order.
func parts(p pawl.Plan) []part {
	stored := slices.ContainsFunc(p.Consumers, func(c pawl.Place) bool { return c.Store })
	rehearsal := p.Reason == pawl.Rehearsal
	waits := p.Reason != pawl.Leak && !rehearsal
	all := []part{{[]rotation.Phase{rotation.Planned, rotation.Preflight}, "Checks"}, {[]rotation.Phase{rotation.Minting, rotation.Verifying}, "New key"}}
	add := func(really bool, what string, phases ...rotation.Phase) {
		if really {
			all = append(all, part{phases, what})
		}
	}
	add(stored, "Store", rotation.Storing)
	add(true, "Writing and proving", rotation.Propagating, rotation.Proving)
	add(p.Soak > 0 && waits, "Soaking", rotation.Soaking)
	add(p.Approval != nil && waits, "Approval", rotation.Approval)
	add(rehearsal, "Going back", rotation.RollingBack)
	add(!rehearsal, "Revoke", rotation.Revoking, rotation.Approval)
	add(!rehearsal, "Proving it dead", rotation.ConfirmingDead)
	add(!rehearsal, "Last looks", rotation.Watching)
	return all
}

// stepOf says which step of how many an update is in.
func stepOf(u engine.Update) (n, of int, what string) {
	all := parts(u.State.Plan)
	if u.Phase == rotation.RollingBack && u.State.Plan.Reason != pawl.Rehearsal {
		return backStep(u.State)
	}
	for i, p := range all {
		if slices.Contains(p.phases, u.Phase) {
			return i + 1, len(all), p.what
		}
	}
	return len(all), len(all), "The end"
}

// backStep is stepOf for a rollback.
func backStep(s *rotation.State) (n, of int, what string) {
	switch {
	case !s.Dead.IsZero():
		return 3, 3, "Last looks"
	case s.Past():
		return 2, 3, "Revoking the new key"
	}
	return 1, 3, "Putting everything back"
}
