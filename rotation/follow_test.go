package rotation_test

import (
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/rotation"
)

// TestFollow: to who only looks on, what was proved before a process took the
// rotation up stays proved; to the process itself it has to be seen again.
func TestFollow(t *testing.T) {
	w := newWorld(t, somePlan())
	w.run()
	seen := rotation.Decide(w.state, w.now).Phase
	events := append(w.events, pawl.Event{Type: pawl.EvDriving, At: w.now, Epoch: 7})
	onlooker, driver := rotation.FollowAll(events), rotation.Fold(events)
	if got := rotation.Decide(onlooker, w.now).Phase; got != seen {
		t.Errorf("to an onlooker it went from %s to %s", seen, got)
	}
	if got := rotation.Decide(driver, w.now).Phase; got == seen {
		t.Errorf("the driver believes what was seen before it came (%s)", got)
	}
	if onlooker.Epoch != 7 || onlooker.Guard(w.now) == nil {
		t.Errorf("epoch %d, guard %v", onlooker.Epoch, onlooker.Guard(w.now))
	}
}
