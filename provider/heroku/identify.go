package heroku

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pawl-dev/pawl"
)

// Identify finds the authorization of value. The API has no call for that, so
// it is the only one whose description begins with the configured one and whose
// shown token is the value, or, masked as it may be, does not speak against it.
func (i *issuer) Identify(ctx context.Context, value pawl.Secret) (pawl.Generation, error) {
	const op = "heroku.Identify"
	if err := i.valid(op); err != nil {
		return pawl.Generation{}, err
	}
	if value.IsZero() {
		return pawl.Generation{}, &pawl.Error{Op: op, Kind: pawl.Invalid, Err: errors.New("no value")}
	}
	all, _, err := i.list(ctx, op)
	if err != nil {
		return pawl.Generation{}, err
	}
	found := candidates(all, i.set.Description, value)
	switch len(found) {
	case 1:
		return found[0].generation(i.c.now()), nil
	case 0:
		return pawl.Generation{}, &pawl.Error{Op: op, Kind: pawl.NotFound, Hint: "The account has: " + describe(all) + ". Check the description in the catalog.",
			Err: fmt.Errorf("no authorization described as %q can be of this token", i.set.Description)}
	}
	return pawl.Generation{}, &pawl.Error{Op: op, Kind: pawl.Conflict, Hint: "It could be any of: " + describe(found) + ". Give them descriptions that differ, or revoke those that nobody uses.",
		Err: fmt.Errorf("%d authorizations described as %q could be of this token", len(found), i.set.Description)}
}

// candidates returns the authorizations that value may belong to.
func candidates(all []authorization, stem string, value pawl.Secret) []authorization {
	exact := keep(all, func(a authorization) bool {
		token, whole := a.token().whole()
		return whole && token.Equal(value)
	})
	if len(exact) == 1 { // whose it is, is certain; that it is the one that is meant, is not
		return keep(exact, func(a authorization) bool { return strings.HasPrefix(a.Description, stem) })
	}
	if len(exact) > 1 {
		return exact
	}
	possible := keep(all, func(a authorization) bool {
		return strings.HasPrefix(a.Description, stem) && !a.token().contradicts(value)
	})
	bounded := keep(possible, func(a authorization) bool { return endsWord(a.Description[len(stem):]) })
	if len(bounded) > 0 {
		return bounded
	}
	return possible
}

func keep(all []authorization, ok func(authorization) bool) []authorization {
	var kept []authorization
	for _, a := range all {
		if ok(a) {
			kept = append(kept, a)
		}
	}
	return kept
}

// endsWord reports whether a description that goes on with rest still is of
// the same name: "acme-token 2026-11" is, "acme-token-staging" has another.
func endsWord(rest string) bool {
	r, size := utf8.DecodeRuneInString(rest)
	if rest == "" || unicode.IsSpace(r) {
		return true
	}
	if !strings.ContainsRune("-_/:.@(", r) {
		return false
	}
	next, _ := utf8.DecodeRuneInString(rest[size:])
	return unicode.IsDigit(next) || unicode.IsSpace(next)
}

// describe lists authorizations for people: id, description and date.
func describe(all []authorization) string {
	const most = 10
	if len(all) == 0 {
		return "no authorization"
	}
	var lines []string
	for _, a := range all[:min(len(all), most)] {
		line := fmt.Sprintf("%s %q", plain(a.ID, 40), plain(a.Description, 80))
		if !a.CreatedAt.IsZero() {
			line += " of " + a.CreatedAt.UTC().Format("2006-01-02 15:04")
		}
		lines = append(lines, line)
	}
	if more := len(all) - most; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "; ")
}
