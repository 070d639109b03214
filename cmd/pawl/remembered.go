package main

import (
	"context"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/seal"
)

// What is remembered of the last rotation of a credential.
type remembered struct {
	engine.Written                          // the vendors' marks of its writes
	proved         map[string]pawl.Evidence // by place: the latest proof of the generation that was written
}

// remember reads the journal. Without one there is only less to compare with.
func (a *app) remember(ctx context.Context, name string) (r remembered) {
	j, err := a.readState(ctx)
	if err != nil || j == nil {
		return r
	}
	defer j.Close()
	run, err := j.Latest(ctx, name)
	if err != nil {
		return r
	}
	s := rotation.Fold(run.Events)
	r = remembered{engine.WrittenBy(s), map[string]pawl.Evidence{}}
	for _, e := range s.Evidence() {
		if e.Side == s.Target && !e.At.Before(r.proved[e.Consumer].At) {
			r.proved[e.Consumer] = e
		}
	}
	return r
}

// digests is the box that makes this installation's digests, or nil if it has
// none yet, or its key is not here: looking makes neither a journal nor a key.
func (a *app) digests(ctx context.Context) *seal.Box {
	if a.far != nil {
		return nil // the server has it
	}
	j, err := a.readState(ctx)
	if err != nil || j == nil {
		return nil
	}
	defer j.Close()
	box, err := a.keptBox(ctx, j)
	if err != nil {
		return nil // a key that does not fit is pawl doctor's to explain
	}
	return box
}

func (a *app) keptBox(ctx context.Context, j journal.Journal) (*seal.Box, error) {
	wrapped, err := j.Meta(ctx, "keyset")
	if err != nil || wrapped == nil {
		return nil, err
	}
	path, _, err := a.keyFile(j.Install())
	if err != nil || !readable(path) {
		return nil, err
	}
	kek, err := a.kek(j.Install())
	if err != nil {
		return nil, err
	}
	return seal.Open(wrapped, kek)
}
