package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/catalog"
)

// rolesOf are the roles that --role names. One that there is not is a slip of
// whoever types, and not something that they may not do.
func rolesOf(typed []string) ([]access.Role, error) {
	return among("--role", "role", typed, access.Roles())
}

// among are the words that a flag names, which have to be some of those that
// there are. The error says which there are, and which is the nearest.
func among[T ~string](flag, what string, typed []string, valid []T) ([]T, error) {
	for _, t := range typed {
		if slices.Contains(valid, T(t)) {
			continue
		}
		e := &exit{code: exitUsage, err: fmt.Errorf("%s: there is no %s %s; there are %s", flag, what, word(t), strings.Join(texts(valid), ", ")), safe: "Nothing was changed."}
		if near, ok := catalog.Nearest(t, texts(valid)); ok {
			e.next = []string{fmt.Sprintf("did you mean %q?", near)}
		}
		return nil, e
	}
	return as[T](typed), nil
}
