package server

import (
	"context"
	"net/http"

	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
)

// work are the routes by which a command line does its work through a server:
// what it reads of the journal, and what it has looked at.
func (s *Server) work(d *desk.Desk) {
	get(s, "me", "/api/v1/me", "Who asks, and of which installation", func(ctx context.Context, _ *struct{}) (*api.Me, error) {
		me := d.Me(subject(ctx))
		me.Version = s.cfg.Version
		return &me, nil
	})
	get(s, "list-runs", "/api/v1/runs", "Rotations as the journal has them, the newest first; those of one credential with their events",
		func(ctx context.Context, in *journaled) (*api.Page[api.Run], error) {
			return point(d.Runs(ctx, subject(ctx), in.Credential, desk.Query{After: in.After, Limit: in.Limit, Open: in.Open}))
		})
	get(s, "get-run", "/api/v1/runs/{credential}/{number}", "One rotation as the journal has it", func(ctx context.Context, in *One) (*api.Run, error) {
		return point(d.Run(ctx, subject(ctx), in.id()))
	})

	post(s, "sight", "/api/v1/credentials/{name}/sight", "Look at every place now, and change nothing", func(ctx context.Context, in *asking) (*api.Sightings, error) {
		return point(d.Sight(ctx, subject(ctx), in.Name))
	})
	post(s, "discover", "/api/v1/credentials/{name}/discover", "Where else is this value?", func(ctx context.Context, in *asking) (*api.Search, error) {
		return point(d.Discover(ctx, subject(ctx), in.Name))
	})
	post(s, "sweep", "/api/v1/credentials/{name}/sweep", "Generations at the vendor that nobody ought to be using", func(ctx context.Context, in *asking) (*api.Leftovers, error) {
		return point(d.Sweep(ctx, subject(ctx), in.Name))
	})
	post(s, "sweep-revoke", "/api/v1/credentials/{name}/sweep/revoke", "Revoke one of those", func(ctx context.Context, in *killing) (*api.Killed, error) {
		return point(d.KillStray(ctx, subject(ctx), in.Name, in.Body))
	})

	post(s, "old-works", "/api/v1/rotations/{credential}/{number}/old", "Does the old credential still work? The kind of the answer says so: denied, or mismatch if it works",
		func(ctx context.Context, in *askingOne) (*tried, error) {
			f, err := d.OldWorks(ctx, subject(ctx), in.id())
			return &tried{f}, err
		})
	get(s, "list-ways", "/api/v1/rotations/{credential}/{number}/steps/{step}/ways", "How a step is done by hand", func(ctx context.Context, in *stepping) (*api.Page[api.Way], error) {
		all, err := d.Ways(ctx, subject(ctx), in.id(), in.Step)
		return &api.Page[api.Way]{Items: all}, err
	})
	post(s, "remainder", "/api/v1/rotations/{credential}/{number}/remainder", "What would be left if it were ended as it is", func(ctx context.Context, in *askingOne) (*api.Remainder, error) {
		return point(d.Remainder(ctx, subject(ctx), in.id()))
	})
	post(s, "abandon-rotation", "/api/v1/rotations/{credential}/{number}/abandon", "End it as it is", func(ctx context.Context, in *ending) (*api.Remainder, error) {
		return point(d.Abandon(ctx, subject(ctx), in.id(), in.Body))
	})
	s.describe(operation("GET", "get-catalog", "/api/v1/catalog", "The catalog as a zip of its files, without where secrets come from"), nil, "application/zip")
	s.mux.HandleFunc("GET /api/v1/catalog", s.catalog)
	s.describe(operation("GET", "export-audit", "/api/v1/audit/export", "The whole audit log with its checkpoint, as pawl audit verify FILE reads it"), nil, "application/octet-stream")
	s.mux.HandleFunc("GET /api/v1/audit/export", s.exportLog)
	s.describeValue()
	s.mux.HandleFunc("POST /api/v1/rotations/{credential}/{number}/steps/{step}/value", s.take)
}

// catalog hands the catalog on.
func (s *Server) catalog(w http.ResponseWriter, r *http.Request) {
	zip, err := s.cfg.Desk.Source(r.Context(), subject(r.Context()))
	if err != nil {
		write(w, problem(err))
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Write(zip)
}

// exportLog writes the audit log. What is wrong after it has begun can only be
// said by breaking off: a log that is cut short does not verify.
func (s *Server) exportLog(w http.ResponseWriter, r *http.Request) {
	out := &begun{w: w}
	err := s.cfg.Desk.ExportLog(r.Context(), subject(r.Context()), out)
	switch {
	case err != nil && !out.yes:
		write(w, problem(err))
	case err != nil:
		panic(http.ErrAbortHandler)
	}
}

// begun knows whether an answer has begun.
type begun struct {
	w   http.ResponseWriter
	yes bool
}

func (b *begun) Write(p []byte) (int, error) {
	if !b.yes {
		b.yes = true
		b.w.Header().Set("Content-Type", "application/octet-stream")
	}
	return b.w.Write(p)
}

// What the requests of work consist of.
type (
	journaled struct {
		Credential string `query:"credential" maxLength:"64"`
		After      string `query:"after" maxLength:"80"`
		Limit      int    `query:"limit" minimum:"0" maximum:"5000"`
		Open       bool   `query:"open"`
	}
	asking struct {
		Named
		Body struct{}
	}
	askingOne struct {
		One
		Body struct{}
	}
	killing struct {
		Named
		Body api.Kill
	}
	stepping struct {
		One
		Step string `path:"step" maxLength:"64"`
	}
	ending struct {
		One
		Body api.Ending
	}
	tried struct {
		Answer *api.Fault `json:"answer,omitempty"`
	}
)
