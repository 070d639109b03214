package sqlite

import (
	"context"
	"hash/fnv"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
)

// words are the index terms of what is asked for, or of what a record is about:
// at most four, the one that the fewest records have in common first.
// Two that happen to be the same number cost a look at a record and no more.
func words(a journal.About) []int64 {
	var out []int64
	add := func(kind, name string) {
		if name != "" {
			h := fnv.New64a()
			h.Write([]byte(kind + "\x00" + name))
			out = append(out, int64(h.Sum64()))
		}
	}
	if a.Rotation != (pawl.RotationID{}) {
		add("rotation", a.Rotation.String())
	}
	add("credential", a.Credential)
	add("person", a.Person)
	add("action", string(a.Action))
	return out
}

func (w *writer) indexAbout(e audit.Event, at int64) error {
	about := journal.About{Credential: e.Target.Credential, Rotation: e.Context.Rotation, Person: e.Actor.ID, Action: e.Action}
	for _, word := range words(about) {
		if err := w.exec(sqlAboutPut, word, at); err != nil {
			return err
		}
	}
	return nil
}

// indexAudit makes the index of a log that was begun before there was one. A
// record that cannot be read is left to who verifies the log.
func (w *writer) indexAudit(ctx context.Context) error {
	var size int64
	if err := w.one(sqlRecordCount, nil, &size); err != nil {
		return openFailure(err)
	}
	for at := range size {
		if err := ctx.Err(); err != nil {
			return openFailure(err)
		}
		var line []byte
		if err := w.one(sqlRecord, []any{at}, &line); err != nil {
			return openFailure(err)
		}
		rec, err := audit.Decode(line)
		if err != nil {
			continue
		}
		if err := w.indexAbout(rec.Event, at); err != nil {
			return openFailure(err)
		}
	}
	return nil
}
