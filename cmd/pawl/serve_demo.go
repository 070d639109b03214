package main

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/seal"
	"github.com/pawl-dev/pawl/sim/world"
)

// turned is a clock that stands where it was turned to, until it runs.
type turned struct {
	mu sync.Mutex
	at time.Time // zero: it runs
}

func (c *turned) turn(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

func (c *turned) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return time.Now()
	}
	return c.at
}

func inOrder(all []chapter) []chapter {
	slices.SortStableFunc(all, func(a, b chapter) int { return cmp.Compare(b.ago, a.ago) })
	return all
}

// A show is the demo's company: its vendors, and a desk whose journal is gone
// with the process.
type show struct {
	desk    *desk.Desk
	journal journal.Journal
}

// runServeDemo serves the whole console, with a history worth looking at.
func (a *app) runServeDemo(ctx context.Context, o *serving) error {
	if o.listen == "" {
		o.listen = "127.0.0.1:8400"
	}
	if o.cert+o.key+o.url != "" || o.behindProxy {
		return usage("--demo is for this machine only: of how to listen it takes --listen alone")
	}
	l, err := listenLoopback(o.listen)
	if err != nil {
		return err
	}
	defer l.Close()
	d, clean, err := a.backstage()
	if err != nil {
		return err
	}
	defer clean()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	sh, err := d.stage(ctx, d.catalogDir)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return err
	}
	host := "localhost:" + port // a name: browsers keep passkeys for names only
	door, err := openStageDoor(ctx, sh.journal, "http://"+host)
	if err != nil {
		return err
	}
	f := front{desk: sh.desk, team: desk.NewTeam(desk.TeamConfig{Book: door.book, Log: a.log()}), who: door.Who, door: door, more: map[string]http.Handler{"/demo/": door.pages()}, again: demoAgain, host: host,
		note: demoNote}
	if err := sh.open(ctx); err != nil {
		return err
	}
	a.tellDemo(door)
	if err := a.serveUntil(ctx, sh.desk.Pool(), listener{l, f.server()}); err != nil {
		return err
	}
	a.tell("stopped: the demo's vendors, its people and its log are gone; nothing of it goes on")
	return nil
}

// tellDemo says how to come in.
func (a *app) tellDemo(door *stageDoor) {
	a.say("%s serving the demo on %s, for this machine only. Each link lets one person in, as often as you like:", a.sign(good), door.origin)
	for _, p := range cast {
		a.print("%-28s %s", p.Name, door.link(p.ID))
	}
	a.say("Two rotations are under way: one will wait for Bo's approval, one for somebody to ask for the revoke.")
	a.say("Open two people in two browsers (or a private window). Ctrl-C ends it, and leaves nothing.")
}

// stage makes the company in a folder, with what is said to have happened so
// far.
func (a *app) stage(ctx context.Context, dir string) (*show, error) {
	w := world.New(world.Options{ReleaseDelay: 1500 * time.Millisecond, BootDelay: time.Second, QueueDelay: time.Second, RunDuration: 2 * time.Second, RevokeDelay: time.Second, MaskTokens: true})
	urls, _, err := w.Serve(ctx, 0)
	if err != nil {
		return nil, err
	}
	further := w.Add(world.Furthers())
	if err := w.WriteCatalog(dir, urls); err != nil {
		return nil, err
	}
	if err := world.WriteFurther(dir, further); err != nil {
		return nil, err
	}
	cat, err := a.loadCatalog()
	if err != nil {
		return nil, err
	}
	used := map[string]string{world.Credential: w.OldID}
	for _, f := range further {
		used[f.Name] = f.ID
	}
	clock := &turned{}
	j, signer, err := forgetful(clock)
	if err != nil {
		return nil, err
	}
	if err := a.tellPast(ctx, j, clock, cat, used); err != nil {
		return nil, err
	}
	clock.turn(time.Time{})
	_, box, err := seal.Create(seal.NewKEK())
	if err != nil {
		return nil, err
	}
	eng := engine.New(engine.Config{Journal: j, Box: box, Actor: pawl.Actor{Type: "system", ID: "pawl"}, Open: a.opener(cat).Open, Log: a.log()})
	d := desk.New(desk.Config{Journal: j, Engine: eng, Catalog: func() *catalog.Catalog { return cat }, Log: a.log(), Signer: signer})
	return &show{desk: d, journal: j}, nil
}

// forgetful is a journal in memory, and the key that signs its audit log.
func forgetful(clock *turned) (*journal.Memory, *audit.Signer, error) {
	key, err := audit.GenerateKey()
	if err != nil {
		return nil, nil, err
	}
	signer, err := audit.ParseSigner(key)
	if err != nil {
		return nil, nil, err
	}
	return journal.NewMemory(signer, clock.now), signer, nil
}

// open begins what is under way when somebody comes in: one rotation that ends
// up waiting for an approval, and one that waits for the revoke.
func (s *show) open(ctx context.Context) error {
	who, err := cast[0].Subject(true)
	if err != nil {
		return err
	}
	for _, ask := range []api.Start{
		{Credential: "heroku-ci-deploy-token", Reason: string(pawl.Scheduled), AutoRevoke: true},
		{Credential: "heroku-mobile-token", Reason: string(pawl.Scheduled)},
	} {
		if _, err := s.desk.Start(ctx, who, ask); err != nil {
			return err
		}
	}
	return nil
}

// backstage is a folder for the demo's catalog, and an app that uses nothing
// but it: nothing of yours is touched.
func (a *app) backstage() (*app, func(), error) {
	dir, err := os.MkdirTemp("", "pawl-demo-")
	if err != nil {
		return nil, nil, err
	}
	d := *a
	d.catalogDir, d.statePath, d.keyPath = filepath.Join(dir, "catalog"), filepath.Join(dir, "state"), filepath.Join(dir, "key")
	d.opened, d.noInput = nil, true
	return &d, func() { os.RemoveAll(dir) }, nil
}
