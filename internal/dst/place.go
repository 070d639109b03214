package dst

import (
	"slices"
	"strconv"
	"time"

	"github.com/pawl-dev/pawl"
)

// A place is the truth about one consumer: what is stored there, and what its
// processes run on, which is not the same for a while after each write.
type place struct {
	s      *sim
	c      *pawl.Place
	kind   string
	snap           // as it is now
	past   []snap  // as it was, oldest first
	origin value   // what it held before the rotation
	ever   []value // what was ever stored there
	runs   []value // workflow runs: what each ran on
	ran    []value // values that its processes ever ran on
	lag    time.Duration
	cas    bool // a write is refused if the place changed since it was read
	asks   bool // a write waits for a person at the vendor
	wait   value
	ours   bool          // the rotation has written it
	broken time.Duration // releases fail until then
	since  time.Duration // since when the processes run on what they run on
	hand   time.Duration // when somebody else last changed it
}

// A snap is what can be seen of a place.
type snap struct {
	at      time.Duration
	stored  value
	version int
	run     value
	booted  int // the version that the processes booted with
	failed  bool
}

func (s *sim) newPlace(i int) *place {
	c := &s.plan.Consumers[i]
	p := &place{s: s, c: c, kind: c.Op.Name, origin: oldOne, hand: -1, cas: c.Op.Name != kindCI && s.chance(0.5), lag: s.between(300*time.Millisecond, 5*time.Second)}
	if s.chance(0.2) {
		p.lag = s.between(5*time.Second, 3*time.Minute)
	}
	if c.Store && s.chance(0.05) {
		p.asks = true
	}
	if !c.Store && c.Human == nil && c.Op.Name != kindCI && s.chance(0.1) { // drift
		p.origin = foreign + value(i)
	}
	p.stored, p.run, p.version, p.booted = p.origin, p.origin, 1, 1
	p.ever, p.ran = []value{p.origin}, []value{p.origin}
	p.past = []snap{p.snap}
	return p
}

// required reports whether a revoke has to wait for this place.
func (p *place) required() bool { return p.c.Required() }

// runsOn is what a revoke would take away: nothing for the store, which only
// keeps.
func (p *place) runsOn() value {
	if p.kind == kindStore {
		return nothing
	}
	return p.run
}

// view is the place as it was some time ago.
func (p *place) view(ago time.Duration) snap {
	for i := len(p.past) - 1; i > 0; i-- {
		if p.past[i].at <= p.s.now-ago {
			return p.past[i]
		}
	}
	return p.past[0]
}

func (p *place) note() {
	p.at = p.s.now
	p.past = append(p.past, p.snap)
}

// put stores a value. The processes follow once a release is through.
func (p *place) put(v value, why string) {
	p.s.tracef("   %s: stores %s (%s)", p.c.ID, v, why)
	p.stored, p.failed = v, false
	p.version++
	if !slices.Contains(p.ever, v) {
		p.ever = append(p.ever, v)
	}
	switch version := p.version; {
	case p.kind == kindStore:
	case p.kind == kindCI:
		p.switchTo(v)
	case p.s.now < p.broken:
		p.failed = true
		p.s.after(p.broken-p.s.now, func() { p.release(version) })
	default:
		p.s.after(p.s.between(p.lag/2, p.lag), func() { p.boot(version) })
	}
	p.note()
}

// release tries a release that failed once more.
func (p *place) release(version int) {
	if version == p.version && p.failed {
		p.failed = false
		p.note()
		p.s.after(p.s.between(p.lag/2, p.lag), func() { p.boot(version) })
	}
}

func (p *place) boot(version int) {
	if version != p.version {
		return // a later release came first
	}
	p.s.tracef("   %s: runs on %s", p.c.ID, p.stored)
	p.booted = version
	p.switchTo(p.stored)
	p.note()
}

func (p *place) switchTo(v value) {
	if p.run == v {
		return
	}
	p.s.mon.exposure()
	p.run, p.since = v, p.s.now
	if !slices.Contains(p.ran, v) {
		p.ran = append(p.ran, v)
	}
}

// A wish is a write as it arrives.
type wish struct {
	to   value
	over []value // nil: whatever is there
}

// A receipt is what it came to.
type receipt struct {
	kind    pawl.Kind
	changed bool
	pending bool
}

// set is one write: it reads, compares, and changes what differs. land is
// called when the change itself arrives, which may be later, or more than once;
// it returns the mark, and whether somebody else came first.
func (p *place) set(w wish) (r receipt, land func() (mark string, raced bool)) {
	read := p.version
	if p.kind != kindCI && p.stored == w.to {
		return receipt{}, func() (string, bool) { return strconv.Itoa(read), false }
	}
	if w.over != nil && !slices.Contains(w.over, p.stored) {
		return receipt{kind: pawl.Conflict}, nil
	}
	if p.asks {
		return receipt{pending: true}, func() (string, bool) { p.ask(w.to); return "", false }
	}
	return receipt{changed: true}, func() (string, bool) {
		if p.cas && p.version != read {
			p.s.tracef("   %s: a write of %s came too late and was refused", p.c.ID, w.to)
			return "", p.stored != w.to
		}
		p.put(w.to, "written")
		return strconv.Itoa(p.version), false
	}
}

// ask leaves a write to a person at the vendor, who agrees after a while.
func (p *place) ask(v value) {
	p.wait = v
	p.s.tracef("   %s: %s waits for a person at the vendor", p.c.ID, v)
	if p.s.chance(0.3) {
		p.s.after(p.s.between(time.Second, time.Minute), func() {
			if p.wait == v {
				p.s.tracef("   %s: %s is rejected", p.c.ID, v)
				p.wait = nothing
			}
		})
		return
	}
	p.s.after(p.s.between(time.Second, time.Minute), func() { p.agree(v) })
}

// agree is that person, who can see what the rotation wants now.
func (p *place) agree(v value) {
	switch {
	case p.wait != v || p.s.journal.closed:
	case p.s.people.current(p.s.fold().Target) == v:
		p.wait, p.asks = nothing, false
		p.put(v, "agreed to at the vendor")
	default:
		p.s.after(time.Minute, func() { p.agree(v) })
	}
}

// A question is what a look asks.
type question struct {
	want, not value
	prior     bool // want is what it held before: it can be compared with what is stored, and with nothing else
	mark      string
	ticket    string
	proof     string
}

// observe is one look, at the place as it was some time ago.
func (p *place) observe(q question, ago time.Duration) pawl.Observation {
	v := p.view(ago)
	o := pawl.Observation{Mark: strconv.Itoa(v.version)}
	mark, _ := strconv.Atoi(q.mark)
	if p.kind == kindCI {
		switch {
		case v.version > mark && mark > 0:
			o.Holds = pawl.HoldsOther
		case v.version == mark:
			o.Verdict, o.Class = pawl.Proved, pawl.Timestamp
		}
		return o
	}
	if v.version < mark {
		return o // older than our write: it shows nothing
	}
	o.Holds = q.holds(v.stored)
	if o.Holds != pawl.HoldsWant {
		return o
	}
	switch {
	case p.kind != kindApp:
		o.Verdict, o.Class = pawl.Proved, pawl.ReadBack
	case v.failed:
		o.Verdict = pawl.Refuted
	case v.run == q.want && v.booted == v.version:
		o.Verdict, o.Class = pawl.Proved, pawl.Running
	}
	return o
}

func (q question) holds(v value) pawl.Holds {
	switch v {
	case q.want:
		return pawl.HoldsWant
	case nothing:
		return pawl.HoldsNothing
	case q.not:
		return pawl.HoldsNot
	}
	return pawl.HoldsOther
}

// prove is what a proof from outside shows.
func (p *place) prove(q question, ago time.Duration) (o pawl.Observation) {
	v := p.view(ago)
	switch q.proof {
	case "health": // says that all is well, not with what
		o.Verdict = pawl.Proved
	case "workflow":
		n, err := strconv.Atoi(q.ticket)
		if err != nil || n >= len(p.runs) {
			return o
		}
		o.Holds = q.holds(p.runs[n])
		if o.Verdict = pawl.Refuted; p.runs[n] == q.want {
			o.Verdict, o.Class = pawl.Proved, pawl.Exercised
		}
	default:
		o.Holds = q.holds(v.run)
		switch {
		case q.prior && o.Holds != pawl.HoldsNot:
			o.Verdict, o.Holds = pawl.Proved, pawl.HoldsOther
		case v.run == q.want:
			o.Verdict, o.Class = pawl.Proved, pawl.Attested
		}
	}
	return o
}

// run starts a workflow, which uses what is stored then.
func (p *place) startRun() (ticket string) {
	p.runs = append(p.runs, p.stored)
	return strconv.Itoa(len(p.runs) - 1)
}

func (v value) String() string {
	switch {
	case v == nothing:
		return "nothing"
	case v >= foreign:
		return "somebody's value " + strconv.Itoa(int(v-foreign))
	}
	return "g" + strconv.Itoa(int(v))
}
