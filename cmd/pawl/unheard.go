package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
)

// neverHeardOf is the error for a name that the journal does not have, unless
// the catalog has it.
func (a *app) neverHeardOf(name string) error {
	cat, err := a.loadCatalog()
	if err == nil {
		_, err = cat.Credential(name)
	}
	if err == nil {
		return nil
	}
	e := &exit{code: exitUsage, err: &pawl.Error{Kind: pawl.NotFound, Err: fmt.Errorf("%s was never rotated here, and is not in the catalog either", word(name))}}
	if hint := pawl.HintOf(err); hint != "" {
		e.next = []string{hint}
	}
	return e
}

// notFound is neverHeardOf for what may be a rotation's number: of a credential
// that is known, it is only the number that is not.
func (a *app) notFound(ctx context.Context, what string) error {
	if !strings.Contains(what, "/") {
		return a.neverHeardOf(what)
	}
	var id pawl.RotationID
	if id.UnmarshalText([]byte(what)) != nil {
		return notNumbered()
	}
	name := id.Credential
	next := "pawl history " + name
	if !a.rotated(ctx, name) {
		if err := a.neverHeardOf(name); err != nil {
			return err
		}
		next = "pawl rotate " + name
	}
	return &exit{code: exitUsage, err: &pawl.Error{Kind: pawl.NotFound, Err: fmt.Errorf("there is no rotation %v here", id)}, next: []string{next}}
}

func notNumbered() error { return usage("want NAME or NAME/NUMBER, as heroku-api-key/12") }
