package sqlite_test

import (
	"fmt"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/journaltest"
	"github.com/pawl-dev/pawl/journal/sqlite"
)

// aged returns a journal with rotations and records, as the first pawl wrote it.
func aged(t *testing.T, signer *audit.Signer) string {
	path := newPath(t)
	j := open(t, path, signer)
	for i := range 4 {
		write(t, j, fmt.Sprint("credential-", i), journaltest.Batch("begin"))
		if err := j.Record(t.Context(), journaltest.Record(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	must(t, j.Close())
	must(t, sqlite.Execute(path, "DROP TABLE audit_about", "DROP INDEX rotation_tip", "DROP INDEX rotation_unfinished", "PRAGMA user_version = 1"))
	return path
}

var ops = journal.About{Person: "ops@acme.example", Credential: "heroku-api-key"}

func numbers(t *testing.T, j journal.Journal, about journal.About) (out []int64) {
	t.Helper()
	page, err := j.AuditPage(t.Context(), about, journal.Newest, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Records {
		out = append(out, r.Index)
	}
	return append(out, page.Next)
}

// TestOldFormatIsConverted has a log that was begun without an index.
func TestOldFormatIsConverted(t *testing.T) {
	signer := journaltest.Signer(t)
	j := open(t, aged(t, signer), signer)
	if got := fmt.Sprint(numbers(t, j, ops), numbers(t, j, journal.About{Person: "nobody"})); got != "[7 6 5 4 3 3] [0]" {
		t.Errorf("pages of a converted log: %s", got)
	}
	if n := verified(t, j, signer.Public()); n != 8 {
		t.Errorf("verified %d records", n)
	}
}

// TestOldFormatCanBeRead does so without a process that may write.
func TestOldFormatCanBeRead(t *testing.T) {
	path := aged(t, journaltest.Signer(t))
	j, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if got := fmt.Sprint(numbers(t, j, ops), numbers(t, j, journal.About{Person: "nobody"})); got != "[7 6 5 4 3 3] [0]" {
		t.Errorf("pages of an old log: %s", got)
	}
	for name, which := range map[string]journal.Which{"all": {Most: 9}, "open": {Most: 9, Open: true}} {
		if runs, err := j.Runs(t.Context(), which); err != nil || len(runs) != 4 {
			t.Errorf("%s: %v, %v", name, runs, err)
		}
	}
	if tips, err := j.Tips(t.Context()); err != nil || len(tips) != 4 {
		t.Errorf("tips: %v, %v", tips, err)
	}
}

// TestSearchIsBounded asks for what two long lists have in common: nothing.
func TestSearchIsBounded(t *testing.T) {
	j := open(t, newPath(t), journaltest.Signer(t))
	var batch []audit.Event
	for i := range 2 * journal.Searched {
		e := journaltest.Record("x")
		e.Actor.ID, e.Target.Credential = [2]string{"ana", "ben"}[i%2], [2]string{"api", "web"}[i%2]
		batch = append(batch, e)
	}
	must(t, j.Record(t.Context(), batch...))
	var found, asked int
	for before := journal.Newest; before != 0; asked++ {
		page, err := j.AuditPage(t.Context(), journal.About{Person: "ana", Credential: "web"}, before, 10)
		must(t, err)
		found, before = found+len(page.Records), page.Next
	}
	if found != 0 || asked < 2 || asked > 4 {
		t.Errorf("found %d in %d pages", found, asked)
	}
}

// many makes the journal of a company with 10,000 credentials, 100,000 past
// rotations, and so many audit records.
func many(b *testing.B, records int) *sqlite.Journal {
	signer := journaltest.Signer(b)
	path := newPath(b)
	j := open(b, path, signer)
	for range 10 {
		must(b, j.Record(b.Context(), journaltest.Record("a word about what happened, as long as they are")))
	}
	must(b, j.Close())
	must(b, sqlite.Execute(path,
		`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i < 99999)
		INSERT INTO rotation (credential, number, revision, epoch, outcome, created, updated)
		SELECT printf('credential-%05d', i % 10000), i / 10000 + 1, 40, 1, CASE WHEN i > 99989 THEN '' ELSE 'done' END, i, i FROM n`,
		fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i+1 FROM n WHERE i < %d)
		INSERT INTO audit_record SELECT i, CAST(replace((SELECT body FROM audit_record WHERE idx = 9), '"index":9', '"index":' || i) AS BLOB) FROM n`, records-1),
		fmt.Sprintf(`INSERT INTO audit_about SELECT w.word, r.idx FROM (SELECT DISTINCT word FROM audit_about) w, audit_record r WHERE r.idx > 9 AND r.idx < %d`, records),
		fmt.Sprintf(`UPDATE audit_head SET size = %d`, records)))
	j, err := sqlite.Open(b.Context(), sqlite.Options{Path: path, ReadOnly: true})
	must(b, err)
	b.Cleanup(func() { j.Close() })
	return j
}

// BenchmarkPages are pages of a long history.
func BenchmarkPages(b *testing.B) {
	j := many(b, 3_000_000)
	for name, ask := range map[string]func() (int, error){
		"Runs": func() (int, error) {
			runs, err := j.Runs(b.Context(), journal.Which{Most: 50})
			return len(runs), err
		},
		"RunsByName": func() (int, error) {
			runs, err := j.Runs(b.Context(), journal.Which{Most: 50, Text: "credential-00007"})
			return len(runs) + 40, err
		},
		"RunsFarBack": func() (int, error) {
			runs, err := j.Runs(b.Context(), journal.Which{Most: 50, Before: pawl.RotationID{Credential: "credential-05000", Number: 2}})
			return len(runs), err
		},
		"RunsOpen": func() (int, error) {
			runs, err := j.Runs(b.Context(), journal.Which{Most: 50, Open: true})
			return len(runs) + 40, err
		},
		"Tips": func() (int, error) {
			runs, err := j.Tips(b.Context())
			return len(runs) - 9960, err
		},
		"Audit": func() (int, error) {
			page, err := j.AuditPage(b.Context(), journal.About{}, journal.Newest, 50)
			return len(page.Records), err
		},
		"AuditFarBack": func() (int, error) {
			page, err := j.AuditPage(b.Context(), journal.About{}, 1_000_000, 50)
			return len(page.Records), err
		},
		"AuditOfOne": func() (int, error) {
			page, err := j.AuditPage(b.Context(), ops, journal.Newest, 50)
			return len(page.Records), err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if n, err := ask(); err != nil || n != 50 {
					b.Fatal(n, err)
				}
			}
		})
	}
}
