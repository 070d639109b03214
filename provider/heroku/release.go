package heroku

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// release is one version of an app: its code with its config vars.
// https://devcenter.heroku.com/articles/platform-api-reference#release
type release struct {
	Version     int    `json:"version"`
	Status      string `json:"status"` // succeeded, pending, failed, expired
	Current     bool   `json:"current"`
	Description string `json:"description"`
}

func (r release) succeeded() bool { return r.Status == "succeeded" }
func (r release) pending() bool   { return r.Status == "pending" }

// wrote reports whether the release says that it changed one of keys, or went
// back to other config vars.
func (r release) wrote(keys []string) bool {
	return strings.HasPrefix(r.Description, "Rollback") ||
		slices.ContainsFunc(strings.FieldsFunc(r.Description, notName), func(word string) bool { return slices.Contains(keys, word) })
}

// onlyCode reports whether the release says that it changed no config var.
func (r release) onlyCode() bool { return strings.HasPrefix(r.Description, "Deploy ") }

func notName(r rune) bool {
	return !(r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
}

func newestOf(all []release) int {
	newest := 0
	for _, r := range all {
		newest = max(newest, r.Version)
	}
	return newest
}

// releases returns at least the most newest releases, the newest first.
//
// An API that does not heed the order that is asked for begins at the other
// end, and has to be read to its end.
func (c *client) releases(ctx context.Context, op, app string, most int) ([]release, error) {
	k := call{op: op, path: "/apps/" + app + "/releases", span: fmt.Sprintf("version ..; order=desc,max=%d", most)}
	var all []release
	resp, err := c.do(ctx, k, &all)
	switch {
	case err != nil:
		return nil, err
	case all == nil:
		return nil, unreadable(op, "a list of releases")
	case resp.Header.Get("Next-Range") != "" && !newestFirst(all, most):
		all, err = c.restOf(ctx, k, all, resp.Header)
	}
	slices.SortFunc(all, func(a, b release) int { return b.Version - a.Version })
	return all, err
}

func newestFirst(all []release, most int) bool {
	return len(all) <= most && slices.IsSortedFunc(all, func(a, b release) int { return b.Version - a.Version })
}

func (c *client) restOf(ctx context.Context, k call, all []release, h http.Header) ([]release, error) {
	k.span = h.Get("Next-Range")
	_, err := each(ctx, c, k, func(r release) { all = append(all, r) })
	return all, err
}
