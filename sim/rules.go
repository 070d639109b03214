package sim

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Match says which requests are meant. Zero fields match all.
type Match struct {
	Vendor string
	Method string // or "WRITE": any but GET and HEAD
	Path   string // a glob: * is anything without a slash, ** anything
}

// A Rule is a fault and the requests that it happens to.
type Rule struct {
	Match
	Fault Fault
	Times int    // 0: always
	After int    // this many matching requests go well first
	Fires func() // called when it happens, before anything else does; may be nil
}

// An Entry is one request as it was seen. Query, headers and body are not kept.
type Entry struct {
	N      int // 1-based, over all vendors of the rules
	Vendor string
	Method string
	Path   string
	Fault  Fault
}

// Rules are the faults that are to happen, and a log of what was asked. The
// zero value lets everything through. Methods are safe for concurrent use; set
// the fields before the first request.
type Rules struct {
	// OnRequest is called when a request arrived ("before") and when it took
	// effect but was not answered ("after"), so that a driver can kill its
	// client at either moment.
	OnRequest func(n int, when string, r *http.Request)
	Elsewhere string        // where [Redirect] leads; a name that does not resolve if empty
	LateAfter time.Duration // when a [Late] request takes effect; 0: 2s
	DripEvery time.Duration // how fast [Slow] is; 0: a byte a second

	mu    sync.Mutex
	rules []*counted
	log   []Entry
	late  []*delayed
	old   map[string]*recorder // the last answers to GET, for [Stale]
}

// counted is a rule and what became of it.
type counted struct {
	Rule
	seen  int
	fired int
}

// Add adds rules. The first that applies to a request decides.
func (r *Rules) Add(rules ...Rule) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rule := range rules {
		r.rules = append(r.rules, &counted{Rule: rule})
	}
}

// Break makes f happen to the next request only.
func (r *Rules) Break(f Fault) { r.BreakOn(Match{}, f) }

// BreakOn makes f happen to the next request that matches.
func (r *Rules) BreakOn(m Match, f Fault) { r.Add(Rule{Match: m, Fault: f, Times: 1}) }

// Mend removes all rules.
func (r *Rules) Mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rules = nil
}

// Log returns what was asked so far.
func (r *Rules) Log() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

// Fired counts the requests that f happened to. A test of a fault that did not
// fire tests nothing.
func (r *Rules) Fired(f Fault) (n int) {
	for _, e := range r.Log() {
		if e.Fault == f {
			n++
		}
	}
	return n
}

// take logs a request and decides what happens to it.
func (r *Rules) take(vendor string, req *http.Request) (n int, f Fault) {
	n, rule := r.decide(vendor, req)
	if rule.Fires != nil {
		rule.Fires()
	}
	return n, rule.Fault
}

func (r *Rules) decide(vendor string, req *http.Request) (n int, rule Rule) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.rules {
		if c.matches(vendor, req) && c.due() {
			rule = c.Rule
			break
		}
	}
	n = len(r.log) + 1
	r.log = append(r.log, Entry{n, vendor, req.Method, req.URL.Path, rule.Fault})
	return n, rule
}

// due counts a matching request and reports whether the fault happens to it.
func (c *counted) due() bool {
	c.seen++
	if c.seen <= c.After || c.Times > 0 && c.fired >= c.Times {
		return false
	}
	c.fired++
	return true
}

func (m Match) matches(vendor string, req *http.Request) bool {
	write := req.Method != http.MethodGet && req.Method != http.MethodHead
	return matchWord(m.Vendor, vendor) &&
		(matchWord(m.Method, req.Method) || m.Method == "WRITE" && write) &&
		(m.Path == "" || glob(strings.Split(m.Path, "/"), strings.Split(req.URL.Path, "/")))
}

func matchWord(want, got string) bool { return want == "" || want == "*" || want == got }

// glob matches a path segment by segment.
func glob(pattern, segments []string) bool {
	if len(pattern) == 0 {
		return len(segments) == 0
	}
	if pattern[0] == "**" {
		for i := range len(segments) + 1 {
			if glob(pattern[1:], segments[i:]) {
				return true
			}
		}
		return false
	}
	if len(segments) == 0 {
		return false
	}
	ok, err := path.Match(pattern[0], segments[0])
	return err == nil && ok && glob(pattern[1:], segments[1:])
}

// remember keeps the answer to a GET that went well.
func (r *Rules) remember(req *http.Request, rec *recorder) {
	if req.Method != http.MethodGet || rec.code() != http.StatusOK {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.old == nil {
		r.old = map[string]*recorder{}
	}
	r.old[req.Host+req.URL.String()] = rec
}

func (r *Rules) remembered(req *http.Request) *recorder {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.old[req.Host+req.URL.String()]
}

func (r *Rules) hook(n int, when string, req *http.Request) {
	if r.OnRequest != nil {
		r.OnRequest(n, when, req)
	}
}

func (r *Rules) elsewhere() string {
	if r.Elsewhere == "" {
		return "http://elsewhere.invalid"
	}
	return r.Elsewhere
}

func (r *Rules) drip() time.Duration {
	if r.DripEvery <= 0 {
		return time.Second
	}
	return r.DripEvery
}

// delayed is an effect that is still to come.
type delayed struct {
	once  sync.Once
	apply func()
	timer *time.Timer
}

func (d *delayed) run() { d.once.Do(d.apply) }

func (r *Rules) later(apply func()) {
	after := r.LateAfter
	if after <= 0 {
		after = 2 * time.Second
	}
	d := &delayed{apply: apply}
	d.timer = time.AfterFunc(after, d.run)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.late = append(r.late, d)
}

// Settle makes all [Late] requests take effect now, and returns when they have.
func (r *Rules) Settle() {
	r.mu.Lock()
	late := r.late
	r.late = nil
	r.mu.Unlock()
	for _, d := range late {
		d.timer.Stop()
		d.run()
	}
}
