package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/provider/all"
)

// BenchmarkListDue is what ls --due does once the catalog is loaded, over
// 100,000 credentials that were all rotated once, of which one in ninety is due.
func BenchmarkListDue(b *testing.B) {
	const many = 100_000
	fsys := fstest.MapFS{"connections.yaml": {Data: []byte("version: 1\nconnections:\n  heroku: {kind: heroku, token: netrc}\n")}}
	for i := range many {
		fsys[fmt.Sprintf("credentials/%d.yaml", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "version: 1\nname: credential-%d\nissuer: {kind: heroku/authorization, connection: heroku, description: acme-%d}\nschedule: {every: 90d, remind: [1d]}\nconsumers: [{id: api, kind: heroku/config-var, connection: heroku, app: acme-api-%d, keys: [TOKEN]}]\n", i, i, i)}
	}
	begun := time.Now()
	cat, problems := catalog.LoadFS(fsys, all.Providers())
	if problems != nil {
		b.Fatal(problems)
	}
	b.Logf("%d credentials loaded in %s", many, time.Since(begun))
	home := b.TempDir()
	a := &app{env: env{in: &bytes.Buffer{}, out: &bytes.Buffer{}, err: &bytes.Buffer{}, getenv: func(name string) string { return map[string]string{"HOME": home}[name] }}}
	rotated(b, a, filepath.Join(home, ".local/state/pawl/pawl.db"), many)
	for b.Loop() {
		o, err := a.overviewOf(b.Context(), cat)
		if err != nil {
			b.Fatal(err)
		}
		listed, err := o.all((*standing).wanted)
		if err != nil || len(listed) == 0 || len(listed) > many/50 {
			b.Fatalf("%d are due, %v", len(listed), err)
		}
		o.Close()
	}
}

// rotated puts one completed rotation of each credential into the journal.
func rotated(b *testing.B, a *app, file string, many int) {
	b.Helper()
	s, err := a.openState(b.Context(), true)
	if err != nil {
		b.Fatal(err)
	}
	s.Close()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
		INSERT INTO rotation (credential, number, revision, epoch, outcome, created, updated)
		SELECT 'credential-' || i, 1, 50, 1, 'done', ?2 - (i % 90) * 86400000, ?2 - (i % 90) * 86400000 FROM n`, many, time.Now().UnixMilli())
	if err != nil {
		b.Fatal(err)
	}
}
