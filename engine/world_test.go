package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/seal"
)

// keys are what an installation has from the start. They are made once for all
// worlds of a test.
type keys struct {
	box    *seal.Box
	signer *audit.Signer
}

func newKeys(t *testing.T) keys {
	t.Helper()
	_, box, err := seal.Create(seal.NewKEK())
	if err != nil {
		t.Fatal(err)
	}
	key, err := audit.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := audit.ParseSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return keys{box, signer}
}

// A world is a company, a journal that can fail, and the engine between them.
// It lives in a synctest bubble: waiting costs nothing.
type world struct {
	t *testing.T
	*company
	journal *flaky
	keys    keys
	plan    pawl.Plan
	id      pawl.RotationID
	prior   map[string]string // places that are to end with this value if the rotation goes back
	seen    []string          // errors and updates: everything that was said
}

// newWorld is a company with a store and four places, of every kind that
// differs to the engine.
func newWorld(t *testing.T, k keys) *world {
	w := &world{t: t, keys: k, plan: fullPlan(), prior: map[string]string{}}
	w.company = newCompany(
		&place{name: "store", class: pawl.ReadBack},
		&place{name: "canary", class: pawl.Running, boot: 700 * time.Millisecond},
		&place{name: "api", class: pawl.Running, boot: 1100 * time.Millisecond},
		&place{name: "ci", class: pawl.Timestamp, private: true},
	)
	w.journal = &flaky{Memory: journal.NewMemory(k.signer, time.Now)}
	w.intended = w.hasIntent
	return w
}

func fullPlan() pawl.Plan {
	return pawl.Plan{Format: 1, Credential: "heroku-api-key", Reason: pawl.Scheduled, Issuer: pawl.Op{Name: "acme/token@1", Connection: "acme"},
		Soak: 2 * time.Second, Watch: 5 * time.Second,
		Consumers: []pawl.Place{
			{ID: "store", Store: true, Op: pawl.Op{Name: "acme/store@1"}, Where: "vault HEROKU_API_KEY", Require: pawl.ReadBack},
			{ID: "canary", Wave: 1, Op: pawl.Op{Name: "acme/app@1"}, Require: pawl.Attested, Proofs: []pawl.Op{{Name: "http@1"}}},
			{ID: "api", Wave: 2, Op: pawl.Op{Name: "acme/app@1"}, Require: pawl.Running},
			{ID: "ci", Wave: 2, Op: pawl.Op{Name: "acme/ci@1"}, Require: pawl.Exercised, Proofs: []pawl.Op{{Name: "workflow@1", Starts: true}}},
		}}
}

// person is a place that the revoke waits for.
func person() pawl.Place {
	return pawl.Place{ID: "laptop", Wave: 2, Require: pawl.Claimed,
		Human: &pawl.Human{People: []string{"ops"}, Ask: "Open a new shell.", Notify: &pawl.Op{Name: "slack"}, To: "D0000000000", Blocks: true}}
}

// engine is a new process.
func (w *world) engine() *engine.Engine {
	return engine.New(engine.Config{Journal: w.journal, Box: w.keys.box, Actor: pawl.Actor{Type: "user", ID: "ana@laptop-7"}, Open: w.open})
}

func (w *world) open(_ context.Context, plan pawl.Plan) (*engine.Hands, error) {
	n := len(plan.Consumers)
	h := &engine.Hands{Issuer: issuer{w.company}, Minter: w.company, Consumers: make([]pawl.Consumer, n), Proofs: make([][]pawl.Prover, n), Notifiers: make([]pawl.Notifier, n)}
	for i, c := range plan.Consumers {
		if c.Human != nil {
			h.Notifiers[i] = w.company
			continue
		}
		p := w.places[c.ID]
		h.Consumers[i] = readable{p}
		if p.private {
			h.Consumers[i] = p
		}
		for _, op := range c.Proofs {
			if op.Starts {
				h.Proofs[i] = append(h.Proofs[i], workflow{p})
			} else {
				h.Proofs[i] = append(h.Proofs[i], health{p})
			}
		}
	}
	return h, nil
}

// hasIntent reports why a call that changes something has no intent in the
// journal: the order without which a crash loses something.
func (w *world) hasIntent(call, id string) error {
	if strings.HasPrefix(call, "revoke") && w.journal.failing() {
		return nil // a value that cannot be written down is dropped while it is at hand
	}
	run, err := w.journal.Memory.Load(context.Background(), w.id)
	if err != nil {
		return err
	}
	open := false
	for _, ev := range run.Events {
		name := map[pawl.Step]string{pawl.StepKill: "revoke"}[ev.Step]
		if name == "" {
			name = string(ev.Step)
		}
		if name == strings.Fields(call)[0] && (name == "notify" || ev.Consumer == id || ev.ID == id || ev.Label == id) {
			open = ev.Type == pawl.EvIntended
		}
	}
	if !open {
		return fmt.Errorf("no intent is in the journal")
	}
	return nil
}

// start opens the rotation.
func (w *world) start() {
	w.t.Helper()
	id, err := w.engine().Start(w.t.Context(), w.plan)
	if err != nil {
		w.t.Fatalf("Start = %v", err)
	}
	w.id = id
}

// drive is one process, from taking the rotation up to its end.
func (w *world) drive(ctx context.Context, opt engine.Options) engine.Result {
	w.t.Helper()
	watch := opt.Watch
	opt.Watch = func(u engine.Update) {
		w.hear(u.Event, u.Waits)
		if watch != nil {
			watch(u)
		}
	}
	res, err := w.engine().Drive(ctx, w.id, opt)
	w.hear(err, res.Stop, res.Waits)
	if err != nil && !w.journal.failing() {
		w.t.Fatalf("Drive = %v", err)
	}
	return res
}

func (w *world) hear(all ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range all {
		err, _ := x.(error)
		w.seen = append(w.seen, fmt.Sprintf("%v %+v %#v %s", x, x, x, pawl.HintOf(err)))
	}
}

// finish drives until the rotation has ended, and mends the journal and does
// what react says each time a process leaves it.
func (w *world) finish(opt engine.Options, react func(engine.Result) *pawl.Event) engine.Result {
	w.t.Helper()
	for range 20 {
		res := w.drive(w.t.Context(), opt)
		w.journal.mend()
		if res.State != nil && res.State.Outcome != "" {
			return res
		}
		if react == nil {
			continue
		}
		if ev := react(res); ev != nil {
			w.signal(*ev)
		}
	}
	w.t.Fatal("no end after 20 processes")
	return engine.Result{}
}

// signal is somebody who says something, and says it again if it failed.
func (w *world) signal(ev pawl.Event) {
	w.t.Helper()
	for range 3 {
		err := w.engine().Signal(w.t.Context(), w.id, ev)
		w.hear(err)
		if err == nil {
			return
		}
		w.journal.mend()
	}
	w.t.Fatalf("cannot signal %s", ev.Type)
}

// waitsOn returns the wait of this sort, or nil.
func waitsOn(res engine.Result, on rotation.On) *rotation.Wait {
	for i := range res.Waits {
		if res.Waits[i].On == on {
			return &res.Waits[i]
		}
	}
	return nil
}

// events is the journal.
func (w *world) events() []pawl.Event {
	w.t.Helper()
	run, err := w.journal.Memory.Load(context.Background(), w.id)
	if err != nil {
		w.t.Fatal(err)
	}
	return run.Events
}

// check looks at everything that must hold once a rotation has ended: nobody
// stranded, nothing left over, nothing leaked, every step accounted for.
func (w *world) check(want pawl.Outcome) {
	w.t.Helper()
	s := rotation.Fold(w.events())
	if s.Outcome != want {
		w.t.Errorf("outcome %q (%s), want %q", s.Outcome, s.Failure.Detail, want)
	}
	keep := "id-old"
	if s.Outcome == pawl.Completed {
		keep = s.NewID()
	}
	w.checkCompany(keep)
	if _, err := w.journal.Sealed(w.t.Context(), w.id, "old"); pawl.KindOf(err) != pawl.NotFound {
		w.t.Errorf("the sealed old value is still there: %v", err)
	}
	w.checkOrder()
	w.checkAccount()
}

// checkOrder checks that each outcome in the journal follows its intent, and
// that nothing is there twice.
func (w *world) checkOrder() {
	w.t.Helper()
	open := map[string]bool{}
	for i, ev := range w.events() {
		id := ev.ID
		if ev.Step == pawl.StepMint {
			id = "" // not known before
		}
		effect := fmt.Sprint(ev.Step, ev.Consumer, ev.Side, ev.Attempt, ev.Proof, id)
		switch ev.Type {
		case pawl.EvDriving:
			for effect := range open { // whatever was under way is unknown now, but for what a person does
				if w.plan.Hand == nil || !strings.HasPrefix(effect, string(pawl.StepMint)) {
					delete(open, effect)
				}
			}
		case pawl.EvIntended, pawl.EvEnded:
			if open[effect] == (ev.Type == pawl.EvIntended) {
				w.t.Errorf("event %d: %s %s %s out of order", i, ev.Type, ev.Step, ev.Consumer)
			}
			open[effect] = !open[effect]
		}
	}
}

// checkCompany checks that keep is the one generation that is alive, and the
// one that everybody uses.
func (w *world) checkCompany(keep string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, wrong := range w.broken {
		w.t.Error(wrong)
	}
	for _, t := range w.tokens {
		if t.dead == (t.id == keep) {
			w.t.Errorf("%s: dead = %v, where %s is to be kept", t.id, t.dead, keep)
		}
	}
	kept := w.byID(keep)
	if kept == nil {
		w.t.Fatalf("no generation %q", keep)
	}
	for name, p := range w.places {
		value, ok := w.prior[name]
		if !ok || keep != "id-old" {
			value = kept.value
		}
		if p.holds != value || p.running() != value {
			w.t.Errorf("%s is stranded: it holds %s and runs on %s, want %s", name, p.holds, p.running(), value)
		}
	}
}

// checkAccount checks that the audit log verifies, and that no value is in it,
// in the journal, or in anything that was said.
func (w *world) checkAccount() {
	w.t.Helper()
	head, records, err := w.journal.Audit(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := audit.Verify(head, w.journal.PublicKey(), records); err != nil {
		w.t.Errorf("the audit log does not verify: %v", err)
	}
	for line := range records {
		w.clean("an audit record", string(line))
	}
	for _, ev := range w.events() {
		line, err := json.Marshal(ev)
		if err != nil {
			w.t.Fatal(err)
		}
		w.clean("an event", string(line))
	}
	for _, said := range w.seen {
		w.clean("something that was said", said)
	}
	for _, m := range w.told {
		w.clean("a message", m.Title+m.Text)
	}
}

func (w *world) clean(what, text string) {
	w.t.Helper()
	if strings.Contains(text, mark) {
		w.t.Errorf("a value is in %s: %.400s", what, text)
	}
}
