// Package desktest is a small company with a desk, for the tests of everything
// that has one: a vendor in memory, a catalog, and a pool that drives in virtual
// time.
package desktest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/audit/echo"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/provider/all"
	"github.com/pawl-dev/pawl/seal"
)

// A Company is one vendor that is also the only place: it mints, and it holds a
// copy of each credential. It is all that a desk needs to have something to
// drive.
type Company struct {
	mu     sync.Mutex
	Minted int
	Live   map[string]string // value → id
	labels map[string]string // id → label
	Holds  map[string]string // credential → value
	Looks  int
	Asked  func() // if set, what happens while somebody asks whether a value works
}

// A hand is the company as one plan sees it.
type hand struct {
	*Company
	credential string
}

func (h hand) Mint(_ context.Context, label string) (pawl.Generation, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Minted++
	id := fmt.Sprintf("id-%d", h.Minted)
	value := "CANARY-" + id
	h.Live[value], h.labels[id] = id, label
	return pawl.Generation{ID: id, Label: label, Value: secret(value)}, nil
}

func (h hand) Check(_ context.Context, v pawl.Secret) error {
	if f := h.Asked; f != nil {
		f()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.Live[string(v.Reveal())] == "" {
		return &pawl.Error{Op: "check", Kind: pawl.Denied, Err: errors.New("401")}
	}
	return nil
}

func (h hand) Revoke(_ context.Context, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for value, of := range h.Live {
		if of == id {
			delete(h.Live, value)
		}
	}
	return nil
}

func (h hand) List(context.Context) (all []pawl.Generation, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range h.Live {
		all = append(all, pawl.Generation{ID: id, Label: h.labels[id]})
	}
	return all, nil
}

func (h hand) Identify(_ context.Context, v pawl.Secret) (pawl.Generation, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := h.Live[string(v.Reveal())]
	return pawl.Generation{ID: id, Label: h.labels[id]}, nil
}

func (h hand) Set(_ context.Context, w pawl.Write) (pawl.Receipt, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Holds[h.credential] = string(w.To.Secret.Reveal())
	return pawl.Receipt{Changed: true}, nil
}

func (h hand) Read(context.Context) (pawl.Secret, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return secret(h.Holds[h.credential]), nil
}

func (h hand) Observe(_ context.Context, l pawl.Look) (pawl.Observation, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Looks++
	if h.Holds[h.credential] == string(l.Want.Secret.Reveal()) {
		return pawl.Observation{Verdict: pawl.Proved, Class: pawl.ReadBack, Holds: pawl.HoldsWant, Detail: "read again: equal"}, nil
	}
	return pawl.Observation{Holds: pawl.HoldsNot}, nil
}

// MintByHand is a person who makes a generation with a label.
func (c *Company) MintByHand(label string) (value string) {
	g, _ := hand{c, ""}.Mint(context.Background(), label) // it always can
	return string(g.Value.Reveal())
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func secret(text string) pawl.Secret { return pawl.NewSecret([]byte(text)) }

// An Office is a desk with its company, in virtual time.
type Office struct {
	*desk.Desk
	*Company
	Journal  *journal.Memory
	Refusals *echo.Echo
	Stop     context.CancelFunc
	catalog  *catalog.Catalog
}

// Over is another desk of the office, which remembers nothing and drives
// nothing, over a journal.
func (o *Office) Over(j journal.Journal) *desk.Desk {
	return desk.New(desk.Config{Journal: j, Catalog: func() *catalog.Catalog { return o.catalog }})
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

// A Cred is one entry of an office's catalog.
type Cred struct {
	Name, Role, More string
	Hand             bool // a person mints it; see [Company.MintByHand]
}

// Open runs f in a bubble with a desk whose pool runs.
func Open(t *testing.T, creds []Cred, f func(*testing.T, *Office)) {
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
		c := &Company{Live: map[string]string{}, labels: map[string]string{}, Holds: map[string]string{}}
		for _, cr := range creds {
			c.Holds[cr.Name] = "CANARY-old-" + cr.Name
			c.Live["CANARY-old-"+cr.Name], c.labels["id-old-"+cr.Name] = "id-old-"+cr.Name, "acme"
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
		refusals := echo.New(j.Record, time.Now, slog.New(slog.DiscardHandler))
		o := &Office{Desk: desk.New(desk.Config{Journal: j, Engine: eng, Signer: signer, Refusals: refusals, Catalog: func() *catalog.Catalog { return cat }}), Company: c, Journal: j, Refusals: refusals, catalog: cat}
		o.Run()
		defer func() { o.Stop(); synctest.Wait() }()
		f(t, o)
	})
}

// Run starts the pool, as a process does.
func (o *Office) Run() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { o.Pool().Run(ctx); close(done) }()
	o.Stop = func() { stop(); <-done }
}

func load(t *testing.T, creds []Cred) *catalog.Catalog {
	t.Helper()
	dir := t.TempDir()
	put(t, dir+"/connections.yaml", connections)
	for _, c := range creds {
		text := strings.NewReplacer("KEY_NAME", "K_"+strings.ToUpper(strings.ReplaceAll(c.Name, "-", "_")), "NAME", c.Name, "ROLE", c.Role, "MORE", c.More).Replace(entry)
		if c.Hand {
			text = strings.Replace(text, "scope: [global]", "scope: [global], by: operator", 1)
		}
		if c.Role == "" {
			text = strings.Replace(text, "role: \n", "", 1)
		}
		put(t, dir+"/credentials/"+c.Name+".yaml", text)
	}
	cat, problems := catalog.Load(dir, all.Providers())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return cat
}

// Who is somebody with these roles, freshly signed in.
func Who(name string, roles ...access.Role) access.Subject {
	return access.Subject{Actor: pawl.Actor{Type: "user", ID: name + "@acme.example"}, Roles: roles, Fresh: true}
}
