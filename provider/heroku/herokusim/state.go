package herokusim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

type account struct {
	id, email string
	created   time.Time
	federated bool
}

// authorization is a direct authorization with its one token.
type authorization struct {
	id, description string
	scope           []string
	account         *account
	tokenID, token  string
	created         time.Time
	updated         time.Time
	expires         time.Time // zero: never
	revoked         time.Time // zero: not
}

func (s *Sim) authorize(owner *account, description string, scope []string, ttl time.Duration) *authorization {
	now := s.opt.now()
	a := &authorization{id: s.uuid(), description: description, scope: scope, account: owner, tokenID: s.uuid(), token: s.token(), created: now, updated: now}
	if ttl == 0 {
		ttl = s.opt.DefaultTTL
	}
	if ttl > 0 {
		a.expires = now.Add(ttl)
	}
	s.auths = append(s.auths, a)
	return a
}

// exists reports whether the authorization is still listed. An expired one is
// deleted.
func (s *Sim) exists(a *authorization) bool {
	return a.revoked.IsZero() && (a.expires.IsZero() || s.opt.now().Before(a.expires))
}

// bearer returns the authorization whose token this is, if it works.
func (s *Sim) bearer(token string) *authorization {
	for _, a := range s.auths {
		late := !a.revoked.IsZero() && s.opt.now().Before(a.revoked.Add(s.opt.RevokeDelay))
		if a.token == token && (s.exists(a) || late) {
			return a
		}
	}
	return nil
}

type app struct {
	id, name  string
	created   time.Time
	config    map[string]string
	releases  []*release
	formation map[string]int
	oneOffs   []oneOff
	restarted map[string]time.Time // by process type or dyno name; "" is all
	crashed   []string             // process types
	failing   int
	twoFactor bool
}

// release is a version with the config vars of its time. Its status follows
// from ready.
type release struct {
	id, description string
	version         int
	created, ready  time.Time
	boot            time.Duration
	failed          bool
	env             map[string]string
}

func (r *release) status(now time.Time) string {
	switch {
	case now.Before(r.ready):
		return "pending"
	case r.failed:
		return "failed"
	}
	return "succeeded"
}

// release makes a release of what the app's config vars are now. The release
// phases of an app run one after the other.
func (s *Sim) release(a *app, description string, now time.Time) *release {
	ready := now.Add(s.opt.ReleaseDelay)
	if n := len(a.releases); n > 0 && a.releases[n-1].ready.After(now) {
		ready = a.releases[n-1].ready.Add(s.opt.ReleaseDelay)
	}
	env := map[string]string{}
	for k, v := range a.config {
		env[k] = v
	}
	r := &release{id: s.uuid(), description: description, version: len(a.releases) + 1, created: now, ready: ready, boot: s.opt.BootDelay, env: env}
	if a.failing > 0 {
		a.failing--
		r.failed = true
	}
	a.releases = append(a.releases, r)
	return r
}

// configure changes config vars, where null removes one, and releases that.
func (s *Sim) configure(a *app, change map[string]*string) {
	var set, removed []string
	same := true
	for k, v := range change {
		old, had := a.config[k]
		switch {
		case v == nil:
			removed = append(removed, k)
			same = same && !had
			delete(a.config, k)
		default:
			set = append(set, k)
			same = same && had && old == *v
			a.config[k] = *v
		}
	}
	if same && !s.opt.NoopRelease {
		return
	}
	s.release(a, wording(set, removed), s.opt.now())
}

func wording(set, removed []string) string {
	slices.Sort(set)
	slices.Sort(removed)
	if len(set) == 0 {
		return "Remove " + strings.Join(removed, ", ") + " config vars"
	}
	return "Set " + strings.Join(append(set, removed...), ", ") + " config vars"
}

// current returns the newest release that succeeded.
func (s *Sim) current(a *app) *release {
	now := s.opt.now()
	for _, r := range slices.Backward(a.releases) {
		if r.status(now) == "succeeded" {
			return r
		}
	}
	return a.releases[0]
}

type oneOff struct {
	name    string
	release *release
	started time.Time
}

// dyno is one process as it is now.
type dyno struct {
	name, process, state string
	release              *release
	started              time.Time
	env                  map[string]string
}

// dynos returns all dynos of an app: those of the current release, the old web
// dynos that preboot keeps, and the one-off ones.
func (s *Sim) dynos(a *app) []dyno {
	now, cur := s.opt.now(), s.current(a)
	all := s.formation(a, cur, now)
	if old := s.before(a, cur); old != nil && now.Before(cur.ready.Add(s.opt.Preboot)) {
		for _, d := range s.formation(a, old, now) {
			if d.process == "web" {
				all = append(all, d)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b dyno) int { return strings.Compare(a.process, b.process) })
	for _, o := range a.oneOffs {
		process, _, _ := strings.Cut(o.name, ".")
		all = append(all, s.running(a, dyno{name: o.name, process: process, release: o.release, started: o.started, env: o.release.env}, now, 0))
	}
	return all
}

// before returns the release whose dynos r replaced.
func (s *Sim) before(a *app, r *release) *release {
	for _, old := range slices.Backward(a.releases[:r.version-1]) {
		if !old.failed {
			return old
		}
	}
	return nil
}

func (s *Sim) formation(a *app, r *release, now time.Time) []dyno {
	var all []dyno
	for process, n := range a.formation {
		for i := range n {
			d := dyno{name: process + "." + strconv.Itoa(i+1), process: process, release: r, started: r.ready, env: r.env}
			all = append(all, s.running(a, d, now, r.boot))
		}
	}
	slices.SortFunc(all, func(a, b dyno) int { return strings.Compare(a.name, b.name) })
	return all
}

// running fills in the state of a dyno that takes boot to start.
func (s *Sim) running(a *app, d dyno, now time.Time, boot time.Duration) dyno {
	for _, what := range []string{"", d.process, d.name} {
		if at, ok := a.restarted[what]; ok && at.After(d.started) {
			d.started, boot = at, s.opt.BootDelay
		}
	}
	d.state = "up"
	switch {
	case slices.Contains(a.crashed, d.process):
		d.state = "crashed"
	case now.Before(d.started.Add(boot)):
		d.state = "starting"
	}
	return d
}
