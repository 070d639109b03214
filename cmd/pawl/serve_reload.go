package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/connect"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/provider/all"
	"github.com/pawl-dev/pawl/provider/wire"
)

// A folio is a catalog as a server goes by it: read again when a file of it
// changes. One with a mistake is said and not used; the server shows the one
// before, and begins nothing. What is driven goes on with the connections it was opened with.
type folio struct {
	a     *app
	tally wire.Tally
	meets connect.Rendezvous // of all editions
	now   atomic.Pointer[edition]

	mu    sync.Mutex
	print string // of the files that were read last
	wrong error
}

// An edition is a catalog and what opens its connections.
type edition struct {
	catalog *catalog.Catalog
	opener  *connect.Opener
	over    chan struct{} // closed when there is a newer one
}

// reread is how often the files are looked at.
const reread = 10 * time.Second

// openFolio reads the catalog for the first time. One with a mistake is an error.
func (a *app) openFolio() (*folio, error) {
	f := &folio{a: a, meets: connect.Rendezvous{Patience: serverMeeting}, print: fingerprint(a.catalogFolder())} // before it is read: what changes meanwhile is read again
	cat, err := a.loadCatalog()
	if err != nil {
		return nil, err
	}
	f.take(cat)
	return f, nil
}

func (f *folio) take(cat *catalog.Catalog) {
	o := f.a.newOpener(cat)
	o.Tally, o.Together = &f.tally, &f.meets
	if before := f.now.Swap(&edition{cat, o, make(chan struct{})}); before != nil {
		close(before.over)
	}
}

// Catalog is the newest catalog without a mistake.
func (f *folio) Catalog() *catalog.Catalog { return f.now.Load().catalog }

// Open opens a plan by the newest catalog.
func (f *folio) Open(ctx context.Context, plan pawl.Plan) (*engine.Hands, error) {
	return f.now.Load().opener.Open(ctx, plan)
}

// serverMeeting is how long a write at a server waits for those of other
// rotations to the same app: one that was begun with them comes in seconds, and
// nobody's rotation is held up long by one that does not get there.
const serverMeeting = time.Minute

// Meet is the part of a rotation in writing to an app together.
func (f *folio) Meet(plan pawl.Plan) desk.Meeting { return f.now.Load().opener.Meeting(plan) }

// Wrong is what is wrong with the files as they are now, or nil.
func (f *folio) Wrong() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wrong
}

// watch reads the catalog again whenever it changes, until ctx ends.
func (f *folio) watch(ctx context.Context) {
	timer := time.NewTicker(reread)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			f.look()
		}
	}
}

// Fresh sees to it that Catalog is what the files say now, or says what is wrong
// with them: nobody begins what somebody has just changed.
func (f *folio) Fresh() error {
	f.look()
	if err := f.Wrong(); err != nil {
		return &pawl.Error{Op: "catalog", Kind: pawl.Conflict, Err: fmt.Errorf("the server's catalog has a mistake, and nothing is begun from the one before: %w", err),
			Hint: "pawl validate   # on the server's machine"}
	}
	return nil
}

// look reads the catalog if its files are others than the last time.
func (f *folio) look() {
	dir := f.a.catalogFolder()
	f.mu.Lock()
	defer f.mu.Unlock()
	print := fingerprint(dir)
	if print == f.print {
		return
	}
	f.print = print
	cat, problems := catalog.Load(dir, all.Providers())
	before := f.wrong
	if f.wrong = problems.Err(); f.wrong != nil {
		f.a.alarm("the catalog has a mistake; the one before is shown, and nothing is begun", "problems", len(problems), "first", problems[0].Error())
		return
	}
	f.take(cat)
	f.a.log().Info("the catalog was read again", "credentials", len(cat.Names()))
	if before != nil && f.a.logger == nil {
		f.a.say("%s the catalog has no mistake any more, and was read again", f.a.sign(good))
	}
}

// fingerprint changes when a file of a catalog does, as far as its size and
// time tell.
func fingerprint(dir string) string {
	var b strings.Builder
	for _, folder := range []string{dir, filepath.Join(dir, "credentials")} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			fmt.Fprintln(&b, folder, err)
		}
		for _, e := range entries {
			var info fs.FileInfo
			if ext := filepath.Ext(e.Name()); !e.IsDir() && (ext == ".yaml" || ext == ".yml") {
				info, err = os.Stat(filepath.Join(folder, e.Name())) // what a link leads to is what is read
			}
			if info != nil && err == nil {
				fmt.Fprintln(&b, e.Name(), info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	return b.String()
}

// engineOver opens all that a rotation needs, by whatever catalog is the newest.
func (a *app) engineOver(ctx context.Context, f *folio, s *store) (*engine.Engine, error) {
	box, err := a.box(ctx, s)
	if err != nil {
		return nil, err
	}
	return engine.New(engine.Config{Journal: s, Box: box, Actor: a.actor(), Open: f.Open, Log: a.log()}), nil
}
