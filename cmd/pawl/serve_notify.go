package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/notify"
	"github.com/pawl-dev/pawl/notify/mail"
	"github.com/pawl-dev/pawl/notify/outbox"
	"github.com/pawl-dev/pawl/notify/pagerduty"
	"github.com/pawl-dev/pawl/notify/webhook"
	"github.com/pawl-dev/pawl/provider/wire"
	"github.com/pawl-dev/pawl/secretref"
)

// A herald tells people what notify.yaml says, by whatever that says now.
type herald struct {
	a     *app
	desk  *desk.Desk
	folio *folio
	box   *outbox.Box
	stop  context.CancelFunc
	done  chan struct{}
}

// openHerald begins to tell until it is closed. The outbox lies beside the journal.
func (a *app) openHerald(ctx context.Context, d *desk.Desk, f *folio, dir string) (*herald, error) {
	box, err := outbox.Open(ctx, filepath.Join(dir, "outbox.db"))
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	h := &herald{a: a, desk: d, folio: f, box: box, stop: stop, done: make(chan struct{})}
	go h.run(ctx)
	return h, nil
}

// Close stops, once what is being delivered is.
func (h *herald) Close() error {
	h.stop()
	<-h.done
	return h.box.Close()
}

// Waiting tells how much is not delivered.
func (h *herald) Waiting(yield func(channel string, n int)) {
	all, err := h.box.Waiting(context.Background())
	if err != nil {
		h.a.log().Error("reading the outbox", "err", err)
		return
	}
	for _, c := range h.folio.Catalog().Notify().Channels {
		yield(c.Name, all[c.Name])
	}
}

// run tells by the channels of one edition of the catalog after the other.
func (h *herald) run(ctx context.Context) {
	defer close(h.done)
	for ctx.Err() == nil {
		e := h.folio.now.Load()
		while, stop := context.WithCancel(ctx)
		go func() {
			select {
			case <-e.over:
			case <-while.Done():
			}
			stop()
		}()
		h.tell(while, e.catalog.Notify())
		<-while.Done()
		stop()
	}
}

func (h *herald) tell(ctx context.Context, n catalog.Notify) {
	if len(n.Channels) == 0 {
		return
	}
	cfg := notify.Config{Desk: h.desk, Outbox: h.box, Link: n.Link, Log: h.a.log()}
	for _, c := range n.Channels {
		cfg.Channels = append(cfg.Channels, notify.Channel{Name: c.Name, Tells: c.Tells, Sender: &opened{open: func(ctx context.Context) (notify.Sender, error) { return h.sender(ctx, c) }}})
	}
	notify.New(cfg).Run(ctx)
}

// sender opens a channel: its secrets are read now.
func (h *herald) sender(ctx context.Context, c catalog.Channel) (notify.Sender, error) {
	secrets, err := c.Resolve(ctx, &secretref.Resolver{Getenv: h.a.getenv, Dir: h.a.catalogFolder()})
	if err != nil {
		return nil, err
	}
	client := func() wire.Options {
		return wire.Options{Vendor: c.Kind, Log: h.a.log(), Tally: &h.folio.tally, PerSecond: 1, Burst: 5}
	}
	switch c.Kind {
	case "email":
		return mail.New(mail.Config{Host: c.Host, Plain: c.TLS == "none", User: c.User, Password: secrets["password"], From: c.From, To: c.To}), nil
	case "pagerduty":
		return pagerduty.New(pagerduty.Config{Key: secrets["key"], URL: c.URL, HTTP: wire.NewClient(client())}), nil
	case "webhook":
		return webhook.New(webhook.Config{URL: c.URL, Secret: secrets["secret"], Networks: c.Networks})
	}
	return nil, &pawl.Error{Op: "notify", Kind: pawl.Unavailable, Err: fmt.Errorf("channels of kind %s cannot be opened", c.Kind)}
}

// opened is a sender that is opened when it is needed first. What keeps it from
// being opened, a secret that is not there yet, is an error of each delivery
// until it is mended: the notes wait.
type opened struct {
	open func(context.Context) (notify.Sender, error)

	mu sync.Mutex
	is notify.Sender
}

func (o *opened) sender(ctx context.Context) (notify.Sender, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.is != nil {
		return o.is, nil
	}
	s, err := o.open(ctx)
	if err != nil {
		return nil, &pawl.Error{Op: "opening the channel", Kind: pawl.Unavailable, Err: err, Hint: pawl.HintOf(err)}
	}
	o.is = s
	return s, nil
}

// Tell implements [notify.Sender].
func (o *opened) Tell(ctx context.Context, n notify.Note) (string, error) {
	s, err := o.sender(ctx)
	if err != nil {
		return "", err
	}
	return s.Tell(ctx, n)
}

// Over implements [notify.Ender].
func (o *opened) Over(ctx context.Context, n notify.Note, ref, how string) error {
	s, err := o.sender(ctx)
	if err != nil {
		return err
	}
	if e, ok := s.(notify.Ender); ok {
		return e.Over(ctx, n, ref, how)
	}
	return nil
}
