package herokusim

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
)

// maxConfig is the size of all names and values of an app.
// https://devcenter.heroku.com/articles/config-vars#limits
const maxConfig = 32 << 10

func (s *Sim) appNamed(nameOrID string) *app {
	for _, a := range s.apps {
		if a.name == nameOrID || a.id == nameOrID {
			return a
		}
	}
	return nil
}

func (s *Sim) showApp(a *app) any {
	owner := map[string]string{}
	if len(s.accounts) > 0 {
		owner = map[string]string{"id": s.accounts[0].id, "email": s.accounts[0].email}
	}
	named := func(name string) any { return map[string]string{"id": a.id, "name": name} }
	return map[string]any{
		"id": a.id, "name": a.name, "owner": owner, "maintenance": false, "team": nil, "organization": nil, "space": nil,
		"region": named("eu"), "stack": named("heroku-24"), "build_stack": named("heroku-24"),
		"generation": map[string]string{"id": a.id, "name": "cedar"}, "acm": true, "archived_at": nil, "internal_routing": nil,
		"buildpack_provided_description": nil, "git_url": "https://git.heroku.com/" + a.name + ".git", "web_url": "https://" + a.name + ".herokuapp.com/",
		"created_at": a.created, "updated_at": a.created, "released_at": a.releases[len(a.releases)-1].created, "slug_size": nil, "repo_size": nil,
	}
}

func (s *Sim) listApps(x *exchange) answer {
	all := slices.Collect(maps.Values(s.apps))
	return page(s, x, "name", all, func(a *app) string { return a.name }, func(a *app) any { return s.showApp(a) })
}

func (s *Sim) getApp(x *exchange) answer { return ok(s.showApp(x.app)) }

func (s *Sim) getConfig(x *exchange) answer { return ok(x.app.config) }

var varName = regexp.MustCompile(`^\w+$`)

// patchConfig merges, all of it or nothing.
func (s *Sim) patchConfig(x *exchange) answer {
	var change map[string]*string
	if a, ok := x.decode(&change); !ok {
		return a
	}
	after := maps.Clone(x.app.config)
	for k, v := range change {
		if !varName.MatchString(k) {
			return invalid("Config var names may hold letters, digits and _ only.")
		}
		delete(after, k)
		if v != nil {
			after[k] = *v
		}
	}
	size := 0
	for k, v := range after {
		size += len(k) + len(v)
	}
	if size > maxConfig {
		return invalid("Config vars exceed the limit of 32 kB.")
	}
	s.configure(x.app, change)
	return ok(x.app.config)
}

func (s *Sim) showRelease(a *app, r *release) any {
	now := s.opt.now()
	return map[string]any{
		"id": r.id, "version": r.version, "status": r.status(now), "current": r == s.current(a), "description": r.description,
		"created_at": r.created, "updated_at": r.created, "app": map[string]string{"id": a.id, "name": a.name},
		"user": map[string]string{"id": s.accounts[0].id, "email": s.accounts[0].email},
		"slug": nil, "addon_plan_names": []string{}, "artifacts": []any{}, "output_stream_url": nil, "eligible_for_rollback": !r.failed,
	}
}

func (s *Sim) listReleases(x *exchange) answer {
	return page(s, x, "version", x.app.releases, func(r *release) int { return r.version }, func(r *release) any { return s.showRelease(x.app, r) })
}

func (s *Sim) releaseNamed(x *exchange) *release {
	for _, r := range x.app.releases {
		if id := x.PathValue("id"); r.id == id || strconv.Itoa(r.version) == id {
			return r
		}
	}
	return nil
}

func (s *Sim) getRelease(x *exchange) answer {
	r := s.releaseNamed(x)
	if r == nil {
		return notFound("release", "Couldn't find that release.")
	}
	return ok(s.showRelease(x.app, r))
}

func (s *Sim) getReleaseConfig(x *exchange) answer {
	r := s.releaseNamed(x)
	if r == nil {
		return notFound("release", "Couldn't find that release.")
	}
	return ok(r.env)
}

func (s *Sim) listDynos(x *exchange) answer {
	all := []any{}
	for _, d := range s.dynos(x.app) {
		all = append(all, map[string]any{
			"id": uuid(sum(d.release.id, d.name)), "name": d.name, "type": d.process, "state": d.state, "size": "standard-1X", "command": "./" + d.process,
			"attach_url": nil, "created_at": d.started, "updated_at": d.started,
			"app":     map[string]string{"id": x.app.id, "name": x.app.name},
			"release": map[string]any{"id": d.release.id, "version": d.release.version},
		})
	}
	return ok(all)
}

// restart restarts all dynos, one, or those of a process type. One-off dynos
// end with it.
func (s *Sim) restart(x *exchange) answer {
	what := x.PathValue("what")
	x.app.restarted[what] = s.opt.now()
	x.app.oneOffs = slices.DeleteFunc(x.app.oneOffs, func(d oneOff) bool { return what == "" || what == d.name })
	return answer{http.StatusAccepted, map[string]any{}}
}

func (s *Sim) listFormation(x *exchange) answer {
	all := []any{}
	for _, process := range slices.Sorted(maps.Keys(x.app.formation)) {
		all = append(all, map[string]any{
			"id": uuid(sum(x.app.id, process)), "type": process, "quantity": x.app.formation[process], "size": "standard-1X", "dyno_size": map[string]string{"name": "standard-1X"},
			"command": "./" + process, "created_at": x.app.created, "updated_at": x.app.created, "app": map[string]string{"id": x.app.id, "name": x.app.name},
		})
	}
	return ok(all)
}
