package dst

import (
	"slices"
	"strconv"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// append journals events that are true whatever else happened meanwhile.
func (k *worker) append(o outcome) error {
	for tries := 0; ; {
		err := k.commit(o)
		switch err {
		case errConflict:
			if err := k.reload(); err != nil || k.state.Outcome != "" {
				return err
			}
			continue
		case errUnavailable:
			if tries++; tries <= 3 {
				if err := k.sleep(nap{until: k.s.now + time.Duration(tries)*100*time.Millisecond}); err != nil {
					return err
				}
				continue
			}
			k.drop(o)
		}
		return err
	}
}

// drop gets rid of a generation whose value is held and cannot be written down.
func (k *worker) drop(o outcome) {
	for _, ev := range o.events {
		if ev.Type == pawl.EvEnded && ev.Step == pawl.StepMint && ev.ID != "" {
			id := ev.ID
			k.s.tracef("worker %d drops %s", k.n, id)
			k.s.after(wire, func() { k.s.vendor.revoke(id) })
		}
	}
}

// commit journals a batch where the state is, and applies it. What need not
// survive a crash is only applied.
func (k *worker) commit(o outcome) error {
	now := k.clock()
	if len(o.events) == 1 && len(o.seal) == 0 && !k.state.Noteworthy(o.events[0]) && k.mutant.hear == nil {
		ev := o.events[0] // as below, without the copies: most looks show what the last one showed
		if ev.At.IsZero() {
			ev.At = now
		}
		k.state.Apply(ev)
		return nil
	}
	next := k.state.Clone()
	var keep, applied []pawl.Event
	for _, ev := range o.events {
		if ev.At.IsZero() {
			ev.At = now
		}
		k.mutant.event(k, &ev)
		if next.Noteworthy(ev) {
			keep = append(keep, ev)
		}
		next.Apply(ev)
		applied = append(applied, ev)
	}
	if len(keep) > 0 || len(o.seal) > 0 {
		if err := k.write(keep, o.seal); err != nil {
			return err
		}
	}
	k.state = next
	for _, ev := range applied {
		if ev.Type == pawl.EvEnded && ev.Result == pawl.Done {
			k.since = k.s.now
		}
	}
	return nil
}

// write appends to the journal. A crash before it or after it, and an answer
// that is lost, are different things.
func (k *worker) write(events []pawl.Event, seal []sealed) error {
	s := k.s
	if err := k.pass(); err != nil {
		return err // nothing was written
	}
	if s.strikes(faultJournalDown) {
		return errUnavailable
	}
	unknown := s.strikes(faultJournalLost)
	author := -1
	if !unknown {
		var err error
		before := s.journal.epoch
		if author, err = s.journal.append(k.at, events, seal, !k.mutant.noFence); err != nil {
			return err
		}
		s.mon.appended(k, before)
		for _, ev := range events {
			s.traceEvent(k, ev)
			s.mon.journaled(ev, k)
		}
		unknown = s.strikes(faultJournalDone)
		s.pokeOthers(k)
	}
	if err := k.pass(); err != nil {
		return err // all of it was written
	}
	if unknown && !k.mutant.trusting && !k.recover(author) {
		return errConflict
	}
	k.at.revision++
	k.count += len(events)
	return nil
}

// recover finds out whether an append whose outcome is unknown happened.
func (k *worker) recover(author int) bool {
	j := &k.s.journal
	return j.epoch == k.at.epoch && slices.Contains(j.authors[k.count:], author)
}

// reload takes in what others appended. If somebody else drives now, it stops.
func (k *worker) reload() error {
	if err := k.pass(); err != nil {
		return err
	}
	j := &k.s.journal
	if j.epoch != k.at.epoch && !k.mutant.noFence {
		return errTakenOver
	}
	for _, ev := range j.events[min(k.count, len(j.events)):] {
		k.state.Apply(ev)
	}
	k.count, k.at.revision = len(j.events), j.revision
	return nil
}

// pokeOthers lets the other workers see the append at their next poll.
func (s *sim) pokeOthers(k *worker) {
	for _, o := range s.workers {
		if o != k && o.alive && o.waiting {
			o.wakeAt(s.now + s.between(0, 300*time.Millisecond))
		}
	}
}

func (s *sim) traceEvent(k *worker, ev pawl.Event) {
	if s.opt.Trace {
		s.tracef("worker %d: %s %s %s %s%s %s %s %s %s", k.n, ev.Type, ev.Step, ev.Consumer, ev.ID, ev.Label, ev.Side, ev.Result, ev.Verdict, ev.Kind)
	}
}

// known is everything that pawl itself knows to have been in a place.
func (k *worker) known(consumer string) (all []value) {
	for _, v := range k.values {
		if len(v.name) < 6 || v.name[:6] != "prior/" || v.name == priorName(consumer) {
			all = append(all, v.value)
		}
	}
	return all
}

func (k *worker) value(name string) value {
	for _, v := range k.values {
		if v.name == name {
			return v.value
		}
	}
	return nothing
}

func (k *worker) side(side pawl.Side, attempt int) value {
	if side == pawl.Old {
		return k.value("old")
	}
	return k.value(newName(attempt))
}

// wanted is what a place is to hold.
func (k *worker) wanted(a rotation.Action) value {
	if a.Prior {
		return k.value(priorName(a.Consumer))
	}
	return k.side(a.Side, a.Attempt)
}

func newName(attempt int) string {
	return "new/" + strconv.Itoa(attempt)
}

func priorName(consumer string) string { return "prior/" + consumer }
