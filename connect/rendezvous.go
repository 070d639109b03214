package connect

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/fence"
)

// A Rendezvous lets the rotations of one process write together: a write to a
// group (an app) waits until every other rotation that will write there is at
// the door too, and then one call is made for all. Each rotation goes on by
// itself with its own outcome; to none of them is it visible that others are
// there.
//
// What holds, whatever the others do:
//
//   - Nothing is sent while a write waits, so that a crash, an interrupt or the
//     end of its context then changed nothing anywhere. (The intent is in the
//     journal already. Whoever resumes compares first, as after any lost write.)
//   - A write waits for Patience at most, and only for rotations that are still
//     on their way there. One that has ended, failed, or needs a person is not
//     waited for; one that was waited for in vain is not waited for again until
//     it shows up.
//   - Rotations whose waves make them wait for each other do not: the round
//     that began first goes without.
//   - A call whose outcome is unknown is unknown for each rotation that was in
//     it. A crash after the call and before the outcomes are durable leaves
//     each of them with its own intent, to be settled by its own comparison.
//   - A write that comes again (after a refusal, going back, healing) is a write
//     like the first.
//
// Which groups a rotation still writes is told by Join, Follow and Leave. The
// zero value is ready. All methods may be called concurrently.
type Rendezvous struct {
	// Patience is how long a write waits for others at most; 0: 2 minutes.
	Patience time.Duration

	mu     sync.Mutex
	live   map[string]*member // by credential
	rounds map[string]*round  // by group, not sent yet
	begun  int                // rounds so far
	closed bool
}

// A member is a rotation of this process.
type member struct {
	coming map[string]int // groups that it will write to: in which wave
	back   bool           // it puts back what it has written
	late   bool           // it was waited for in vain
}

// Back is the group of those who write to a group on their way back. Writes of
// both directions do not meet: what is written first is waited for last.
func Back(group string) string { return group + " (back)" }

// A round is a call in the making.
type round struct {
	number  int
	group   string
	waiting []*arrival
	timer   *time.Timer
}

// An arrival is a write that waits for its call.
type arrival struct {
	credential string
	group      string // of the round
	joint      pawl.Joint
	ctx        context.Context
	done       chan struct{} // closed once joined says what came of it
	joined     pawl.Joined
}

func (v *Rendezvous) patience() time.Duration { return cmp.Or(v.Patience, 2*time.Minute) }

// Join makes a rotation known before it is driven: coming are the groups that
// it will write to and the wave in which it does; back says that it is on its
// way back.
func (v *Rendezvous) Join(credential string, coming map[string]int, back bool) {
	v.change(func() {
		if v.live == nil {
			v.live, v.rounds = map[string]*member{}, map[string]*round{}
		}
		v.live[credential] = &member{coming: maps.Clone(coming), back: back}
	})
}

// Follow says what Join said, as it is now.
func (v *Rendezvous) Follow(credential string, coming map[string]int, back bool) {
	v.change(func() {
		if m := v.live[credential]; m != nil {
			m.coming, m.back = maps.Clone(coming), back
		}
	})
}

// Leave says that a rotation is not driven any more. It may be called twice.
func (v *Rendezvous) Leave(credential string) {
	v.change(func() { delete(v.live, credential) })
}

// Close ends all waiting: what was not sent is not. It is for interrupts.
func (v *Rendezvous) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
	for _, r := range v.rounds {
		v.dissolve(r)
	}
}

// change applies what became known, and sends what waits for nobody any more.
func (v *Rendezvous) change(what func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	what()
	v.settle()
}

// set writes through the round of the group.
func (v *Rendezvous) set(ctx context.Context, credential, group string, j pawl.Joint) (pawl.Receipt, error) {
	a := &arrival{credential: credential, group: group, joint: j, ctx: ctx, done: make(chan struct{})}
	if !v.arrive(a) {
		return pawl.Receipt{}, notSent(pawl.Operator, "interrupted before it was sent")
	}
	select {
	case <-a.done:
	case <-ctx.Done():
		if v.withdraw(a) {
			return pawl.Receipt{}, notSent(pawl.Unavailable, "gave up waiting for the writes of other rotations")
		}
		// It was sent. What came of it may not be known yet, and is not waited
		// for: the caller has no time left.
		select {
		case <-a.done:
		default:
			return pawl.Receipt{}, &pawl.Error{Op: "connect.Rendezvous", Kind: pawl.Unknown, Err: ctx.Err()}
		}
	}
	return a.joined.Receipt, a.joined.Err
}

func notSent(kind pawl.Kind, text string) error {
	return &pawl.Error{Op: "connect.Rendezvous", Kind: kind, Err: errors.New(text)}
}

// arrive puts a write into the round of its group, or of those on their way
// back.
func (v *Rendezvous) arrive(a *arrival) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return false
	}
	m := v.live[a.credential]
	if m == nil { // nobody said that it is there: it writes alone
		v.send(&round{group: a.group, waiting: []*arrival{a}})
		return true
	}
	if m.back {
		a.group = Back(a.group)
	}
	m.late = false
	r := v.rounds[a.group]
	if r == nil {
		v.begun++
		r = &round{number: v.begun, group: a.group}
		r.timer = time.AfterFunc(v.patience(), func() { v.expire(r) })
		v.rounds[a.group] = r
	}
	r.waiting = append(r.waiting, a)
	v.settle()
	return true
}

// withdraw takes a write back that was not sent yet.
func (v *Rendezvous) withdraw(a *arrival) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	r := v.rounds[a.group]
	if r == nil || !slices.Contains(r.waiting, a) {
		return false
	}
	r.waiting = slices.DeleteFunc(r.waiting, func(b *arrival) bool { return a == b })
	if len(r.waiting) == 0 {
		r.timer.Stop()
		delete(v.rounds, a.group)
	}
	return true
}

// expire sends a round that has waited long enough. Whoever it was waited for
// is not waited for again before it shows up.
func (v *Rendezvous) expire(r *round) {
	v.change(func() {
		if v.rounds[r.group] != r {
			return // it was sent at the same moment
		}
		for _, credential := range v.missing(r) {
			v.live[credential].late = true
		}
	})
}

// settle sends every round that waits for nobody, and one of those that wait
// for each other.
func (v *Rendezvous) settle() {
	for {
		all := slices.SortedFunc(maps.Values(v.rounds), func(a, b *round) int { return a.number - b.number })
		next := slices.IndexFunc(all, func(r *round) bool { return len(v.missing(r)) == 0 })
		if next < 0 {
			next = slices.IndexFunc(all, func(r *round) bool { return v.holds(r, r, nil) })
		}
		if next < 0 {
			return
		}
		v.send(all[next])
	}
}

// missing are the rotations that a round waits for, in order of their names.
func (v *Rendezvous) missing(r *round) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(v.live)) {
		m := v.live[name]
		if _, coming := m.coming[r.group]; coming && !m.late && !r.has(name) {
			names = append(names, name)
		}
	}
	return names
}

func (r *round) has(credential string) bool {
	return slices.ContainsFunc(r.waiting, func(a *arrival) bool { return a.credential == credential })
}

// holds reports whether what r waits for waits, by whatever way, for last: a
// rotation that is missing at r stands in an earlier wave at another round.
// Waves alone can make such a ring; places of one wave arrive together.
func (v *Rendezvous) holds(r, last *round, seen []*round) bool {
	if slices.Contains(seen, r) {
		return false
	}
	seen = append(seen, r)
	for _, name := range v.missing(r) {
		m := v.live[name]
		for _, other := range v.rounds {
			if other == r || !other.has(name) || m.coming[other.group] >= m.coming[r.group] {
				continue
			}
			if other == last || v.holds(other, last, seen) {
				return true
			}
		}
	}
	return false
}

// send makes the call of a round, in a goroutine of its own.
func (v *Rendezvous) send(r *round) {
	if r.timer != nil {
		r.timer.Stop()
		delete(v.rounds, r.group)
	}
	go r.call()
}

// dissolve lets everybody go who waits in a round.
func (v *Rendezvous) dissolve(r *round) {
	r.timer.Stop()
	delete(v.rounds, r.group)
	for _, a := range r.waiting {
		a.joined.Err = notSent(pawl.Operator, "interrupted before it was sent")
		close(a.done)
	}
}

// callTime bounds a call, whatever the vendor does. It is the call of several,
// so it ends with none of their contexts.
const callTime = 2 * time.Minute

func (r *round) call() {
	r.admit()
	if len(r.waiting) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.waiting[0].ctx), callTime)
	defer cancel()
	for i, joined := range r.together(fence.With(ctx, r.fence)) {
		r.waiting[i].joined = joined
		close(r.waiting[i].done)
	}
}

// admit lets those go whose write may not be sent any more. They held nobody up
// for longer than they were waited for.
func (r *round) admit() {
	r.waiting = slices.DeleteFunc(r.waiting, func(a *arrival) bool {
		err := fence.Ask(context.WithoutCancel(a.ctx))
		if err != nil {
			a.joined.Err = err
			close(a.done)
		}
		return err != nil
	})
}

// fence is that of all who share the call. One that is refused at the last
// moment holds the others up: they come again.
func (r *round) fence(context.Context) error {
	for _, a := range r.waiting {
		if err := fence.Ask(context.WithoutCancel(a.ctx)); err != nil {
			return notSent(pawl.Unavailable, "a rotation that shares this write may not send it any more")
		}
	}
	return nil
}

func (r *round) together(ctx context.Context) []pawl.Joined {
	var all []pawl.Joint
	for _, a := range r.waiting {
		all = append(all, a.joint)
	}
	if len(all) == 1 {
		got, err := all[0].Consumer.Set(ctx, all[0].Write)
		return []pawl.Joined{{Receipt: got, Err: err}}
	}
	return all[0].Consumer.(pawl.Joiner).SetJointly(ctx, all)
}
