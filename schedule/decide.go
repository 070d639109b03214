package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/history"
)

// A Credential is what is known of one when it is decided about. Past is looked
// at only for one that is due soon.
type Credential struct {
	Name   string
	Rule   Rule
	Mode   pawl.Mode
	Last   time.Time // when its last completed rotation ended; zero: never
	Open   string    // its unfinished rotation
	Shares []string  // see [catalog.Credential.Shares]
	Past   Past

	// From and To are what Rule.Meant says. They are kept here because they cost
	// more than all the rest, and change only with Last and the catalog.
	From, To time.Time
}

// Soon reports whether it is so near to its time, or past it, that Past counts.
func (c Credential) Soon(now time.Time) bool {
	switch c.Rule.Standing(c.Last, now) {
	case catalog.Overdue, catalog.DueSoon:
		return true
	}
	return !c.From.IsZero() && !now.Before(c.From)
}

// Past is what its recorded rotations show.
type Past struct {
	Age    history.Age // of the last validation
	Failed int         // scheduled rotations since the last completed one that came to nothing
	Ended  time.Time   // when the newest of those ended
	Back   bool        // one of them was rolled back

	Kept  string    // why it could not even be begun the last time
	Until time.Time // when that is tried again
}

// PastOf reads the newest rotations of a credential.
func PastOf(h history.History, stale time.Duration, now time.Time) Past {
	p := Past{Age: h.Validated().Age(stale, now)}
	for _, run := range h.Runs {
		if run.Outcome == pawl.Completed {
			break
		}
		if run.Reason != pawl.Scheduled || run.Outcome == "" {
			continue
		}
		if p.Failed++; p.Ended.IsZero() {
			p.Ended = run.Ended
		}
		p.Back = p.Back || run.Outcome == pawl.RolledBack
	}
	return p
}

// A Do says what is done about a credential.
type Do string

const (
	Nothing Do = "nothing" // it is not time yet, or it is on no schedule
	Begin   Do = "begin"   // now
	Hold    Do = "hold"    // it is time, and something keeps it: see Why and Until
	Person  Do = "person"  // somebody has to see to it
	Running Do = "running" // it has an unfinished rotation
)

// An Entry is what is decided about one credential.
type Entry struct {
	Credential string
	Due        time.Time // zero: not known, or on no schedule
	From, To   time.Time // when it begins by itself, and when the stretch ends; zero: it does not, or whenever
	Overdue    bool
	Do         Do
	Why        string    // of Hold and Person
	Until      time.Time // of Hold, if it is known
}

// Limits bound what is begun.
type Limits struct {
	PerHour int           // 0: 12
	Spread  time.Duration // 0: [Spread]; negative: none
}

func (l Limits) perHour() int { return cmp.Or(l.PerHour, 12) }

func (l Limits) spread() time.Duration { return max(0, cmp.Or(l.Spread, Spread)) }

// Begins is when a rotation begins by itself, if nothing keeps it; zero: it does
// not.
func (l Limits) Begins(c Credential) time.Time {
	if c.Mode != pawl.Automated || c.From.IsZero() {
		return time.Time{}
	}
	return Moved(c.Name, c.From, c.To, l.spread())
}

// Busy is a rotation that is under way, and what it touches.
type Busy struct {
	Rotation string
	Shares   []string
}

// Decide decides about all credentials, those that are due first first. Begun
// are the times at which rotations were begun lately; what is begun by the
// answer is counted too, and nothing of it touches what another one of it, or
// one that is under way, touches.
func Decide(all []Credential, busy []Busy, begun []time.Time, limits Limits, now time.Time) []Entry {
	d := &deciding{busy: slices.Clone(busy), limits: limits, now: now}
	for _, at := range begun {
		if now.Sub(at) < time.Hour {
			d.begun = append(d.begun, at)
		}
	}
	slices.SortFunc(d.begun, time.Time.Compare)
	line := make([]ranked, len(all))
	for i := range all {
		line[i] = ranked{&all[i], all[i].Rule.Due(all[i].Last)}
	}
	slices.SortFunc(line, inOrder)
	entries := make([]Entry, len(all))
	for i, r := range line {
		entries[i] = d.about(*r.Credential)
	}
	return entries
}

// A ranked is a credential with when it is due.
type ranked struct {
	*Credential
	due time.Time
}

// inOrder puts what is due first first, and what has no date last.
func inOrder(a, b ranked) int {
	switch {
	case a.due.IsZero() != b.due.IsZero():
		if a.due.IsZero() {
			return 1
		}
		return -1
	case !a.due.Equal(b.due):
		return a.due.Compare(b.due)
	}
	return cmp.Compare(a.Name, b.Name)
}

type deciding struct {
	busy   []Busy
	begun  []time.Time // within the last hour, oldest first
	limits Limits
	now    time.Time
}

func (d *deciding) about(c Credential) Entry {
	standing := c.Rule.Standing(c.Last, d.now)
	e := Entry{Credential: c.Name, Due: c.Rule.Due(c.Last), Overdue: standing == catalog.Overdue, Do: Nothing}
	begins := d.limits.Begins(c)
	if !begins.IsZero() {
		e.From, e.To = begins, c.To
	}
	switch {
	case c.Open != "":
		e.Do = Running
	case c.Rule.Every == 0:
	case standing == catalog.Never:
		e.Do, e.Why = Person, "it was never rotated here, so nobody knows how old it is, or whether it works"
	case !c.Soon(d.now):
	case helpless(c) != "":
		e.Do, e.Why = Person, helpless(c)
	case !d.now.Before(begins), !c.Rule.Open(d.now) && !d.now.Before(e.Due.Add(-c.Rule.Margin())):
		e.Do, e.Why, e.Until = d.may(c)
	}
	return e
}

// MostFailures is how often it is tried again by itself.
const MostFailures = 3

// helpless says why nothing can be begun without a person, or "".
func helpless(c Credential) string {
	switch {
	case c.Mode != pawl.Automated:
		return fmt.Sprintf("it is %s: a person has a part in it", c.Mode)
	case c.Past.Age == history.Never:
		return "nothing shows yet that it works unattended"
	case c.Past.Age == history.Stale:
		return "its validation has expired: nothing was shown to work lately"
	case c.Past.Back:
		return "the last one was rolled back: somebody has to say whether it is tried again"
	case c.Past.Failed >= MostFailures:
		return fmt.Sprintf("it failed %d times in a row", c.Past.Failed)
	}
	return ""
}

// may says whether one whose time has come is begun now, and what keeps it.
func (d *deciding) may(c Credential) (do Do, why string, until time.Time) {
	if f := c.Rule.frozen(d.now); f != nil {
		return Hold, f.String(), c.Rule.Next(d.now)
	}
	if !c.Rule.Open(d.now) {
		return Hold, fmt.Sprintf("its window (%s) is closed", c.Rule.Window), c.Rule.Next(d.now)
	}
	if again := c.Past.again(); d.now.Before(again) {
		return Hold, "the last one failed", again
	}
	if d.now.Before(c.Past.Until) {
		return Hold, "it could not be begun: " + c.Past.Kept, c.Past.Until
	}
	for _, b := range d.busy {
		for _, s := range c.Shares {
			if slices.Contains(b.Shares, s) {
				return Hold, "it waits for " + b.Rotation + ", which touches the same places", time.Time{}
			}
		}
	}
	if n := d.limits.perHour(); len(d.begun) >= n {
		return Hold, fmt.Sprintf("%d were begun within the hour", len(d.begun)), d.begun[len(d.begun)-n].Add(time.Hour)
	}
	d.begun = append(d.begun, d.now)
	d.busy = append(d.busy, Busy{c.Name, c.Shares})
	return Begin, "", time.Time{}
}

// again is when it may be tried again: a failure is left alone for an hour, a
// second one for four.
func (p Past) again() time.Time {
	switch p.Failed {
	case 0:
		return time.Time{}
	case 1:
		return p.Ended.Add(time.Hour)
	}
	return p.Ended.Add(4 * time.Hour)
}
