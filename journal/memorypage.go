package journal

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// Runs implements [Journal].
func (m *Memory) Runs(_ context.Context, which Which) ([]Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	from := len(m.runs)
	if which.Before != (pawl.RotationID{}) {
		from = max(0, slices.IndexFunc(m.runs, func(r *memoryRun) bool { return r.run.ID == which.Before }))
	}
	var out []Run
	for i := from - 1; i >= 0 && len(out) < which.Most; i-- {
		run := m.runs[i].run
		if (which.Credential == "" || run.ID.Credential == which.Credential) && strings.Contains(run.ID.Credential, which.Text) &&
			(!which.Open || run.Outcome == "") {
			out = append(out, run)
		}
	}
	return out, nil
}

// Tips implements [Journal].
func (m *Memory) Tips(context.Context) ([]Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	type kind struct {
		credential string
		outcome    pawl.Outcome
	}
	tips := map[kind]int{}
	for i, r := range m.runs {
		tips[kind{r.run.ID.Credential, r.run.Outcome}] = i
	}
	var out []Run
	for i, r := range m.runs {
		if tips[kind{r.run.ID.Credential, r.run.Outcome}] == i {
			out = append(out, r.run)
		}
	}
	return out, nil
}

// AuditPage implements [Journal].
func (m *Memory) AuditPage(_ context.Context, about About, before int64, most int) (Page, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	page := Page{Size: int64(len(m.records))}
	if before == Newest || before > page.Size {
		before = page.Size
	}
	for i := before - 1; i >= 0; i-- {
		if len(page.Records) >= most || before-i > Searched {
			page.Next = i + 1
			break
		}
		rec, err := audit.Decode(m.records[i])
		if err != nil {
			return Page{}, err
		}
		if about.Matches(rec.Event) {
			page.Records, page.Lines = append(page.Records, rec), append(page.Lines, slices.Clone(m.records[i]))
		}
	}
	return page, nil
}

// AuditRange implements [Journal].
func (m *Memory) AuditRange(_ context.Context, from, to int64) iter.Seq2[[]byte, error] {
	m.mu.Lock()
	defer m.mu.Unlock()
	to = max(0, min(to, int64(len(m.records))))
	records := m.records[min(max(from, 0), to):to]
	return func(yield func([]byte, error) bool) {
		for _, line := range records {
			if !yield(slices.Clone(line), nil) {
				return
			}
		}
	}
}

// AuditHashes implements [Journal].
func (m *Memory) AuditHashes(context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, i := range indexes {
			if i < 0 || i >= int64(len(m.hashes)) {
				return nil, invalid("journal.AuditHashes", errors.New("there is no such hash"))
			}
		}
		return m.reader().ReadHashes(indexes)
	})
}
