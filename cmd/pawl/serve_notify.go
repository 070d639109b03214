package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/notify"
	"github.com/pawl-dev/pawl/notify/mail"
	"github.com/pawl-dev/pawl/notify/outbox"
	"github.com/pawl-dev/pawl/notify/pagerduty"
	"github.com/pawl-dev/pawl/notify/slack"
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
	who   func(ctx context.Context, person string) (access.Subject, error)
	stop  context.CancelFunc
	done  chan struct{}
}

// openHerald begins to tell until it is closed. The outbox lies beside the
// journal. Who says who decides by a click.
func (a *app) openHerald(ctx context.Context, d *desk.Desk, f *folio, dir string, who func(context.Context, string) (access.Subject, error)) (*herald, error) {
	box, err := outbox.Open(ctx, filepath.Join(dir, "outbox.db"))
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	h := &herald{a: a, desk: d, folio: f, box: box, who: who, stop: stop, done: make(chan struct{})}
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
	var listening sync.WaitGroup
	defer listening.Wait()
	for _, c := range n.Channels {
		o := &opened{open: func(ctx context.Context) (notify.Sender, error) { return h.sender(ctx, c) }}
		cfg.Channels = append(cfg.Channels, notify.Channel{Name: c.Name, Tells: c.Tells, Sender: o})
		if len(c.People) > 0 {
			listening.Go(func() { h.listen(ctx, c.Name, o) })
		}
	}
	notify.New(cfg).Run(ctx)
}

// listen hears what people click, once the channel can be opened.
func (h *herald) listen(ctx context.Context, name string, o *opened) {
	for ctx.Err() == nil {
		s, err := o.sender(ctx)
		if l, ok := s.(interface{ Run(context.Context) }); ok {
			l.Run(ctx)
			return
		}
		h.a.log().Warn("clicks are not heard", "channel", name, "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Minute):
		}
	}
}

// decide does what somebody clicked, as who the roster says that they are now.
// A click is as good as signing in: Slack has let them in, and notify.yaml says
// that this is who they are.
func (h *herald) decide(ctx context.Context, c slack.Click) error {
	who, err := h.who(ctx, c.Person)
	if err != nil {
		return err
	}
	if c.Approve {
		_, err = h.desk.Approve(ctx, who, c.Rotation, desk.Anything, c.Digest)
	} else {
		_, err = h.desk.Deny(ctx, who, c.Rotation, desk.Anything, "in Slack")
	}
	return err
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
	case "slack":
		return slack.New(slack.Config{Token: secrets["token"], AppToken: secrets["app_token"], URL: c.URL, To: c.To[0], HTTP: wire.NewClient(client()),
			People: c.People, Decide: h.decide, Log: h.a.log()}), nil
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
