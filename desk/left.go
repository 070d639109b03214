package desk

import (
	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
)

// A glimpse is what who drives a rotation saw of it last. It is more than the
// journal keeps: looks that showed nothing yet, checks that only said the same
// again. It is in memory only; whoever drives next sees it again.
type glimpse struct {
	phase    rotation.Phase
	waits    []rotation.Wait
	revision int64 // at which it was left; 0: it is being driven
}

// note keeps what is seen of a rotation, until it is finished.
func (p *Pool) note(id pawl.RotationID, s glimpse) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.glimpses[id] = s
}

// glimpse is what was seen of a rotation when it was left, if nobody has said
// anything to it since.
func (p *Pool) glimpse(run journal.Run) (glimpse, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.glimpses[run.ID]
	leaving := len(run.Events) > 0 && run.Events[len(run.Events)-1].Type == pawl.EvStopped && p.driven[run.ID]
	return s, ok && run.Outcome == "" && (s.revision == 0 && leaving || s.revision == run.Revision)
}

// waits are what keeps a rotation, as they cross the wire.
func waits(all []rotation.Wait) []api.Wait {
	out := []api.Wait{}
	for _, w := range all {
		x := api.Wait{On: string(w.On), Consumer: w.Consumer, Place: w.Place, Detail: w.Detail, Hint: w.Hint, Until: stamp(w.Until)}
		if w.Kind != pawl.Other {
			x.Kind = w.Kind.String()
		}
		out = append(out, x)
	}
	return out
}
