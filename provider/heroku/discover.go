package heroku

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl"
)

// search looks at the config vars of every app that a connection's account can
// list, whatever they are called.
type search struct{ c *client }

var _ pawl.Discoverer = search{}

// reserve is how many requests a search leaves to the rotation.
const reserve = fewRequests

// Areas lists the apps.
func (s search) Areas(ctx context.Context, _ pawl.Search) ([]pawl.Area, error) {
	const op = "heroku.Areas"
	var apps []pawl.Area
	seen := map[string]bool{} // a list that changes while it is paged repeats items
	resp, err := each(ctx, s.c, call{op: op, path: "/apps"}, func(a struct{ ID, Name string }) {
		if id := cmp.Or(a.ID, a.Name); !seen[id] {
			seen[id] = true
			apps = append(apps, pawl.Area{Name: a.Name, ID: a.ID})
		}
	})
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(apps, func(a pawl.Area) bool { return !appName.MatchString(a.Name) }) {
		return nil, unreadable(op, "a list of apps")
	}
	if left, known := remaining(resp.Header); known && left < len(apps)+reserve {
		return nil, scarce(op, left, fmt.Sprintf("%d apps are to be looked at", len(apps)))
	}
	return apps, nil
}

// scarce is the error for too few requests. They come back slowly, so it is
// not for a client to wait.
func scarce(op string, left int, what string) error {
	return &pawl.Error{Op: op, Kind: pawl.Throttled, After: 3600 * refill,
		Err: fmt.Errorf("the account has %d requests left in this hour; %s, and %d are kept for the rotation", left, what, reserve)}
}

// Search looks at the config vars of one app.
func (s search) Search(ctx context.Context, a pawl.Area, q pawl.Search) ([]pawl.Found, error) {
	const op = "heroku.Search"
	r := sighting{app: a, q: q}
	resp, err := s.c.shared(ctx, call{op: op, path: configVarsOf(a.Name)}, &r)
	if err != nil {
		return nil, err
	}
	if left, known := remaining(resp.Header); known && left < reserve {
		return nil, scarce(op, left, "apps are still to be looked at")
	}
	return r.found, nil
}

// sighting is an app's config vars, of which nothing is kept but which of them
// hold what is sought.
type sighting struct {
	app   pawl.Area
	q     pawl.Search
	found []pawl.Found
}

// UnmarshalJSON implements [json.Unmarshaler].
func (r *sighting) UnmarshalJSON(text []byte) error {
	var all map[string]*string
	if json.Unmarshal(text, &all) != nil || all == nil {
		return errors.New("not config vars") // never the decoder's error: it may quote
	}
	r.found = nil
	for name, value := range all {
		if value == nil {
			continue
		}
		secret := pawl.NewSecret([]byte(*value))
		i := slices.IndexFunc(r.q.Values, secret.Equal)
		switch {
		case i >= 0:
			r.add(name, pawl.Found{How: pawl.ByValue, Value: i})
		case slices.Contains(r.q.Names, name) && !secret.IsZero():
			r.add(name, pawl.Found{How: pawl.ByOther})
		}
	}
	slices.SortFunc(r.found, func(a, b pawl.Found) int { return cmp.Compare(a.Where, b.Where) })
	return nil
}

func (r *sighting) add(name string, f pawl.Found) {
	f.Where, f.Listed = r.app.Name+"/"+name, r.lists(name)
	f.Kind, f.ID = "heroku/config-var", r.app.Name
	f.Settings, _ = json.Marshal(ConfigVar{App: r.app.Name, Keys: []string{name}}) // two texts: it does not fail
	r.found = append(r.found, f)
}

// lists reports whether the plan has a config var of this app, which the
// catalog may call by name or by id.
func (r *sighting) lists(name string) bool {
	return slices.ContainsFunc(r.q.Listed, func(op pawl.Op) bool {
		var v ConfigVar
		return op.Name == "heroku/config-var@1" && json.Unmarshal(op.Config, &v) == nil &&
			(v.App == r.app.Name || v.App == r.app.ID) && slices.Contains(v.Keys, name)
	})
}
