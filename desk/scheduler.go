package desk

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/schedule"
)

// A Scheduler begins what is due, as [access.Scheduler] and through the same
// door as everybody. It remembers nothing: what it has begun is in the journal,
// and so whoever comes next goes on as if it had been there all the time.
type Scheduler struct {
	desk *Desk
	beat func(Beat)
	late map[string]bool // that it was said of that they are overdue
}

// A Beat is a sign of life.
type Beat struct {
	At      time.Time `json:"at"`      // when it last looked
	Overdue int       `json:"overdue"` // how many credentials are past their time
	Failed  string    `json:"failed,omitempty"`
}

// glance is how often the scheduler looks.
const glance = time.Minute

// NewScheduler returns a scheduler that does nothing until [Scheduler.Run]. Each
// time it has looked it tells beat, which may be nil.
func NewScheduler(d *Desk, beat func(Beat)) *Scheduler {
	if beat == nil {
		beat = func(Beat) {}
	}
	return &Scheduler{desk: d, beat: beat, late: map[string]bool{}}
}

// Run looks until ctx ends. Killed between the look and the begin it has begun
// nothing; killed after it, the pool of the next process drives what was begun.
func (s *Scheduler) Run(ctx context.Context) {
	timer := time.NewTicker(glance)
	defer timer.Stop()
	for {
		s.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
	}
}

func (s *Scheduler) look(ctx context.Context) {
	d := s.desk
	f, err := d.facts(ctx, d.past, always)
	if ctx.Err() != nil {
		return
	}
	b := Beat{At: d.now()}
	if err != nil {
		d.cfg.Log.Error("looking for what is due", "err", err)
		b.Failed = pawl.KindOf(err).String()
		s.beat(b)
		return
	}
	for _, e := range f.decide(d.cfg.Limits) {
		if e.Do == schedule.Begin {
			s.begin(ctx, e, f.leaves[e.Credential].cred.Role)
		}
		if e.Overdue {
			b.Overdue++
		}
		s.alarm(e)
	}
	d.scheduling.Store(&b.At)
	s.beat(b)
}

// begin begins one. The revoke is asked for with it: it is made once everything
// is proved, and not before. What fails is in the journal, or the credential is
// looked at again the next time.
func (s *Scheduler) begin(ctx context.Context, e schedule.Entry, role string) {
	r, err := s.desk.Start(ctx, access.Scheduler(role), api.Start{Credential: e.Credential, Reason: string(pawl.Scheduled), AutoRevoke: true})
	if _, open := errors.AsType[*journal.OpenError](err); open {
		return // somebody was faster
	}
	if err != nil {
		s.desk.cfg.Log.Error("begin what is due", "credential", e.Credential, "err", err)
		s.desk.kept.Store(e.Credential, refusal{cmp.Or(pawl.CauseOf(err), "the log says why"), s.desk.now().Add(patience)})
		return
	}
	s.desk.cfg.Log.Info("begun by schedule", "rotation", r.ID, "due", e.Due)
}

// patience is how long it is not tried again to begin what could not be begun: a
// secret that is not there, a journal that cannot be written.
const patience = 10 * time.Minute

// A refusal is why a rotation could not be begun, and until when that is not
// tried again. It is remembered so that whoever looks at the calendar sees it.
type refusal struct {
	why   string
	until time.Time
}

// alarm says it once that a credential is overdue, and again after it was not.
func (s *Scheduler) alarm(e schedule.Entry) {
	if e.Overdue && !s.late[e.Credential] {
		s.desk.cfg.Log.Warn("overdue", "credential", e.Credential, "due", e.Due, "do", string(e.Do), "why", e.Why)
	}
	if e.Overdue {
		s.late[e.Credential] = true
	} else {
		delete(s.late, e.Credential)
	}
}
