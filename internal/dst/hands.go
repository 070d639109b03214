package dst

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/provider/fence"
	"github.com/pawl-dev/pawl/rotation"
)

// open gives a process's engine the world behind the interfaces of providers.
func (k *worker) open(_ context.Context, plan pawl.Plan) (*engine.Hands, error) {
	n := len(plan.Consumers)
	h := &engine.Hands{Issuer: issuer{k}, Consumers: make([]pawl.Consumer, n), Proofs: make([][]pawl.Prover, n), Notifiers: make([]pawl.Notifier, n)}
	for i, c := range plan.Consumers {
		p := consumer{k, k.s.places[i]}
		switch c.Op.Name {
		case kindHuman:
		case kindCI:
			h.Consumers[i] = p
		default:
			h.Consumers[i] = readable{p}
		}
		if c.Human != nil {
			h.Consumers[i], h.Notifiers[i] = nil, messenger{k, c.ID}
		}
		for number, op := range c.Proofs {
			v := prover{k, p.p, number + 1, op.Name}
			if op.Starts {
				h.Proofs[i] = append(h.Proofs[i], workflow{v})
				continue
			}
			h.Proofs[i] = append(h.Proofs[i], v)
		}
	}
	if k.s.strays.searched {
		h.Searches = []engine.Searching{{Connection: vendorName, Discoverer: discoverer{k}}}
	}
	return h, nil
}

// change sends a call that changes something, once its fence says that it still
// may be. It is the call of the latest intent that fits.
func (k *worker) change(ctx context.Context, key string, fits func(pawl.Event) bool, send func(rotation.Action)) (pawl.Event, error) {
	// It waits in a queue, and there the process may sleep for as long as it likes.
	if _, err := post(ctx, k, key+" queues", false, func(answer func(struct{}, error)) {
		k.s.after(k.s.moment(), func() { answer(struct{}{}, nil) })
	}); err != nil {
		return pawl.Event{}, refused(key, pawl.Unavailable)
	}
	if err := fence.Ask(ctx); err != nil {
		k.s.host.locked(func() { k.s.res.Fenced++ })
		return pawl.Event{}, err
	}
	asked := time.Since(k.s.host.began)
	return post(ctx, k, key, true, func(answer func(pawl.Event, error)) {
		a, ok := k.s.mon.flightFor(fits)
		if !ok {
			k.s.mon.broken("I4", "%s has no intent", key)
			return
		}
		k.asked = asked
		k.s.res.Calls++
		k.s.mon.called(k, a)
		if k.at.epoch != k.s.journal.epoch {
			k.s.res.Exposure.Stale++
		}
		k.replies[flightOf(a)] = func(o outcome) { answer(o.events[0], k.s.host.failure(o.events[0])) }
		send(a)
	})
}

// failure is what a provider says of an effect that came to this.
func (h *host) failure(ev pawl.Event) error {
	switch {
	case ev.Result == pawl.Unsure && h.has(flawUnknown):
		return refused("dst", pawl.Unavailable)
	case ev.Result == pawl.Unsure:
		return &pawl.Error{Op: "dst", Kind: pawl.Unknown, Err: errors.New("no answer")}
	case ev.Kind != "":
		return &pawl.Error{Op: "dst", Kind: pawl.KindNamed(ev.Kind), Err: errors.New("simulated")}
	}
	return nil
}

// see asks the world something, a few times if it is only busy, as the decorators
// of providers do.
func see[T any](ctx context.Context, k *worker, key string, look func(ago time.Duration) (T, error)) (v T, err error) {
	for try := range 4 {
		if try > 0 {
			select {
			case <-time.After(time.Duration(try) * 700 * time.Millisecond):
			case <-ctx.Done():
				return v, err
			}
		}
		if v, err = seeOnce(ctx, k, key, look); !pawl.KindOf(err).Unchanged() {
			break
		}
	}
	return v, err
}

func seeOnce[T any](ctx context.Context, k *worker, key string, look func(ago time.Duration) (T, error)) (T, error) {
	return post(ctx, k, key, false, func(answer func(T, error)) {
		s, g := k.s, k.s.sight()
		var v T
		var err error
		s.after(g.asked, func() { v, err = look(g.ago) })
		s.after(g.answer, func() {
			switch {
			case g.kind == pawl.Unknown: // of a look that is no answer at all
				answer(v, refused(key, pawl.Unavailable))
			case g.kind != pawl.Other:
				answer(v, refused(key, g.kind))
			default:
				answer(v, err)
			}
		})
	})
}

// issuer is the vendor as a [pawl.Issuer].
type issuer struct{ k *worker }

func (i issuer) Mint(ctx context.Context, label string) (g pawl.Generation, err error) {
	k := i.k
	ev, err := k.change(ctx, "mint "+label, func(ev pawl.Event) bool { return ev.Step == pawl.StepMint && ev.Label == label }, func(a rotation.Action) {
		k.mint(a)
		if k.s.host.has(flawRepeat) {
			k.s.after(rotation.Linger+time.Second, func() { k.s.vendor.mint(label) })
		}
	})
	if err != nil {
		return g, err
	}
	k.s.host.locked(func() { g = k.s.host.minted(ev.ID) })
	return g, nil
}

// minted is what the vendor answers to a mint. Now and then that is not what it
// has made: another one's id, another one's value, or only a part.
func (h *host) minted(id string) pawl.Generation {
	s := h.s
	truth := s.vendor.byID(id)
	g := h.generation(truth)
	g.Value = h.secretOf(truth.value)
	if h.has(flawWhose) {
		h.lies = 1
	}
	if h.lies == 0 || h.rng.Float64() >= h.lies || !s.troubled() {
		return g
	}
	s.fired(faultMisanswered)
	theirs := s.vendor.byID(h.colleague)
	switch h.rng.IntN(5) {
	case 0:
		g.ID = theirs.id
	case 1:
		g.Value = h.secretOf(theirs.value)
	case 2:
		g.ID, g.Value = theirs.id, h.secretOf(theirs.value)
	case 3:
		g.ID = ""
	case 4:
		g.ID = "g1"
	}
	if h.has(flawWhose) {
		theirs.label = truth.label
		truth.label = "of a colleague"
		g.ID, g.Value = theirs.id, h.secretOf(theirs.value)
	}
	s.tracef("   vendor: answers the mint of %s with %q", id, g.ID)
	return g
}

func (h *host) generation(g *generation) pawl.Generation {
	return pawl.Generation{ID: g.id, Label: g.label, Created: start.Add(g.born)}
}

func (i issuer) Check(ctx context.Context, x pawl.Secret) error {
	s := i.k.s
	v := s.host.lockedValue(x)
	_, err := see(ctx, i.k, "check "+v.String(), func(ago time.Duration) (struct{}, error) {
		if g := s.vendor.byValue(v); g != nil && s.host.has(flawDead) && s.mon.revokes[g.id] > 0 {
			return struct{}{}, refused("check", pawl.Denied)
		}
		if kind := s.vendor.check(v, s.now-ago); kind != pawl.Other {
			return struct{}{}, refused("check", kind)
		}
		return struct{}{}, nil
	})
	return err
}

// Revoke kills an orphan or the generation that goes. One that was not written
// down is dropped by whoever holds its value.
func (i issuer) Revoke(ctx context.Context, id string) error {
	k := i.k
	s := k.s
	var dropped bool
	s.host.locked(func() {
		_, ok := s.mon.flightFor(func(ev pawl.Event) bool { return ev.ID == id })
		dropped = !ok && id != "g1" && !s.mon.told[id]
	})
	if dropped {
		_, err := post(ctx, k, "drop "+id, false, func(answer func(struct{}, error)) {
			s.tracef("worker %d drops %s", k.n, id)
			s.after(wire, func() { s.vendor.revoke(id); answer(struct{}{}, nil) })
		})
		return err
	}
	target := nothing
	_, err := k.change(ctx, "revoke "+id, func(ev pawl.Event) bool {
		return ev.ID == id && (ev.Step == pawl.StepKill || ev.Step == pawl.StepRevoke)
	}, func(a rotation.Action) {
		target = s.mon.target()
		k.revoke(a, k.asked, target)
	})
	return err
}

func (i issuer) List(ctx context.Context) ([]pawl.Generation, error) {
	s := i.k.s
	return see(ctx, i.k, "list", func(ago time.Duration) (all []pawl.Generation, err error) {
		for _, g := range s.vendor.gens {
			if g.live(s.now - ago) {
				all = append(all, s.host.generation(g))
			}
		}
		return all, nil
	})
}

func (i issuer) Identify(ctx context.Context, x pawl.Secret) (pawl.Generation, error) {
	s := i.k.s
	v := s.host.lockedValue(x)
	return see(ctx, i.k, "identify "+v.String(), func(ago time.Duration) (pawl.Generation, error) {
		g := s.vendor.byValue(v)
		if g == nil || !g.live(s.now-ago) {
			return pawl.Generation{}, refused("identify", pawl.NotFound)
		}
		return s.host.generation(g), nil
	})
}

// consumer is a place as a [pawl.Consumer].
type consumer struct {
	k *worker
	p *place
}

func (c consumer) Set(ctx context.Context, w pawl.Write) (pawl.Receipt, error) {
	k, h := c.k, c.k.s.host
	x := wish{to: h.lockedValue(w.To.Secret)}
	for _, o := range w.Over {
		x.over = append(x.over, h.lockedValue(o.Secret))
	}
	ev, err := k.change(ctx, "set "+c.p.c.ID, func(ev pawl.Event) bool { return ev.Step == pawl.StepSet && ev.Consumer == c.p.c.ID },
		func(a rotation.Action) { k.set(a, x) })
	return pawl.Receipt{Changed: ev.Changed, Pending: ev.Detail, Mark: ev.Mark}, err
}

func (c consumer) Observe(ctx context.Context, l pawl.Look) (pawl.Observation, error) {
	q := c.k.s.host.question(l)
	return see(ctx, c.k, "observe "+c.p.c.ID, func(ago time.Duration) (pawl.Observation, error) {
		o := c.p.observe(q, ago)
		if c.k.s.host.has(flawProof) {
			o.Verdict, o.Class, o.Holds = pawl.Proved, c.p.c.Require, pawl.HoldsWant
		}
		return o, nil
	})
}

// question is a look in the world's terms.
func (h *host) question(l pawl.Look) question {
	return question{want: h.lockedValue(l.Want.Secret), not: h.lockedValue(l.Not), prior: l.Want.Snapshot, mark: l.Mark, ticket: l.Ticket}
}

func (h *host) lockedValue(x pawl.Secret) (v value) {
	h.locked(func() { v = h.valueOf(x) })
	return v
}

// readable is a place that can be read back, and put back exactly.
type readable struct{ consumer }

func (r readable) Read(ctx context.Context) (pawl.Secret, error) {
	return see(ctx, r.k, "read "+r.p.c.ID, func(ago time.Duration) (pawl.Secret, error) {
		return r.k.s.host.secretOf(r.p.view(ago).stored), nil
	})
}

func (r readable) Snapshot(ctx context.Context) (pawl.Secret, error) {
	return see(ctx, r.k, "snapshot "+r.p.c.ID, func(ago time.Duration) (pawl.Secret, error) {
		return r.k.s.host.snapshotOf(r.p.view(ago).stored), nil
	})
}

// prover is a proof of a place.
type prover struct {
	k      *worker
	p      *place
	number int
	name   string
}

func (v prover) Prove(ctx context.Context, l pawl.Look) (pawl.Observation, error) {
	q := v.k.s.host.question(l)
	q.proof = v.name
	return see(ctx, v.k, "prove "+v.p.c.ID, func(ago time.Duration) (pawl.Observation, error) { return v.p.prove(q, ago), nil })
}

type workflow struct{ prover }

func (w workflow) Start(ctx context.Context, _ pawl.Look) (string, error) {
	k := w.k
	ev, err := k.change(ctx, "start "+w.p.c.ID, func(ev pawl.Event) bool {
		return ev.Step == pawl.StepStart && ev.Consumer == w.p.c.ID && ev.Proof == w.number
	}, k.begins)
	return ev.Ticket, err
}

// messenger tells a person.
type messenger struct {
	k  *worker
	id string
}

func (m messenger) Notify(ctx context.Context, _ string, _ pawl.Message) error {
	_, err := m.k.change(ctx, "notify "+m.id, func(ev pawl.Event) bool { return ev.Step == pawl.StepNotify && ev.Consumer == m.id }, m.k.tells)
	return err
}

// discoverer searches the vendor for copies.
type discoverer struct{ k *worker }

func (d discoverer) Areas(context.Context, pawl.Search) ([]pawl.Area, error) {
	return []pawl.Area{{Name: "apps", ID: "1"}}, nil
}

func (d discoverer) Search(ctx context.Context, _ pawl.Area, q pawl.Search) ([]pawl.Found, error) {
	s := d.k.s
	return see(ctx, d.k, "search", func(ago time.Duration) (all []pawl.Found, err error) {
		for _, x := range s.strays.all {
			if x.since > s.now-ago || x.value == nothing {
				continue
			}
			for i, v := range q.Values {
				if v.Equal(s.host.secretOf(x.value)) {
					all = append(all, pawl.Found{Where: strings.TrimPrefix(x.where, vendorName+":"), How: pawl.ByValue, Value: i})
				}
			}
		}
		return all, nil
	})
}
