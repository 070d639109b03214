package engine

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/seal"
)

// values are the opened values of one rotation, by their name in the journal.
type values struct {
	mu *sync.Mutex
	m  map[string]pawl.Secret
}

func newValues() values { return values{new(sync.Mutex), map[string]pawl.Secret{}} }

func (v values) put(name string, s pawl.Secret) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.m[name] = s
}

func (v values) get(name string) pawl.Secret {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.m[name]
}

// has reports whether a value is one of those.
func (v values) has(s pawl.Secret) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, known := range v.m {
		if known.Equal(s) {
			return true
		}
	}
	return false
}

// named is the name of a value that is one of those, or "".
func (v values) named(s pawl.Secret) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(v.m)) {
		if v.m[name].Equal(s) && !strings.HasPrefix(name, "prior/") {
			return name
		}
	}
	return ""
}

func (v values) side(side pawl.Side, attempt int) pawl.Secret { return v.get(sealName(side, attempt)) }

// known is everything that pawl itself knows to have been in a place: it may
// be overwritten. Anything else there is somebody's work.
func (v values) known(s *rotation.State, consumer string) []pawl.Content {
	over := []pawl.Content{{Secret: v.get(sealName(pawl.Old, 0))}}
	for _, a := range s.Attempts {
		if value := v.side(pawl.New, a.Number); !value.IsZero() {
			over = append(over, pawl.Content{Secret: value})
		}
	}
	if prior := v.get(priorName(consumer)); !prior.IsZero() {
		over = append(over, pawl.Content{Secret: prior, Snapshot: true})
	}
	return over
}

func sealName(side pawl.Side, attempt int) string {
	if side == pawl.Old {
		return "old"
	}
	return "new/" + strconv.Itoa(attempt)
}

func priorName(consumer string) string { return "prior/" + consumer }

// context binds a sealed value to its one place: moved anywhere else it does
// not open.
func (e *Engine) context(id pawl.RotationID, name string) seal.Context {
	return seal.Context{Install: e.cfg.Journal.Install(), Table: "sealed", Row: id.String() + "/" + name,
		Rotation: id.String(), Credential: id.Credential, Kind: name, Version: 1}
}

func (e *Engine) seal(id pawl.RotationID, name string, value pawl.Secret) (journal.Sealed, error) {
	ct, err := e.cfg.Box.Seal(value, e.context(id, name))
	return journal.Sealed{Name: name, Ciphertext: ct}, err
}

// adopt opens the values that somebody else has sealed since they were opened:
// a new one that a person gave.
func (r *run) adopt(ctx context.Context) error {
	for _, a := range r.state.Attempts {
		if a.Status != rotation.Done || r.state.Outcome != "" || !r.values.side(pawl.New, a.Number).IsZero() {
			continue
		}
		value, err := r.e.unseal(ctx, r.id, sealName(pawl.New, a.Number))
		if err != nil {
			return err
		}
		r.values.put(sealName(pawl.New, a.Number), value)
	}
	return nil
}

func (e *Engine) unseal(ctx context.Context, id pawl.RotationID, name string) (pawl.Secret, error) {
	ct, err := e.cfg.Journal.Sealed(ctx, id, name)
	if err != nil {
		return pawl.Secret{}, err
	}
	return e.cfg.Box.Open(ct, e.context(id, name))
}

// open opens every value that the rotation still needs.
func (e *Engine) open(ctx context.Context, id pawl.RotationID, s *rotation.State) (values, error) {
	v := newValues()
	if !s.Ready || s.Outcome != "" {
		return v, nil
	}
	names := []string{sealName(pawl.Old, 0)}
	for _, a := range s.Attempts {
		if a.Status == rotation.Done {
			names = append(names, sealName(pawl.New, a.Number))
		}
	}
	for i, p := range s.Places {
		if p.Prior != "" {
			names = append(names, priorName(s.Plan.Consumers[i].ID))
		}
	}
	for _, name := range names {
		value, err := e.unseal(ctx, id, name)
		if err != nil {
			return v, err
		}
		v.put(name, value)
	}
	return v, nil
}
