package heroku

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
)

// dyno is one process with the config vars of the release that it was started
// from, whatever the app holds by now.
// https://devcenter.heroku.com/articles/platform-api-reference#dyno
type dyno struct {
	Name    string `json:"name"`
	State   string `json:"state"` // up, starting, crashed, idle, down
	Release struct {
		Version int `json:"version"`
	} `json:"release"`
}

// up reports whether the dyno runs, or would with what it was started from.
func (d dyno) up() bool { return d.State == "up" || d.State == "idle" }

func (c *client) dynos(ctx context.Context, op, app string) ([]dyno, error) {
	all := []dyno{}
	_, err := each(ctx, c, call{op: op, path: "/apps/" + app + "/dynos"}, func(d dyno) { all = append(all, d) })
	return all, err
}

// scaledToZero reports whether the app is meant to have no dynos.
// https://devcenter.heroku.com/articles/platform-api-reference#formation
func (c *client) scaledToZero(ctx context.Context, op, app string) (bool, error) {
	type process struct {
		Quantity int `json:"quantity"`
	}
	zero := true
	_, err := each(ctx, c, call{op: op, path: "/apps/" + app + "/formation"}, func(p process) { zero = zero && p.Quantity == 0 })
	return zero, err
}

// judge says whether all dynos run with what release live has. One-off and
// scheduled dynos count like any other: they keep what they were started with
// until they end. A dyno that does not name its release counts as old.
func judge(all []dyno, live release) (pawl.Verdict, string) {
	var late []string
	for _, d := range all {
		name := plain(d.Name, 40)
		switch {
		case d.Release.Version < live.Version:
			late = append(late, fmt.Sprintf("%s is still on v%d", name, d.Release.Version))
		case !d.up():
			late = append(late, fmt.Sprintf("%s is %s", name, plain(d.State, 20)))
		}
	}
	up := fmt.Sprintf("release v%d succeeded, %d of %d dynos up", live.Version, len(all)-len(late), len(all))
	if len(late) == 0 {
		return pawl.Proved, up
	}
	slices.Sort(late)
	if n := len(late) - 3; n > 0 {
		late = append(late[:3], fmt.Sprintf("%d more", n))
	}
	return pawl.Waiting, up + "; " + strings.Join(late, ", ")
}
