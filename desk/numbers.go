package desk

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/history"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/schedule"
)

// Numbers are what can be counted of everything at one time.
type Numbers struct {
	At          time.Time
	Credentials []Number
	Open        []OpenNumber
	Ended       []history.Run // since the last count
	Driven      int           // right now
	Aside       int           // wait for somebody, or for a time
}

// A Number is what can be counted of one credential.
type Number struct {
	Name    string
	Last    time.Time // zero: never rotated here
	Due     time.Time // zero: not known, or on no schedule
	Overdue bool
	Person  bool            // it is due, and nobody begins it by itself
	Glass   time.Time       // when somebody broke the glass in its newest rotation; zero: nobody did
	Proved  map[string]bool // by required consumer: whether it was proved on the current generation when it was last seen
}

// An OpenNumber is an unfinished rotation.
type OpenNumber struct {
	Credential string
	Phase      string
	On         string    // what kind of person is waited for; empty: nobody
	Since      time.Time // since when nothing has happened
}

// A Count counts again and again. What has not changed since the last time is
// not looked at again. It is not safe for concurrent use.
type Count struct {
	desk  *Desk
	begun time.Time
	ended map[pawl.RotationID]bool
	seen  map[string]sight // by credential: its newest rotation
}

// A sight is the newest rotation of a credential at a revision.
type sight struct {
	id       pawl.RotationID
	revision int64
	proved   map[string]bool
	open     OpenNumber
	glass    time.Time
}

// NewCount returns a count that takes rotations for ended that end from now on.
func NewCount(d *Desk) *Count {
	return &Count{desk: d, begun: d.now().Truncate(time.Millisecond), ended: map[pawl.RotationID]bool{}, seen: map[string]sight{}}
}

// Numbers counts.
func (c *Count) Numbers(ctx context.Context, who access.Subject) (Numbers, error) {
	d := c.desk
	if err := d.allow(ctx, who, access.Request{Action: access.See}, ""); err != nil {
		return Numbers{}, err
	}
	f, err := d.facts(ctx, d.recall, always)
	if err != nil {
		return Numbers{}, err
	}
	runs, err := d.cfg.Journal.Tips(ctx)
	if err != nil {
		return Numbers{}, err
	}
	n := Numbers{At: f.now}
	n.Driven, n.Aside = d.pool.Driving()
	newest := map[string]journal.Run{}
	for _, run := range runs { // oldest first
		newest[run.ID.Credential] = run
		if run.Outcome != "" && !run.Updated.Before(c.begun) && !c.ended[run.ID] {
			full, err := d.cfg.Journal.Load(ctx, run.ID)
			if err != nil {
				return Numbers{}, err
			}
			c.ended[run.ID] = true
			n.Ended = append(n.Ended, history.One(full))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(newest)) {
		if err := c.look(ctx, newest[name], f.now); err != nil {
			return Numbers{}, err
		}
		if s := c.seen[name]; s.open.Credential != "" {
			n.Open = append(n.Open, s.open)
		}
	}
	for _, e := range f.decide(d.cfg.Limits) {
		n.Credentials = append(n.Credentials, Number{Name: e.Credential, Last: f.leaves[e.Credential].Last, Due: e.Due, Overdue: e.Overdue,
			Person: e.Do == schedule.Person, Proved: c.seen[e.Credential].proved, Glass: c.seen[e.Credential].glass})
	}
	return n, nil
}

// look reads the newest rotation of a credential, if it has changed. What time
// alone changes is followed by an event of whoever drives it.
func (c *Count) look(ctx context.Context, run journal.Run, now time.Time) error {
	if s := c.seen[run.ID.Credential]; s.id == run.ID && s.revision == run.Revision {
		return nil
	}
	run, state, err := c.desk.load(ctx, run.ID)
	if err != nil {
		return err
	}
	s := sight{id: run.ID, revision: run.Revision, proved: map[string]bool{}, glass: state.Glass.At}
	for i, p := range state.Plan.Consumers {
		if p.Required() {
			s.proved[p.ID] = state.Holds(i)
		}
	}
	if run.Outcome == "" {
		s.open = waiting(run, rotation.Decide(state, now))
	}
	c.seen[run.ID.Credential] = s
	return nil
}

func waiting(run journal.Run, d rotation.Decision) OpenNumber {
	o := OpenNumber{Credential: run.ID.Credential, Phase: string(d.Phase), Since: run.Updated}
	for _, w := range d.Waits {
		if o.On == "" && forPerson(w.On) {
			o.On = string(w.On)
		}
	}
	return o
}
