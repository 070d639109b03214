package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"math"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
)

// Runs implements [journal.Journal].
func (j *Journal) Runs(ctx context.Context, which journal.Which) (out []journal.Run, err error) {
	err = j.read(ctx, "journal.Runs", func(q querier) error {
		before := int64(math.MaxInt64)
		if id := which.Before; id != (pawl.RotationID{}) {
			before, _, err = lookUp(q, sqlFind, id.Credential, id.Number)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
		}
		most := max(which.Most, 0)
		switch {
		case which.Credential != "":
			_, out, err = runs(q, sqlRunsOf, before, which.Credential, most, which.Open)
		case which.Open:
			_, out, err = runs(q, sqlRunsOpen, before, which.Text, most)
		default:
			_, out, err = runs(q, sqlRuns, before, which.Text, most)
		}
		return err
	})
	return out, err
}

// Tips implements [journal.Journal].
func (j *Journal) Tips(ctx context.Context) (out []journal.Run, err error) {
	err = j.read(ctx, "journal.Tips", func(q querier) error {
		_, out, err = runs(q, sqlTips)
		return err
	})
	return out, err
}

// AuditPage implements [journal.Journal].
func (j *Journal) AuditPage(ctx context.Context, about journal.About, before int64, most int) (page journal.Page, err error) {
	const op = "journal.AuditPage"
	err = j.read(ctx, op, func(q querier) error {
		if err := q.one(sqlSize, nil, &page.Size); err != nil {
			return err
		}
		if before < 0 || before > page.Size {
			before = page.Size
		}
		switch {
		case about == (journal.About{}):
			return look(q, about, before, int64(max(most, 0)), &page)
		case j.format < 2: // of an older pawl, opened for reading: it has no index
			err := look(q, about, before, journal.Searched, &page)
			cut(&page, max(most, 0))
			return err
		}
		return search(q, about, before, most, &page)
	})
	return page, err
}

// look adds those of the last so many records before one that are about
// something.
func look(q querier, about journal.About, before, most int64, page *journal.Page) error {
	from := max(0, before-most)
	page.Next = from
	return collect(q, page, about, sqlRecordsBack, before, from)
}

// search goes down the list of the word that says most. What it passes without
// finding enough is left to the next page.
func search(q querier, about journal.About, before int64, most int, page *journal.Page) error {
	all := words(about)
	args := []any{all[0], all[0], all[0], all[0], before, journal.Searched, max(most, 0) + 1}
	for i, word := range all {
		args[i] = word
	}
	if err := collect(q, page, about, sqlAbout, args...); err != nil {
		return err
	}
	if err := q.one(sqlAboutEnd, []any{all[0], before, journal.Searched}, &page.Next); err != nil {
		return err
	}
	cut(page, max(most, 0))
	return nil
}

// collect puts the records that a statement finds on the page, if they are about
// what is asked for.
func collect(q querier, page *journal.Page, about journal.About, text string, args ...any) error {
	rows, err := q.query(text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var line []byte
		if err := rows.Scan(&line); err != nil {
			return err
		}
		rec, err := audit.Decode(line)
		if err != nil {
			return err
		}
		if about.Matches(rec.Event) {
			page.Records, page.Lines = append(page.Records, rec), append(page.Lines, line)
		}
	}
	return rows.Err()
}

// cut leaves so many records on a page, and what is cut off to the next.
func cut(page *journal.Page, most int) {
	if len(page.Records) > most {
		page.Next = page.Records[most].Index + 1
		page.Records, page.Lines = page.Records[:most], page.Lines[:most]
	}
}

// AuditRange implements [journal.Journal].
func (j *Journal) AuditRange(ctx context.Context, from, to int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for from := max(from, 0); from < to; from += auditPage {
			page, err := j.records(ctx, "journal.AuditRange", from, min(from+auditPage, to))
			if err != nil {
				yield(nil, err)
				return
			}
			for _, line := range page {
				if !yield(line, nil) {
					return
				}
			}
			if len(page) == 0 {
				return
			}
		}
	}
}

// AuditHashes implements [journal.Journal].
func (j *Journal) AuditHashes(ctx context.Context) tlog.HashReader {
	const op = "journal.AuditHashes"
	return tlog.HashReaderFunc(func(indexes []int64) (out []tlog.Hash, err error) {
		out = make([]tlog.Hash, len(indexes))
		err = j.read(ctx, op, func(q querier) error {
			for i, index := range indexes {
				var hash []byte
				err := q.one(sqlHash, []any{index}, &hash)
				if errors.Is(err, sql.ErrNoRows) {
					return invalid(op, errors.New("there is no such hash"))
				}
				if err != nil {
					return err
				}
				if copy(out[i][:], hash) != tlog.HashSize {
					return damaged(errors.New("a hash of the wrong length"))
				}
			}
			return nil
		})
		return out, err
	})
}
