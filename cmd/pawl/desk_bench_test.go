package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/provider/all"
)

// BenchmarkDesk are the pages that people look at, of 10,000 credentials with
// 100,000 past rotations of 90 events each. First is the first page after the
// server was started.
func BenchmarkDesk(b *testing.B) {
	open, who := crowd(b)
	d := open()
	credentials := func(d *desk.Desk) error {
		page, err := d.Credentials(b.Context(), who, desk.Query{})
		if err == nil && len(page.Items) != 50 {
			err = fmt.Errorf("%d credentials", len(page.Items))
		}
		return err
	}
	rotations := func(d *desk.Desk) error {
		page, err := d.Rotations(b.Context(), who, desk.Query{})
		if err == nil && len(page.Items) != 50 {
			err = fmt.Errorf("%d rotations", len(page.Items))
		}
		return err
	}
	for name, ask := range map[string]func() error{
		"CredentialsFirst": func() error { return credentials(open()) },
		"Credentials":      func() error { return credentials(d) },
		"RotationsFirst":   func() error { return rotations(open()) },
		"Rotations":        func() error { return rotations(d) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// crowd opens desks of 10,000 credentials with 100,000 past rotations, for
// somebody who may do everything.
func crowd(b *testing.B) (open func() *desk.Desk, who access.Subject) {
	b.Helper()
	const many = 10_000
	fsys := fstest.MapFS{"connections.yaml": {Data: []byte("version: 1\nconnections:\n  heroku: {kind: heroku, token: netrc}\n")}}
	for i := range many {
		fsys[fmt.Sprintf("credentials/%d.yaml", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "version: 1\nname: credential-%d\nissuer: {kind: heroku/authorization, connection: heroku, description: acme-%d}\nschedule: {every: 90d, remind: [1d]}\nconsumers: [{id: api, kind: heroku/config-var, connection: heroku, app: acme-api-%d, keys: [TOKEN]}]\n", i, i, i)}
	}
	cat, problems := catalog.LoadFS(fsys, all.Providers())
	if problems != nil {
		b.Fatal(problems)
	}
	home := b.TempDir()
	a := &app{env: env{in: &bytes.Buffer{}, out: &bytes.Buffer{}, err: &bytes.Buffer{}, getenv: func(name string) string { return map[string]string{"HOME": home}[name] }}}
	rotated(b, a, filepath.Join(home, ".local/state/pawl/pawl.db"), many)
	tenfold(b, cat, filepath.Join(home, ".local/state/pawl/pawl.db"))
	j, err := a.readState(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { j.Close() })
	who = access.Subject{Actor: pawl.Actor{Type: "user", ID: "ana"}, Roles: access.Roles(), Fresh: true}
	return func() *desk.Desk {
		return desk.New(desk.Config{Journal: j, Catalog: func() *catalog.Catalog { return cat }})
	}, who
}

// tenfold gives each credential nine rotations more, and all of them events.
func tenfold(b *testing.B, cat *catalog.Catalog, file string) {
	b.Helper()
	plan, err := cat.Plan("credential-1", pawl.Manual)
	if err != nil {
		b.Fatal(err)
	}
	events := []pawl.Event{{Type: pawl.EvPlanned, At: time.Now(), Actor: pawl.Actor{Type: "user", ID: "ana@laptop-7"}, Plan: &plan, Label: "pawl-1"}}
	for range 44 {
		ev := pawl.Event{Type: pawl.EvIntended, At: time.Now(), Step: pawl.StepSet, Consumer: "api", Side: pawl.New}
		events = append(events, ev)
		ev.Type, ev.Result, ev.Detail = pawl.EvEnded, pawl.Done, "release v412, and what else there is to say of it"
		events = append(events, ev)
	}
	events = append(events, pawl.Event{Type: pawl.EvClosed, At: time.Now(), Outcome: pawl.Completed})
	db, err := sql.Open("sqlite", file)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	run := func(text string, args ...any) {
		if _, err := db.Exec(text, args...); err != nil {
			b.Fatal(err)
		}
	}
	run(`WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 10)
		INSERT INTO rotation (credential, number, revision, epoch, outcome, created, updated)
		SELECT credential, i, 50, 1, 'done', created, updated FROM n, rotation WHERE number = 1`)
	for i, ev := range events { // of the newest hundred only: a file of ten gigabytes would show nothing else
		text, err := json.Marshal(ev)
		if err != nil {
			b.Fatal(err)
		}
		run(`INSERT INTO event SELECT id, 1, ?1, ?2 FROM (SELECT id FROM rotation ORDER BY id DESC LIMIT 100)`, i, string(text))
	}
}
