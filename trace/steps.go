package trace

import (
	"cmp"

	"github.com/pawl-dev/pawl"
)

// Names of the spans that are no [pawl.Step].
const (
	Rotation = "rotation"

	checks  = "checks"
	prove   = "prove"
	confirm = "confirm"
	soak    = "soak"
	dead    = "dead"
	watch   = "watch"
)

// How a span ended, where that is no result, verdict or outcome.
const (
	interrupted = "interrupted" // the process that was in the middle of it is gone
	superseded  = "superseded"  // something else is wanted by now
	left        = "left"        // the rotation was over before it
)

// driven reports whether a span is one effect, which some process is in the
// middle of. A mint by hand is a person's, however many processes come and go.
func (f *fold) driven(b *begun) bool {
	switch pawl.Step(b.name) {
	case pawl.StepMint:
		return f.plan.Hand == nil
	case pawl.StepKill, pawl.StepSet, pawl.StepStart, pawl.StepNotify, pawl.StepRevoke:
		return true
	}
	return false
}

// driving: what another process was in the middle of may have happened or not.
func (f *fold) driving(e pawl.Event) {
	f.drop(e, string(pawl.Unsure), interrupted, f.driven)
	f.drop(e, interrupted, "", func(b *begun) bool { return b.name == checks })
	if !f.ready {
		f.begin(e, key{name: checks})
	}
}

func (f *fold) checked(e pawl.Event) {
	failed := ""
	if f.ready = e.Result == pawl.Done; !f.ready {
		failed = pawl.KindNamed(e.Kind).String()
	}
	f.why = failed // or what was in the way is mended
	f.end(e, key{name: checks}, string(e.Result), failed)
}

// of is the key of an effect.
func of(e pawl.Event) key {
	switch e.Step {
	case pawl.StepMint: // its id is known afterwards
		return key{name: string(e.Step), attempt: e.Attempt}
	case pawl.StepKill, pawl.StepRevoke:
		return key{name: string(e.Step), side: e.Side, id: e.ID}
	}
	return key{string(e.Step), e.Consumer, e.Proof, e.Side, e.Attempt, e.Reminder, ""}
}

func (f *fold) intended(e pawl.Event) {
	switch e.Step {
	case pawl.StepMint: // who moved to an earlier attempt has to move again
		f.drop(e, superseded, "", func(b *begun) bool { return b.name == confirm })
	case pawl.StepSet: // what an earlier write was to show is not asked any more
		f.drop(e, superseded, "", func(b *begun) bool { return b.name == prove && b.consumer == e.Consumer })
	}
	f.begin(e, of(e))
}

func (f *fold) effect(e pawl.Event) {
	if e.Result != pawl.Done {
		f.end(e, of(e), string(e.Result), pawl.KindNamed(e.Kind).String())
		return
	}
	f.end(e, of(e), string(e.Result), "")
	switch e.Step {
	case pawl.StepSet:
		f.begin(e, proofOf(e, 0))
		for i, op := range f.proofs(e.Consumer) {
			if !op.Starts {
				f.begin(e, proofOf(e, i+1))
			}
		}
	case pawl.StepStart:
		f.begin(e, proofOf(e, e.Proof))
	case pawl.StepNotify:
		if e.Reminder == 0 {
			f.begin(e, key{name: confirm, consumer: e.Consumer})
		}
	case pawl.StepRevoke:
		if k := (key{name: dead}); f.open[k] == nil { // it may be sent more than once
			f.begin(e, k)
		}
	}
}

func proofOf(e pawl.Event, n int) key {
	return key{name: prove, consumer: e.Consumer, proof: n, side: e.Side, attempt: e.Attempt}
}

func (f *fold) observed(e pawl.Event) {
	switch e.Verdict {
	case pawl.Proved:
		f.end(e, proofOf(e, e.Proof), string(e.Verdict), "", Attribute{"pawl.evidence", e.Class.String()})
		if p := f.plan.Place(e.Consumer); p != nil && p.Hand != nil && e.Proof == 0 {
			f.end(e, key{name: confirm, consumer: e.Consumer}, string(pawl.Done), "") // it was done, and nobody had to say so
		}
	case pawl.Refuted:
		f.end(e, proofOf(e, e.Proof), string(e.Verdict), string(e.Verdict))
	}
}

// rested ends a soak whose time was over before this event.
func (f *fold) rested(e pawl.Event) {
	if b := f.open[key{name: soak}]; b != nil && !e.At.Before(b.until) {
		f.end(pawl.Event{At: b.until}, b.key, string(pawl.Done), "")
	}
}

// turned: what was waited for on the way there is not waited for on the way back.
func (f *fold) turned(e pawl.Event) {
	f.drop(e, superseded, "", func(b *begun) bool { return !f.driven(b) })
	if e.Kind != "" {
		f.why = pawl.KindNamed(e.Kind).String()
	}
}

// closed ends what was still waited for, and then the rotation.
func (f *fold) closed(e pawl.Event) {
	f.end(e, key{name: watch}, string(pawl.Done), "")
	f.drop(e, left, "", func(*begun) bool { return true })
	failed := ""
	if e.Outcome == pawl.Failed {
		failed = cmp.Or(f.why, string(pawl.Failed))
	}
	f.close(e, f.root, string(e.Outcome), failed)
}
