package desk

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/schedule"
)

// An almanac is what the clock does not change of the calendar: the dates of
// every credential. It holds as long as the catalog is the same and nothing was
// completed; then another one is made, of the leaves that are still true.
type almanac struct {
	cat    *catalog.Catalog
	turn   int     // of the book
	all    []*leaf // in the order of the catalog
	leaves map[string]*leaf
}

// A leaf is a credential in an almanac.
type leaf struct {
	schedule.Credential // without Open and Past
	cred                *catalog.Credential
	remind              []time.Time
	begins              time.Time // by itself; zero: it does not
	recalled            atomic.Pointer[recollection]
}

// A recollection is what the past of a credential was at a time.
type recollection struct {
	past schedule.Past
	at   time.Time
}

// leafThrough returns the almanac as it is now, and which rotations are open.
// Two who find it out of date at once both make one, and they are the same.
func (d *Desk) leafThrough(ctx context.Context) (*almanac, map[string]pawl.RotationID, error) {
	stand, err := d.book.standing(ctx)
	if err != nil {
		return nil, nil, err
	}
	cat, before := d.cfg.Catalog(), d.almanac.Load()
	if before != nil && before.cat == cat && before.turn == stand.turn {
		return before, stand.open, nil
	}
	names := cat.Names()
	a := &almanac{cat: cat, turn: stand.turn, all: make([]*leaf, 0, len(names)), leaves: make(map[string]*leaf, len(names))}
	for _, name := range names {
		cred, err := cat.Credential(name)
		if err != nil {
			continue // it was in the catalog a moment ago
		}
		var l *leaf
		if before != nil {
			l = before.leaves[name]
		}
		if l == nil || l.cred != cred || !l.Last.Equal(stand.last[name]) {
			l = newLeaf(cred, stand.last[name], cat.Freezes(), d.cfg.Limits)
		}
		a.all, a.leaves[name] = append(a.all, l), l
	}
	d.almanac.Store(a)
	return a, stand.open, nil
}

func newLeaf(cred *catalog.Credential, last time.Time, freezes []catalog.Freeze, limits schedule.Limits) *leaf {
	l := &leaf{cred: cred}
	l.Credential = schedule.Credential{Name: cred.Name, Rule: schedule.Rule{Schedule: cred.Schedule}, Mode: cred.Mode(), Last: last, Shares: cred.Shares()}
	for _, z := range freezes {
		if z.Holds(cred.Name) {
			l.Rule.Freezes = append(l.Rule.Freezes, z)
		}
	}
	l.From, l.To = l.Rule.Meant(last)
	l.begins = limits.Begins(l.Credential)
	for _, r := range cred.Schedule.Reminders(last) {
		l.remind = append(l.remind, r.UTC())
	}
	return l
}

// A span is a stretch of the calendar, without its end.
type span struct{ from, to time.Time }

// always is the whole calendar, also what has no date.
var always = span{}

// never is no day of it.
var never = span{from: time.Unix(0, 0), to: time.Unix(0, 0)}

func (s span) has(t time.Time) bool { return !t.IsZero() && !t.Before(s.from) && t.Before(s.to) }

// in reports whether one of its dates lies in a span.
func (l *leaf) in(s span) bool {
	return s == always || s.has(l.Rule.Due(l.Last)) || s.has(l.begins) || slices.ContainsFunc(l.remind, s.has)
}

// coming is what the calendar says of it.
func (l *leaf) coming(e schedule.Entry, open map[string]pawl.RotationID) api.Coming {
	c := api.Coming{Credential: l.Name, Title: l.cred.Title, Owner: l.cred.Owner, Mode: string(l.Mode), Due: stamp(e.Due), Overdue: e.Overdue, Do: string(e.Do), Why: e.Why,
		Begins: stamp(e.From), Ends: stamp(e.To), Until: stamp(e.Until), Window: l.cred.Schedule.Window.String(), Remind: slices.Clone(l.remind)}
	if id, ok := open[l.Name]; ok {
		c.Open = id.String()
	}
	if e.Do == schedule.Person {
		c.Next = "pawl rotate " + l.Name
	}
	return c
}
