package github

import (
	"context"
	"net/http"

	gh "github.com/google/go-github/v88/github"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

// examine says whose token the connection has. GitHub tells the scopes of a
// classic token only; what a fine-grained one may do shows when it does it.
func (c *client) examine(ctx context.Context) (provider.Exam, error) {
	const op = "github.Examine"
	e := provider.Exam{Left: -1}
	var header http.Header
	user, err := read(c, op, func() (*gh.User, *gh.Response, error) {
		req, err := c.NewRequest(ctx, http.MethodGet, "user", nil)
		if err != nil {
			return nil, nil, err
		}
		var got *gh.User
		resp, err := c.Do(req, &got)
		if resp != nil && resp.Response != nil {
			header = resp.Header
			if resp.Rate.Limit > 0 {
				e.Left = resp.Rate.Remaining
			}
		}
		return got, resp, err
	})
	e.At, _ = http.ParseTime(header.Get("Date"))
	switch k := pawl.KindOf(err); {
	case err == nil:
		e.Who, e.May = printable(user.GetLogin()), printable(header.Get("X-OAuth-Scopes"))
	case k == pawl.Forbidden || k == pawl.NotFound:
		e.Who = "an app, or a token that may not name its account"
	default:
		return e, err
	}
	return e, nil
}
