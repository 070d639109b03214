package rotation

import (
	"fmt"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
)

// preflight: no effect before every check that needs none has passed.
func (d *decider) preflight() bool {
	switch {
	case d.s.Ready:
		return true
	case d.s.Failure.Type != "":
		d.Append = append(d.Append, pawl.Event{Type: pawl.EvClosed, Outcome: pawl.Failed, Detail: d.s.Failure.Detail})
	default:
		d.do(Action{Do: DoPreflight})
	}
	return false
}

// mint: one generation whose value is sealed in the journal. One whose answer
// was lost is found by its label, revoked, and minted again.
func (d *decider) mint() bool {
	a := d.s.Attempt()
	if a != nil && a.GivenUp == "" {
		return d.settleMint()
	}
	if !d.kills(false) {
		return false
	}
	if a != nil && !d.mintAgain(a) {
		return false
	}
	n := len(d.s.Attempts) + 1
	label := fmt.Sprintf("%s/%d", d.s.Label, n)
	if d.s.Plan.Hand != nil {
		// Nobody begins anything by this: a person acts once they see the label, and
		// they see it only when it is durable. A crash here has asked nobody.
		d.Append = append(d.Append, pawl.Event{Type: pawl.EvIntended, Step: pawl.StepMint, Attempt: n, Label: label})
		return false
	}
	d.do(Action{Do: DoMint, Attempt: n, Label: label})
	return false
}

// mintAgain reports whether another generation may be minted after a, which
// was given up.
func (d *decider) mintAgain(a *Attempt) bool {
	if a.Status == NotDone && !a.Kind.Unchanged() {
		switch a.Kind {
		case pawl.Denied, pawl.Forbidden, pawl.Operator:
			d.help("", a.Kind, a.Detail, a.Hint)
		default:
			d.abort(a.Kind, a.Detail)
		}
		return false
	}
	if d.s.Minted >= Mints {
		d.abort(a.Kind, fmt.Sprintf("minting was tried %d times; the last one was given up because %s", d.s.Minted, a.GivenUp))
		return false
	}
	if a.Status == NotDone && !d.due(a.At.Add(backoff(d.s.Minted))) {
		d.wait(Wait{On: OnEffect, Detail: a.Detail})
		return false
	}
	return true
}

// settleMint reports whether it is known what became of the attempt in use.
func (d *decider) settleMint() bool {
	a := d.s.Attempt()
	if a == nil || a.GivenUp != "" || a.Status == Done {
		return true
	}
	if a.Status == Intended && d.s.Plan.Hand != nil {
		d.mintByHand(a)
		return false
	}
	if a.Status == Intended {
		d.wait(Wait{On: OnEffect, Detail: "minting"})
		return false
	}
	if !d.due(a.At) {
		d.wait(Wait{On: OnTimer, Detail: "the clock went backwards", Until: a.At})
		return false
	}
	// Unsure. Looking at once finds what was made; that nothing was made is
	// only known once the request can no longer land.
	if d.s.Found.Before(a.At) || d.s.FindFails > 0 || d.due(a.At.Add(Settle)) && d.due(d.s.Found.Add(time.Second)) {
		d.find(a.Label)
		return false
	}
	d.wait(Wait{On: OnEffect, Detail: "looking for what became of a mint whose answer was lost"})
	return false
}

// find lists what carries the label, less and less often while that fails.
func (d *decider) find(label string) {
	switch n := d.s.FindFails; {
	case n > Tries || n > 0 && (d.s.FindKind == pawl.Denied || d.s.FindKind == pawl.Forbidden || d.s.FindKind == pawl.Operator):
		d.help("", d.s.FindKind, "cannot list what is live at the vendor: "+d.s.FindDetail, "")
	case n == 0 || d.due(d.s.Found.Add(backoff(n))):
		d.do(Action{Do: DoFind, Label: label})
	default:
		d.wait(Wait{On: OnEffect, Detail: d.s.FindDetail})
	}
}

// verify: the new value works, is of the right account, and can do what its
// consumers need. Three refusals in a row and it is given up.
func (d *decider) verify() bool {
	a := d.s.Attempt()
	if !a.Works.IsZero() && d.s.New.Refused == 0 {
		return true // and if it is refused now and then, it is tried until that is decided
	}
	if c := d.s.New; c.Kind == pawl.Mismatch {
		d.abort(pawl.Mismatch, "the new generation is not what the catalog asks for: "+c.Detail)
		return false
	}
	if d.s.TooShort(a.At, a.Expires) {
		d.abort(pawl.Mismatch, fmt.Sprintf("the new generation lives only until %s", a.Expires.UTC().Format(time.RFC3339)))
		return false
	}
	d.check(pawl.New, a.At)
	return false
}

// shortest is the least life of a new generation that is not a mistake.
const shortest = 24 * time.Hour

// check tries the value of one side, soon again as long as the answers decide
// nothing.
func (d *decider) check(side pawl.Side, since time.Time) {
	c := d.s.Checked(side)
	if c.Tries > 0 {
		d.wait(Wait{On: OnEffect, Kind: c.Kind, Detail: "checking the " + string(side) + " value: " + c.Detail})
	}
	if c.Tries == 0 || d.due(c.At.Add(max(pace(d.now.Sub(since)), backoff(min(c.Tries, 4))))) {
		d.do(Action{Do: DoCheck, Side: side, Attempt: len(d.s.Attempts)})
	}
}

// abort turns back because the rotation cannot succeed. Past the point of no
// return there is no back, only a person.
func (d *decider) abort(kind pawl.Kind, why string) {
	if d.s.Past() {
		d.help("", kind, why, "")
		return
	}
	d.Append = append(d.Append, pawl.Event{Type: pawl.EvRollback, Kind: kind.String(), Reason: why, Detail: why})
}

// kills reports whether every generation that must go is gone. One that places
// may be on goes only at the end, when everything has moved: that its vendor
// refused it for a while is no proof that it is dead.
func (d *decider) kills(all bool) bool {
	gone := true
	for i := range d.s.Kills {
		k := &d.s.Kills[i]
		if k.Status == Done || !all && d.s.spread(k.ID) {
			continue
		}
		gone = false
		if d.again(&k.Effect, "") {
			d.do(Action{Do: DoKill, ID: k.ID, Why: k.Why})
		}
	}
	return gone
}

// lingers reports whether places may be on a generation that must go.
func (s *State) lingers() bool {
	return slices.ContainsFunc(s.Kills, func(k Kill) bool { return k.Status != Done && s.spread(k.ID) })
}

// spread reports whether places were ever asked to use a generation.
func (s *State) spread(id string) bool {
	return slices.ContainsFunc(s.Attempts, func(a Attempt) bool { return a.ID == id && !a.Works.IsZero() })
}
