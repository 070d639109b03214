package dst

import (
	"strconv"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// The kinds of place that differ in what can be shown of them. The kind is the
// operation's name in the plan.
const (
	kindStore = "store" // read back; nothing runs on it
	kindApp   = "app"   // read back, and the platform shows what its processes booted with
	kindBlind = "blind" // read back only; a proof from outside says what runs
	kindCI    = "ci"    // write-only; a run that has to be started shows it
	kindHuman = "human"
)

// newPlan draws what is to be rotated.
func (s *sim) newPlan() pawl.Plan {
	p := pawl.Plan{Format: 1, Credential: "key", Reason: s.reason(), Issuer: pawl.Op{Name: "vendor"}}
	p.Consumers = append(p.Consumers, pawl.Place{ID: "store", Op: pawl.Op{Name: kindStore}, Store: true, Require: pawl.ReadBack})
	waves := 1 + s.rng.IntN(2)
	for i := range 1 + s.rng.IntN(4) {
		wave := 1
		if waves > 1 && i > 0 {
			wave = 2
		}
		p.Consumers = append(p.Consumers, s.consumer("c"+strconv.Itoa(i+1), wave))
	}
	if s.chance(0.2) {
		p.Consumers = append(p.Consumers, pawl.Place{ID: "laptop", Wave: waves, Op: pawl.Op{Name: kindHuman}, Require: pawl.Claimed,
			Human: &pawl.Human{Ask: "open a new shell", Blocks: s.chance(0.7)}})
	}
	if s.chance(0.3) {
		p.Approval = &pawl.Approval{From: "security", Count: 1 + s.rng.IntN(2)}
	}
	p.Soak = []time.Duration{0, 0, 30 * time.Second, 10 * time.Minute}[s.rng.IntN(4)]
	p.Watch = []time.Duration{0, 0, 20 * time.Second, 10 * time.Minute}[s.rng.IntN(4)]
	return p
}

func (s *sim) reason() pawl.Reason {
	switch s.rng.IntN(20) {
	case 0, 1, 2:
		return pawl.Rehearsal
	case 3, 4:
		return pawl.Leak
	}
	return pawl.Scheduled
}

func (s *sim) consumer(id string, wave int) pawl.Place {
	c := pawl.Place{ID: id, Wave: wave}
	switch s.rng.IntN(6) {
	default:
		c.Op.Name, c.Require = kindApp, pawl.Running
		if s.chance(0.3) {
			c.Proofs = []pawl.Op{{Name: "http"}}
		}
	case 0:
		c.Op.Name, c.Require = kindBlind, pawl.Attested
		c.Proofs = []pawl.Op{{Name: "attest"}}
	case 1:
		c.Op.Name, c.Require = kindCI, pawl.Exercised
		c.Proofs = []pawl.Op{{Name: "workflow", Starts: true}}
	case 2:
		c.Op.Name, c.Require = kindApp, pawl.Running
		if s.chance(0.15) { // a catalog that asks for more than can be shown
			c.Op.Name, c.Proofs = kindBlind, []pawl.Op{{Name: "health"}}
		}
	}
	return c
}

// unprovable reports whether the plan asks for more than its places can show.
func unprovable(s *rotation.State) bool {
	for _, c := range s.Plan.Consumers {
		if c.Op.Name == kindBlind && len(c.Proofs) == 1 && c.Proofs[0].Name == "health" {
			return true
		}
	}
	return false
}
