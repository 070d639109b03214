package desk_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/provider/all"
	"github.com/pawl-dev/pawl/seal"
)

// A company is one vendor that is also the only place: it mints, and it holds a
// copy of each credential. It is all that a desk needs to have something to
// drive.
type company struct {
	mu     sync.Mutex
	minted int
	live   map[string]string // value → id
	labels map[string]string // id → label
	holds  map[string]string // credential → value
	looks  int
}

// A hand is the company as one plan sees it.
type hand struct {
	*company
	credential string
}

func (h hand) Mint(_ context.Context, label string) (pawl.Generation, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.minted++
	id := fmt.Sprintf("id-%d", h.minted)
	value := "CANARY-" + id
	h.live[value], h.labels[id] = id, label
	return pawl.Generation{ID: id, Label: label, Value: secret(value)}, nil
}

func (h hand) Check(_ context.Context, v pawl.Secret) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.live[string(v.Reveal())] == "" {
		return &pawl.Error{Op: "check", Kind: pawl.Denied, Err: errors.New("401")}
	}
	return nil
}

func (h hand) Revoke(_ context.Context, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for value, of := range h.live {
		if of == id {
			delete(h.live, value)
		}
	}
	return nil
}

func (h hand) List(context.Context) (all []pawl.Generation, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range h.live {
		all = append(all, pawl.Generation{ID: id, Label: h.labels[id]})
	}
	return all, nil
}

func (h hand) Identify(_ context.Context, v pawl.Secret) (pawl.Generation, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := h.live[string(v.Reveal())]
	return pawl.Generation{ID: id, Label: h.labels[id]}, nil
}

func (h hand) Set(_ context.Context, w pawl.Write) (pawl.Receipt, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.holds[h.credential] = string(w.To.Secret.Reveal())
	return pawl.Receipt{Changed: true}, nil
}

func (h hand) Read(context.Context) (pawl.Secret, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return secret(h.holds[h.credential]), nil
}

func (h hand) Observe(_ context.Context, l pawl.Look) (pawl.Observation, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.looks++
	if h.holds[h.credential] == string(l.Want.Secret.Reveal()) {
		return pawl.Observation{Verdict: pawl.Proved, Class: pawl.ReadBack, Holds: pawl.HoldsWant, Detail: "read again: equal"}, nil
	}
	return pawl.Observation{Holds: pawl.HoldsNot}, nil
}

func secret(text string) pawl.Secret { return pawl.NewSecret([]byte(text)) }

// An office is a desk with its company, in virtual time.
type office struct {
	*desk.Desk
	*company
	t       *testing.T
	journal *journal.Memory
	stop    context.CancelFunc
}

const entry = `version: 1
name: NAME
role: ROLE
issuer: {kind: heroku/authorization, connection: heroku, description: acme, scope: [global], check: {account: ops@acme.example}}
store: {kind: infisical/secret, connection: infisical, project: proj-0001, env: prod, key: KEY_NAME}
MORE
`

const connections = `version: 1
connections:
  heroku: {kind: heroku, token: "env:HEROKU"}
  infisical: {kind: infisical, url: "https://secrets.acme.example", client_id: "env:ID", client_secret: "env:SECRET"}
`

// A cred is one entry of an office's catalog.
type cred struct{ name, role, more string }

// open runs f in a bubble with a desk whose pool runs.
func open(t *testing.T, creds []cred, f func(*office)) {
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
	cat := load(t, creds)
	synctest.Test(t, func(t *testing.T) {
		c := &company{live: map[string]string{}, labels: map[string]string{}, holds: map[string]string{}}
		for _, cr := range creds {
			c.holds[cr.name] = "CANARY-old-" + cr.name
			c.live["CANARY-old-"+cr.name], c.labels["id-old-"+cr.name] = "id-old-"+cr.name, "acme"
		}
		j := journal.NewMemory(signer, time.Now)
		eng := engine.New(engine.Config{Journal: j, Box: box, Actor: pawl.Actor{Type: "system", ID: "pawl"},
			Open: func(_ context.Context, p pawl.Plan) (*engine.Hands, error) {
				h := hand{c, p.Credential}
				n := len(p.Consumers)
				hands := &engine.Hands{Issuer: h, Consumers: make([]pawl.Consumer, n), Proofs: make([][]pawl.Prover, n), Notifiers: make([]pawl.Notifier, n)}
				for i := range p.Consumers {
					if p.Consumers[i].Human == nil {
						hands.Consumers[i] = h
					}
				}
				return hands, nil
			}})
		o := &office{Desk: desk.New(desk.Config{Journal: j, Engine: eng, Catalog: func() *catalog.Catalog { return cat }}), company: c, t: t, journal: j}
		o.run()
		f(o)
		o.stop()
		synctest.Wait()
	})
}

// run starts the pool, as a process does.
func (o *office) run() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { o.Pool().Run(ctx); close(done) }()
	o.stop = func() { stop(); <-done }
}

func load(t *testing.T, creds []cred) *catalog.Catalog {
	t.Helper()
	dir := t.TempDir()
	write(t, dir+"/connections.yaml", connections)
	for _, c := range creds {
		text := strings.NewReplacer("NAME", c.name, "ROLE", c.role, "MORE", c.more, "KEY_NAME", strings.ToUpper(c.name)).Replace(strings.ReplaceAll(entry, "KEY_NAME", "K_"+strings.ToUpper(strings.ReplaceAll(c.name, "-", "_"))))
		if c.role == "" {
			text = strings.Replace(text, "role: \n", "", 1)
		}
		write(t, dir+"/credentials/"+c.name+".yaml", text)
	}
	cat, problems := catalog.Load(dir, all.Providers())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return cat
}

func who(name string, roles ...access.Role) access.Subject {
	return access.Subject{Actor: pawl.Actor{Type: "user", ID: name + "@acme.example"}, Roles: roles, Fresh: true}
}
