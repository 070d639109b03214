package rotation

import (
	"time"

	"github.com/pawl-dev/pawl"
)

// dead: the doomed value is tried at its vendor until it is refused several
// times in a row. That the vendor accepted the revoke proves nothing.
func (d *decider) dead() bool {
	doomed := d.s.Doomed()
	if !d.s.Dead.IsZero() || doomed == pawl.New && d.s.NewID() == "" {
		return true
	}
	if !d.due(d.s.Revoke.At) {
		d.wait(Wait{On: OnTimer, Detail: "the clock went backwards", Until: d.s.Revoke.At})
		return false
	}
	c := d.s.Checked(doomed)
	if c.Refused >= Refusals {
		until := d.now
		if d.s.Target == pawl.New && d.s.Plan.Reason != pawl.Leak {
			until = until.Add(d.s.Plan.Watch)
		}
		d.Append = append(d.Append, pawl.Event{Type: pawl.EvWatching, Side: doomed, Until: until, Detail: d.s.took()})
		return false
	}
	wait := 200 * time.Millisecond // between two refusals, so that they are not one hiccup
	if c.Works {
		wait = pace(c.At.Sub(d.s.Revoke.At))
		d.wait(Wait{On: OnDeath, Detail: "the vendor still accepts the " + string(doomed) + " value"})
	} else if c.Refused == 0 && c.Tries > 0 {
		wait = max(pace(c.At.Sub(d.s.Revoke.At)), time.Second)
		d.wait(Wait{On: OnDeath, Kind: c.Kind, Detail: "not refused yet: " + c.Detail})
	} else {
		d.wait(Wait{On: OnDeath, Detail: "being refused"})
	}
	if !c.At.After(d.s.Revoke.At) || d.due(c.At.Add(wait)) {
		d.do(Action{Do: DoCheck, Side: doomed, Attempt: len(d.s.Attempts)})
	}
	return false
}

// watch: consumers are looked at after the doomed generation is dead, at least
// once; one that fell back is written again.
func (d *decider) watch() bool {
	over := d.due(d.s.WatchUntil)
	if !over {
		d.wait(Wait{On: OnTimer, Detail: "looking that nothing breaks", Until: d.s.WatchUntil})
	}
	ok := true
	for i, c := range d.s.Plan.Consumers {
		if c.Human != nil || d.s.Target == pawl.Old && !d.s.Places[i].Touched {
			continue
		}
		if d.s.believed(i) && d.s.Places[i].Look.Verdict != pawl.Proved {
			continue // a person's word is all there is; a look shows no more of it than before
		}
		look := d.watchPlace
		if d.s.Accepted(i) {
			look = d.attempt
		}
		if !look(i) {
			ok = false
		}
	}
	if c := d.s.New; over && d.s.Target == pawl.New && !(c.Works && !c.At.Before(d.s.WatchUntil)) {
		d.check(pawl.New, d.s.WatchUntil) // somebody may have revoked it meanwhile
		return false
	}
	return over && ok
}

// watchPlace reports whether a place was seen on the target since the doomed
// generation died, and late enough.
func (d *decider) watchPlace(i int) bool {
	c, p := &d.s.Plan.Consumers[i], &d.s.Places[i]
	if !d.s.wrote(p) {
		d.write(i)
		return false
	}
	last := d.s.WatchUntil
	every := min(max(d.s.WatchUntil.Sub(d.s.Dead)/20, time.Second), time.Minute)
	v := d.s.seen(p)
	ok := d.since(v, last, every, func() { d.look(c, p) })
	if v.Verdict != pawl.Proved {
		d.unproved(c.ID, v)
	}
	if d.prior(p) {
		return ok // it was seen to leave what is dead now; nothing more was true of it before
	}
	for j, op := range c.Proofs {
		if op.Starts {
			continue // it ran on the new value, and the place still shows our write
		}
		pr := &p.Proofs[j]
		if !d.since(pr.Seen, last, every, func() { d.prove(DoProve, c, p, j) }) {
			ok = false
		}
		if pr.Verdict != pawl.Proved {
			d.unproved(c.ID, pr.Seen)
		}
	}
	return ok
}

// since looks once right after the death, then every so often, and once at
// the end of the watch; it reports whether that last look proved the target.
func (d *decider) since(v Seen, last time.Time, every time.Duration, look func()) bool {
	if v.Verdict == pawl.Proved && !v.At.Before(last) && !v.At.Before(d.s.Dead) {
		return true
	}
	switch next := v.At.Add(every); {
	case !d.due(d.s.Dead): // the clock went backwards: what is seen now would count as seen before
	case v.At.Before(d.s.Dead), !d.now.Before(last) && v.At.Before(last):
		look()
	case d.due(next):
		look()
	}
	return false
}

// sweep: one last listing by label. Whatever carries one of ours and is not in
// use must go, also what was born late.
func (d *decider) sweep() bool {
	if len(d.s.Attempts) == 0 {
		return d.kills(true)
	}
	if !d.kills(true) {
		return false
	}
	if !d.due(d.s.Unsettled) {
		d.wait(Wait{On: OnTimer, Detail: "a lost request may still land; looking once more then", Until: d.s.Unsettled})
		return false
	}
	if d.s.Swept.IsZero() || d.s.Swept.Before(d.s.Dead) || d.s.Swept.Before(d.s.Unsettled) {
		d.find(d.s.Label)
		return false
	}
	return true
}

// took is how long the revoke took to be heeded, or nothing if there was none.
func (s *State) took() string {
	if s.Revoke.At.IsZero() {
		return ""
	}
	return s.Checked(s.Doomed()).First.Sub(s.Revoke.At).Round(time.Millisecond).String()
}
