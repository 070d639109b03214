package main

import (
	"context"
	"net/http"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/witness"
)

// witnessOptions are what witnesses work with here. Git finds its settings by
// HOME, and gets nothing else of our environment.
func (a *app) witnessOptions() witness.Options {
	return witness.Options{Now: time.Now, Env: []string{"PATH=" + a.getenv("PATH"), "HOME=" + a.getenv("HOME")},
		Client: &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (a *app) parseWitnesses(specs []string) (all []witness.Witness, err error) {
	for _, name := range specs {
		w, err := witness.Parse(name, a.witnessOptions())
		if err != nil {
			return nil, usage("--witness: %v; %s", err, pawl.HintOf(err))
		}
		all = append(all, w)
	}
	return all, nil
}

// openDesk is the desk of a server, with the witnesses that it shows the log to.
func (a *app) openDesk(ctx context.Context, o *serving, s *store, f *folio, eng *engine.Engine) (d *desk.Desk, done func(), err error) {
	signer, err := a.signer(s.dir)
	if err != nil {
		return nil, nil, err
	}
	all, err := a.parseWitnesses(o.witness)
	if err != nil {
		return nil, nil, err
	}
	k := witness.NewKeeper(s.Journal, signer.Public(), a.log(), all...)
	d = desk.New(desk.Config{Journal: s, Engine: eng, Catalog: f.Catalog, Fresh: f.Fresh, Signer: signer, Witnesses: seenBy(k), Log: a.log(), Outlook: a.outlooks(f),
		Meet: f.Meet, Patience: serverMeeting, Refusals: s.refusals})
	kept := keep(ctx, k, d)
	return d, func() { s.refusals.Flush(); kept() }, nil
}

// seenBy is what a console shows of witnesses.
func seenBy(k *witness.Keeper) func() []api.Witness {
	return func() (all []api.Witness) {
		for _, s := range k.States() {
			w := api.Witness{Name: s.Name, Size: s.Size}
			if !s.At.IsZero() {
				w.At = &s.At
			}
			if s.Err != nil {
				w.Error = s.Err.Error()
			}
			all = append(all, w)
		}
		return all
	}
}

// keep runs a keeper beside a desk, and returns what ends it: after everything
// else, so that it can show what was written to the end.
func keep(ctx context.Context, k *witness.Keeper, d *desk.Desk) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	listener := d.Feed().Listen(pawl.RotationID{})
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-listener.Ready:
				listener.Take()
				k.Poke()
			}
		}
	}()
	go func() { k.Run(ctx); close(done) }()
	return func() { cancel(); <-done; listener.Close() }
}

// showWitness lets a witness see the log now.
func (a *app) showWitness(ctx context.Context, j journal.Journal, key, spec string) (witness.Seen, error) {
	all, err := a.parseWitnesses([]string{spec})
	if err != nil {
		return witness.Seen{}, err
	}
	checkpoint, _, err := j.Audit(ctx)
	if err != nil {
		return witness.Seen{}, err
	}
	return all[0].Show(ctx, witness.Log{Checkpoint: checkpoint, Key: key, Hashes: j.AuditHashes(ctx)})
}
