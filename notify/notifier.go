package notify

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
)

// A Channel is a sender with what it is told of.
type Channel struct {
	Name  string
	Tells func(occasion, credential string) bool
	Sender
}

// Config is what a notifier works with. All but Link, Now and Log is required.
type Config struct {
	Desk     *desk.Desk
	Outbox   Outbox
	Channels []Channel
	Link     string
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: nothing is logged
}

// A Notifier finds out what there is to tell, and delivers it.
type Notifier struct {
	cfg   Config
	poked map[string]chan struct{}         // by channel
	known map[pawl.RotationID]api.Rotation // unfinished when it was last looked
	told  map[string]bool                  // keys of what is in the outbox
}

// The notifier's paces.
const (
	look   = time.Minute            // how often it is looked, whatever is heard
	settle = 500 * time.Millisecond // after something was heard: what changes again at once is told once
	recent = 7 * 24 * time.Hour
	memory = 400 * 24 * time.Hour // longer than anybody's reminder
	first  = 10 * time.Second     // until a delivery is tried again; then twice that, and so on
	last   = time.Hour
	giveUp = 3 * 24 * time.Hour
)

// who the notifier is at the desk: it sees, and nothing else.
var who = access.Subject{Actor: pawl.Actor{Type: "system", ID: "notifier"}, Roles: []access.Role{access.Viewer}, Service: true, Scope: []access.Action{access.See}}

// New returns a notifier that does nothing until [Notifier.Run].
func New(cfg Config) *Notifier {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	n := &Notifier{cfg: cfg, poked: map[string]chan struct{}{}, known: map[pawl.RotationID]api.Rotation{}, told: map[string]bool{}}
	for _, c := range cfg.Channels {
		n.poked[c.Name] = make(chan struct{}, 1)
	}
	return n
}

// Run looks and delivers until ctx ends, and waits for what is being delivered.
func (n *Notifier) Run(ctx context.Context) {
	var senders sync.WaitGroup
	defer senders.Wait()
	if err := n.cfg.Outbox.Keep(ctx, slices.Collect(maps.Keys(n.poked)), n.cfg.Now().Add(-memory)); err != nil {
		n.cfg.Log.Error("tidying the outbox", "err", err)
	}
	for _, c := range n.cfg.Channels {
		senders.Go(func() { n.deliver(ctx, c) })
	}
	heard := n.cfg.Desk.Feed().Listen(pawl.RotationID{})
	defer heard.Close()
	timer := time.NewTicker(look)
	defer timer.Stop()
	all := true // at first, and whenever the timer says so, everything is looked at
	for {
		if err := n.look(ctx, all); err != nil && ctx.Err() == nil {
			n.cfg.Log.Error("looking for what there is to tell", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			all = true
		case <-heard.Ready:
			heard.Take()
			all = false
			pause(ctx, settle)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// look puts what there is to tell into the outbox, and ends what stands no more.
func (n *Notifier) look(ctx context.Context, all bool) error {
	began, err := n.cfg.Outbox.Began(ctx, n.cfg.Now())
	if err != nil {
		return err
	}
	cal, err := n.cfg.Desk.Calendar(ctx, who)
	if err != nil {
		return err
	}
	rotations, err := n.rotations(ctx, all, began)
	if err != nil {
		return err
	}
	notes := Notes(cal, rotations, n.cfg.Link)
	if err := n.put(ctx, notes); err != nil {
		return err
	}
	return n.end(ctx, notes, rotations)
}

// rotations are the unfinished ones, as they are at their revision, and those
// that have ended since the last look.
func (n *Notifier) rotations(ctx context.Context, all bool, began time.Time) ([]api.Rotation, error) {
	open, err := n.cfg.Desk.Unfinished(ctx, who)
	if err != nil {
		return nil, err
	}
	var gone []pawl.RotationID
	for id := range n.known {
		if _, still := open[id]; !still {
			gone = append(gone, id)
		}
	}
	if all { // what was begun and has ended while nobody looked
		page, err := n.cfg.Desk.Rotations(ctx, who, desk.Query{Limit: 200})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Items {
			if r.Outcome != "" && !n.told["end/"+r.ID] {
				gone = append(gone, pawl.RotationID{Credential: r.Credential, Number: r.Number})
			}
		}
	}
	for id, revision := range open {
		if r, ok := n.known[id]; ok && r.Revision == revision {
			continue
		}
		if n.known[id], err = n.cfg.Desk.Rotation(ctx, who, id); err != nil {
			return nil, err
		}
	}
	for _, id := range gone {
		delete(n.known, id)
	}
	found := slices.Collect(maps.Values(n.known))
	for _, id := range gone {
		r, err := n.cfg.Desk.Rotation(ctx, who, id)
		if err != nil {
			return nil, err
		}
		if r.Outcome != "" && !r.Updated.Before(began) && n.cfg.Now().Sub(r.Updated) < recent {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b api.Rotation) int { return a.Updated.Compare(b.Updated) })
	return found, nil
}

// put puts what is new into the outbox. What would be too much at once, such as
// every credential of a catalog that was never rotated here, is told as one; to
// crash before the single ones are noted is to tell some of it again.
func (n *Notifier) put(ctx context.Context, notes []Note) error {
	fresh, err := n.fresh(ctx, notes)
	if err != nil {
		return err
	}
	single, many := fold(fresh)
	for _, note := range many {
		if err := n.tell(ctx, note, n.channels(note)); err != nil {
			return err
		}
	}
	for _, note := range fresh {
		var channels []string
		if single[note.Key] {
			channels = n.channels(note)
		}
		if err := n.tell(ctx, note, channels); err != nil {
			return err
		}
		n.told[note.Key] = true
	}
	return nil
}

// fresh are the notes that are not in the outbox.
func (n *Notifier) fresh(ctx context.Context, notes []Note) (all []Note, err error) {
	for _, note := range notes {
		if n.told[note.Key] {
			continue
		}
		there, err := n.cfg.Outbox.Has(ctx, note)
		if err != nil {
			return nil, err
		}
		if there {
			n.told[note.Key] = true
			continue
		}
		all = append(all, note)
	}
	return all, nil
}

func (n *Notifier) tell(ctx context.Context, note Note, channels []string) error {
	fresh, err := n.cfg.Outbox.Put(ctx, note, channels)
	if fresh {
		n.poke(channels...)
	}
	return err
}

// channels are those that are told of a note. What is about many credentials
// goes to who is told of any of them.
func (n *Notifier) channels(note Note) (names []string) {
	for _, c := range n.cfg.Channels {
		if slices.ContainsFunc(append(note.many, note.Credential), func(name string) bool { return name != "" && c.Tells(note.Occasion, name) }) {
			names = append(names, c.Name)
		}
	}
	return names
}

// end ends what stands in the outbox, and not among the notes any more.
func (n *Notifier) end(ctx context.Context, notes []Note, rotations []api.Rotation) error {
	standing, err := n.cfg.Outbox.Standing(ctx)
	if err != nil {
		return err
	}
	stands, by := map[string]bool{}, map[string]*api.Rotation{}
	for _, x := range notes {
		stands[x.Key] = stands[x.Key] || x.Stands
	}
	for i := range rotations {
		by[rotations[i].ID] = &rotations[i]
	}
	for _, s := range standing {
		if stands[s.Key] {
			continue
		}
		if err := n.cfg.Outbox.Over(ctx, s.ID, how(s, by[s.Rotation]), n.cfg.Now()); err != nil {
			return err
		}
		delete(n.told, s.Key)
		n.poke(slices.Collect(maps.Keys(n.poked))...)
	}
	return nil
}

func (n *Notifier) poke(channels ...string) {
	for _, c := range channels {
		select {
		case n.poked[c] <- struct{}{}:
		default:
		}
	}
}

// deliver delivers by one channel, one after the other, until ctx ends.
func (n *Notifier) deliver(ctx context.Context, c Channel) {
	for {
		again := n.round(ctx, c)
		select {
		case <-ctx.Done():
			return
		case <-n.poked[c.Name]:
		case <-time.After(again):
		}
	}
}

// round delivers what is due, and returns when to look again if nobody pokes.
func (n *Notifier) round(ctx context.Context, c Channel) time.Duration {
	due, err := n.cfg.Outbox.Due(ctx, c.Name, n.cfg.Now(), 50)
	if err != nil {
		n.cfg.Log.Error("reading the outbox", "err", err)
		return look
	}
	for _, d := range due {
		if ctx.Err() != nil {
			return 0
		}
		n.one(ctx, c, d)
	}
	next, err := n.cfg.Outbox.Next(ctx, c.Name)
	if err != nil || next.IsZero() {
		return last
	}
	return max(next.Sub(n.cfg.Now()), time.Second)
}

// one delivers one. To crash after it was delivered and before that is noted is
// to deliver it twice.
func (n *Notifier) one(ctx context.Context, c Channel, d Delivery) {
	one, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	ref, err := "", error(nil)
	if !d.Ending {
		ref, err = c.Tell(one, d.Note)
	} else if e, ok := c.Sender.(Ender); ok {
		err = e.Over(one, d.Note, d.Ref, d.How)
	}
	switch {
	case err == nil:
		err = n.cfg.Outbox.Done(one, d, ref)
	case pawl.KindOf(err) == pawl.Invalid || n.cfg.Now().Sub(d.Made) > giveUp:
		n.cfg.Log.Error("not delivered, and given up", "channel", c.Name, "note", d.Note.ID, "err", err)
		err = n.cfg.Outbox.Drop(one, d)
	default:
		n.cfg.Log.Warn("not delivered", "channel", c.Name, "note", d.Note.ID, "tries", d.Tries+1, "err", err)
		err = n.cfg.Outbox.Later(one, d, n.cfg.Now().Add(backoff(d.Tries)))
	}
	if err != nil {
		n.cfg.Log.Error("writing to the outbox", "err", err)
	}
}

func backoff(tries int) time.Duration { return min(last, first<<min(tries, 10)) }
