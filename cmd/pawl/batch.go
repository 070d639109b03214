package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/connect"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/terminal"
	"github.com/pawl-dev/pawl/wording"
)

// A batch is several rotations that this process drives at once. Each is a
// rotation like any other, with a journal, gates and evidence of its own; the
// process only lets their writes to one app meet, and their revokes take turns.
// Whatever happens to the batch, each of them can be resumed by itself.
type batch struct {
	a        *app
	d        *driving
	eng      worker
	opener   *connect.Opener
	store    *store
	together *connect.Rendezvous
	turns    *engine.Turns
	enc      *json.Encoder // with --json
	mu       sync.Mutex    // one line at a time
	all      []*member
	question question // on a terminal, when a rotation has stopped; nil: the usual ones
	clock    func() string
}

// A member is one rotation of a batch.
type member struct {
	plan   pawl.Plan
	id     pawl.RotationID // zero: it was not begun
	groups map[string]string
	meets  *connect.Meeting // with others that write to the same app; nil at a server, which sees to it by itself
	sc     *screen
	result engine.Result
	err    error // why it was not begun, or not driven

	// Of a leak: what else is said of it.
	file string // its post-mortem
	note string
	more map[string]any
}

// atOnce bounds how many rotations of a batch are driven at one time.
const atOnce = 50

// longestMeeting is how long a write may wait for those of other rotations:
// longer than most canaries take to be proved. It is less where less time is
// given, and little after a leak.
const longestMeeting = 5 * time.Minute

func (a *app) newBatch(ctx context.Context, cat *catalog.Catalog, s *store, plans []pawl.Plan, d *driving) (*batch, error) {
	b := &batch{a: a, d: d, store: s, turns: &engine.Turns{}}
	b.together = &connect.Rendezvous{Patience: min(longestMeeting, d.timeout/2)}
	for _, p := range plans {
		if p.Reason == pawl.Leak {
			b.together.Patience, b.turns.Bound = min(b.together.Patience, 20*time.Second), 15*time.Second
		}
	}
	if err := b.openWorker(ctx, cat); err != nil {
		return nil, err
	}
	if a.json {
		b.enc = newScreen(a).enc
	}
	width := 0
	for _, p := range plans {
		width = max(width, len(p.Credential))
	}
	for _, p := range plans {
		m := &member{}
		b.follow(m, p)
		own := *a
		own.err = &terminal.Prefixed{To: a.err, Prefix: fmt.Sprintf("%-*s  ", width, p.Credential), Clock: func() string { return b.now() }}
		m.sc = &screen{a: &own, enc: b.enc, told: map[string]bool{}, glance: glance{name: p.Credential}}
		b.all = append(b.all, m)
	}
	return b, nil
}

// openWorker opens what does the work: the engine of this process, with which
// writes to one app meet, or a server.
func (b *batch) openWorker(ctx context.Context, cat *catalog.Catalog) (err error) {
	if b.a.far == nil {
		b.opener = b.a.opener(cat)
		b.opener.Together = b.together
	}
	b.eng, err = b.a.worker(ctx, cat, b.store)
	return err
}

// follow has a member go by a plan.
func (b *batch) follow(m *member, p pawl.Plan) {
	m.plan = p
	if b.opener != nil {
		m.groups, m.meets = b.opener.Groups(p), b.opener.Meeting(p)
	}
}

// now is what stands before each line.
func (b *batch) now() string {
	if b.clock == nil {
		return ""
	}
	return b.clock()
}

// each runs f for members at once, and waits.
func (b *batch) each(of []*member, f func(*member)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, m := range of {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f(m)
		})
	}
	wg.Wait()
}

// begun are the members that there is a rotation of.
func (b *batch) begun() []*member {
	return slices.DeleteFunc(slices.Clone(b.all), func(m *member) bool { return m.err != nil })
}

// begin opens the rotations that can be. What is missing to sign in is said
// before there is a rotation at all.
func (b *batch) begin(ctx context.Context, start func(*member) (pawl.RotationID, error)) {
	for _, m := range b.begun() {
		if m.err = b.eng.CanOpen(ctx, m.plan); m.err == nil {
			m.id, m.err = start(m)
		}
	}
	for _, m := range b.begun() {
		m.sc.recall(ctx, b.store, m.plan.Credential)
		m.sc.begin(m.id, m.plan)
	}
}

// fresh opens a new rotation, unless the last one is unfinished.
func (b *batch) fresh(ctx context.Context) func(*member) (pawl.RotationID, error) {
	return func(m *member) (pawl.RotationID, error) {
		if err := b.unfinished(ctx, m); err != nil {
			return pawl.RotationID{}, err
		}
		return b.eng.Start(ctx, m.plan, b.d.revokes(m.plan.Credential))
	}
}

func (b *batch) unfinished(ctx context.Context, m *member) error {
	run, err := b.store.Latest(ctx, m.plan.Credential)
	switch {
	case err == nil && run.Outcome == "":
		return b.a.unfinished(run.ID)
	case err != nil && pawl.KindOf(err) != pawl.NotFound:
		return err
	}
	return nil
}

// drive drives what was begun until nothing goes on without somebody else, and
// asks on a terminal for what can be answered there.
func (b *batch) drive(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		b.together.Close()
		if b.enc == nil && b.a.far == nil {
			b.a.say("%s Stopping: what is under way is finished first, nothing new is begun. Ctrl-C again ends it at once, which is safe too.", b.a.sign(idle))
		}
	})
	defer stop()
	for _, m := range b.begun() {
		m.err = m.sc.a.acknowledge(ctx, b.eng, m.id, b.d.accepting)
	}
	for next := b.begun(); len(next) > 0 && ctx.Err() == nil; {
		for rank, m := range next { // all of them before the first of them writes
			b.join(ctx, m, rank)
		}
		b.each(next, func(m *member) { b.one(ctx, m) })
		next = b.ask(ctx, next)
	}
}

func (b *batch) join(ctx context.Context, m *member, rank int) {
	state, err := b.eng.Load(ctx, m.id)
	if err != nil {
		return // driving it will say so
	}
	if m.meets != nil {
		m.meets.Join(state)
	}
	b.turns.Join(m.id, rank, m.shares())
}

// ask asks for what each rotation waits for, and returns those that go on.
func (b *batch) ask(ctx context.Context, of []*member) (again []*member) {
	for _, m := range of {
		if m.err != nil || m.result.State == nil {
			continue
		}
		ask := b.a.ask
		if b.question != nil {
			ask = b.question
		}
		answered, err := ask(ctx, b.eng, m.result)
		if err != nil {
			m.err = err
		} else if answered {
			again = append(again, m)
		}
	}
	return again
}

func (b *batch) one(ctx context.Context, m *member) {
	if m.meets != nil {
		defer m.meets.Leave()
	}
	defer m.sc.paint()()
	m.result, m.err = b.eng.Drive(ctx, m.id, engine.Options{AutoRevoke: b.d.revokes(m.plan.Credential), Timeout: b.d.timeout,
		Patience: b.together.Patience, Turns: b.turns, Watch: func(u engine.Update) { b.watch(m, u) }})
}

func (b *batch) watch(m *member, u engine.Update) {
	b.mu.Lock()
	m.sc.watch(u)
	b.mu.Unlock()
	if m.meets != nil {
		m.meets.Follow(u.State, u.Waits)
	}
}

// shares is what a rotation has in common with others that use the same: apps,
// and whatever its proofs look at.
func (m *member) shares() []string {
	var all []string
	for _, c := range m.plan.Consumers {
		if g := m.groups[c.ID]; g != "" {
			all = append(all, g)
		}
		for _, p := range c.Proofs {
			var at struct{ HTTP, Repo string }
			_ = json.Unmarshal(p.Config, &at)
			if at.HTTP != "" || at.Repo != "" {
				all = append(all, at.HTTP+" "+at.Repo)
			}
		}
	}
	return all
}

// verdict is what a member comes to: that of its rotation, or of the error that
// kept it from having one.
func (b *batch) verdict(m *member) verdict {
	if m.err == nil {
		return b.a.judge(m.result)
	}
	e := b.a.classify(m.err)
	text := exitName(e.code)
	if e.err != nil {
		text = wording.Plainly(spoken(e.err))
	}
	return verdict{code: e.code, text: text, safe: e.safe, next: e.next}
}

// conclude tells how it went with all of them, and returns the exit code of the
// one that needs a person most.
func (b *batch) conclude() error {
	code := exitDone
	var lines []map[string]any
	for _, m := range b.all {
		v := b.verdict(m)
		code = graver(code, v.code)
		lines = append(lines, memberLine(m, v))
	}
	if b.enc != nil {
		for _, m := range b.all {
			b.a.instructLeft(b.eng, m.result, b.enc)
		}
		for _, l := range lines {
			b.enc.Encode(l)
		}
		b.enc.Encode(map[string]any{"type": "result", "code": exitName(code), "exit": code, "rotations": lines})
	} else {
		b.tell(code)
	}
	if code == exitDone {
		return nil
	}
	return &exit{code: code}
}

func memberLine(m *member, v verdict) map[string]any {
	l := map[string]any{"type": "left", "credential": m.plan.Credential, "code": exitName(v.code), "exit": v.code, "detail": v.text, "next": v.next, "waits": waitLines(v.waits)}
	if s := m.result.State; s != nil {
		l["rotation"], l["phase"], l["outcome"] = m.id.String(), m.result.Phase, s.Outcome
		l["old_id"], l["new_id"], l["old_valid"] = s.OldID, s.NewID(), s.OldValid()
	}
	maps.Copy(l, m.more)
	return l
}

// tell tells what is to be done about each, then the table of all.
func (b *batch) tell(code int) {
	width, done := 0, 0
	for _, m := range b.all {
		width = max(width, len(m.plan.Credential))
		v := b.verdict(m)
		if v.code != exitDone {
			b.a.instructLeft(b.eng, m.result, nil)
		} else {
			done++
		}
		if v.code != exitDone || m.result.State != nil && len(acceptedBroken(m.result.State)) > 0 {
			m.sc.a.tellVerdict(v)
		}
	}
	b.a.say("")
	for _, m := range b.all {
		v := b.verdict(m)
		next := ""
		if len(v.next) > 0 && v.code != exitDone {
			next = "→ " + b.a.pasteable(v.next[0])
		}
		if m.note != "" {
			next = strings.TrimSpace(fmt.Sprintf("%-24s %s", m.note, next))
		}
		b.a.say("%s %-*s  %-13s %s", b.a.sign(verdictMark(v.code)), width, m.plan.Credential, outcomeWord(m, v), next)
	}
	b.a.say("%s %d of %d done; %s", b.a.sign(verdictMark(code)), done, len(b.all), exitName(code))
}

func verdictMark(code int) mark {
	switch code {
	case exitDone:
		return good
	case exitWaits, exitInterrupted, exitDeclined:
		return idle
	}
	return bad
}

func outcomeWord(m *member, v verdict) string {
	if s := m.result.State; s != nil && s.Outcome != "" && v.code == exitDone {
		return string(s.Outcome)
	}
	return exitName(v.code)
}

// gravest is the order of exit codes by how much a person is needed: what is
// without a valid copy somewhere first, what was only not begun near the end.
var gravest = []int{exitHelp, exitSignIn, exitIncomplete, exitFailed, exitUsage, exitInterrupted, exitWaits, exitDeclined, exitDone}

func graver(a, b int) int {
	for _, code := range gravest {
		if a == code || b == code {
			return code
		}
	}
	return max(a, b)
}

// askToBegin shows what every member would do, and asks once. Those that would
// be refused are left out, and said.
func (b *batch) askToBegin(ctx context.Context) error {
	reports := make([]engine.Report, len(b.all))
	var mu sync.Mutex
	b.each(b.begun(), func(m *member) {
		r, err := b.eng.Survey(ctx, m.plan)
		mu.Lock()
		defer mu.Unlock()
		reports[slices.Index(b.all, m)] = r
		if m.err = err; err == nil && len(r.Problems) > 0 {
			m.err = problems(r)
		}
	})
	for i, m := range b.all {
		if m.err == nil {
			b.a.showPlan(b.a.err, m.plan, reports[i])
			continue
		}
		v := b.verdict(m)
		m.sc.a.tellVerdict(v)
	}
	n := len(b.begun())
	if n == 0 {
		return nil
	}
	ok, err := b.a.confirm(ctx, fmt.Sprintf("Begin %s?", wording.Count(n, "rotation")))
	if err != nil {
		return err
	}
	if !ok {
		return &exit{code: exitDeclined, err: errors.New("declined; nothing was changed")}
	}
	return nil
}

// distinctNames drops what is named again.
func distinctNames(names []string) (kept []string) {
	for _, n := range names {
		if !slices.Contains(kept, n) {
			kept = append(kept, n)
		}
	}
	return kept
}
