package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/journal"
)

// farJournal reads the journal of a server. What it has not is what only who
// drives needs: no command asks for that of a server, and it is a bug if one does.
type farJournal struct {
	journal.Journal // nil
	f               *far
}

func (j farJournal) Close() error    { return nil }
func (j farJournal) Install() string { return j.f.me.Install }

func (j farJournal) Load(ctx context.Context, id pawl.RotationID) (journal.Run, error) {
	r, err := j.f.Run(ctx, id)
	if err != nil {
		return journal.Run{}, j.f.heard(err)
	}
	return unwired(r)
}

func (j farJournal) Latest(ctx context.Context, credential string) (journal.Run, error) {
	runs, err := j.Recent(ctx, credential, 1)
	if err != nil || len(runs) == 0 {
		if err == nil {
			err = &pawl.Error{Op: "journal.Latest", Kind: pawl.NotFound}
		}
		return journal.Run{}, err
	}
	return runs[0], nil
}

func (j farJournal) Recent(ctx context.Context, credential string, most int) (all []journal.Run, err error) {
	page, err := j.f.Runs(ctx, credential, false, "", min(most, 5000))
	if err != nil {
		return nil, j.f.heard(err)
	}
	for _, r := range page.Items {
		run, err := unwired(r)
		if err != nil {
			return nil, err
		}
		all = append(all, run)
	}
	return all, nil
}

func (j farJournal) List(ctx context.Context, open bool) (all []journal.Run, err error) {
	for after := ""; ; {
		page, err := j.f.Runs(ctx, "", open, after, 0)
		if err != nil {
			return nil, j.f.heard(err)
		}
		for _, r := range page.Items {
			run, err := unwired(r)
			if err != nil {
				return nil, err
			}
			all = append(all, run)
		}
		if after = page.Next; after == "" {
			slices.Reverse(all)
			return all, nil
		}
	}
}

// Position is where a rotation is. Following it is what the stream is for.
func (j farJournal) Position(ctx context.Context, id pawl.RotationID) (journal.At, error) {
	run, err := j.Load(ctx, id)
	return journal.At{Revision: run.Revision, Epoch: run.Epoch}, err
}

// Audit reads the audit log as it was signed, from its export.
func (j farJournal) Audit(ctx context.Context) (checkpoint []byte, records iter.Seq2[[]byte, error], err error) {
	text, err := j.f.AuditLog(ctx)
	if err != nil {
		return nil, nil, j.f.heard(err)
	}
	head, rest, _ := bytes.Cut(text, []byte("\n"))
	if checkpoint, err = checkpointIn(head); err != nil {
		return nil, nil, err
	}
	return checkpoint, func(yield func([]byte, error) bool) {
		for line := range bytes.Lines(rest) {
			if !yield(bytes.TrimSuffix(line, []byte("\n")), nil) {
				return
			}
		}
	}, nil
}

// unwired is a rotation as the journal has it here.
func unwired(r api.Run) (journal.Run, error) {
	run := journal.Run{Revision: r.Revision, Epoch: r.Epoch, Outcome: r.Outcome, Created: r.Created, Updated: r.Updated, Events: r.Events}
	return run, run.ID.UnmarshalText([]byte(r.ID))
}

// checkpointIn is the checkpoint in the first line of an export.
func checkpointIn(line []byte) ([]byte, error) {
	var head struct{ Checkpoint string }
	if err := json.Unmarshal(line, &head); err != nil || head.Checkpoint == "" {
		return nil, &pawl.Error{Op: "server", Kind: pawl.Unavailable, Err: errors.New("the export of the audit log that the server sent cannot be read")}
	}
	return []byte(head.Checkpoint), nil
}

// records are those of the audit log, oldest first, as far as they are known when
// they are read.
func (f *far) records(ctx context.Context, credential string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for from := ""; ; {
			page, err := f.Records(ctx, from, credential)
			if err != nil {
				yield(nil, f.heard(err))
				return
			}
			for _, r := range page.Items {
				if !yield(r.Body, nil) {
					return
				}
			}
			if from = page.Next; from == "" {
				return
			}
		}
	}
}
