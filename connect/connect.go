// Package connect opens the providers of a plan: it resolves the secrets of
// the connections, makes one bounded HTTP client a connection, and puts the
// decorators around what the providers make.
package connect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/retry"
	"github.com/pawl-dev/pawl/provider/wire"
	"github.com/pawl-dev/pawl/secretref"
)

// An Opener opens providers. It keeps the connections that it has opened, so
// that rotations share their sign-ins and rate limits. It is safe for
// concurrent use.
type Opener struct {
	Catalog   *catalog.Catalog
	Providers []provider.Provider
	Resolver  *secretref.Resolver
	Log       *slog.Logger
	Policy    retry.Policy
	Tally     *wire.Tally // counts the requests; nil: nobody does

	// Together, if not nil, is where the rotations of this process meet to
	// write to one app at once. It is inside of the retries: what is tried
	// again meets again.
	Together *Rendezvous

	mu      sync.Mutex
	clients map[string]any         // by connection
	meters  map[string]*wire.Meter // by connection
}

// Open opens everything that a plan names. It does no I/O with the vendors. A
// secret that is not there is [pawl.Denied] with a hint; an operation that
// this binary does not know, or a connection that is gone, is [pawl.Invalid].
// All that is wrong is said at once.
func (o *Opener) Open(ctx context.Context, plan pawl.Plan) (*engine.Hands, error) {
	h := &engine.Hands{
		Consumers: make([]pawl.Consumer, len(plan.Consumers)),
		Proofs:    make([][]pawl.Prover, len(plan.Consumers)),
		Notifiers: make([]pawl.Notifier, len(plan.Consumers)),
	}
	var errs []error
	if err := o.sameEndpoints(plan); err != nil {
		return nil, err
	}
	issuer, err := o.issuer(ctx, plan.Issuer)
	h.Issuer = issuer
	errs = append(errs, err)
	if plan.Hand != nil && plan.Hand.Notify != nil {
		h.Minter, err = o.notifier(ctx, *plan.Hand.Notify)
		errs = append(errs, err)
	}
	for i, c := range plan.Consumers {
		err := o.place(ctx, h, i, c, plan.Credential)
		if err != nil && c.Accepted { // it may break, so that it cannot be reached keeps nobody else
			unreachable(h, i, c, err)
			continue
		}
		errs = append(errs, err)
	}
	if err := join(errs); err != nil {
		return h, err
	}
	o.searches(h, plan)
	return h, nil
}

// sameEndpoints refuses a plan that was made for other vendors than those of the
// catalog at hand: its values would be written to somebody else's places.
func (o *Opener) sameEndpoints(plan pawl.Plan) error {
	for _, name := range slices.Sorted(maps.Keys(plan.Endpoints)) {
		c, err := o.Catalog.Connection(name)
		if err != nil {
			return err
		}
		if c.URL != plan.Endpoints[name] {
			return &pawl.Error{Op: "connecting", Kind: pawl.Invalid,
				Err:  fmt.Errorf("this rotation was begun at %s, and connection %q of this catalog leads to %s", plan.Endpoints[name], name, c.URL),
				Hint: "use the catalog that it was begun with; for other vendors, use another state folder (--state)"}
		}
	}
	return nil
}

// join keeps what a caller decides by: the first error's Kind. Its hint has a
// line for each thing that is to be done.
func join(errs []error) error {
	var first *pawl.Error
	seen, texts, hints := map[string]bool{}, []string{}, []string{}
	for _, err := range errs {
		if err == nil || seen[err.Error()] {
			continue
		}
		seen[err.Error()] = true
		texts = append(texts, err.Error())
		if first == nil {
			first = &pawl.Error{Kind: pawl.KindOf(err)}
		}
		if hint := pawl.HintOf(err); hint != "" && !slices.Contains(hints, hint) {
			hints = append(hints, hint)
		}
	}
	if first == nil {
		return nil
	}
	first.Op, first.Err, first.Hint = "connecting", errors.New(strings.Join(texts, "\n")), strings.Join(hints, "\n")
	return first
}

func (o *Opener) place(ctx context.Context, h *engine.Hands, i int, c pawl.Place, credential string) error {
	if asked := c.Asks(); asked != nil && asked.Notify != nil {
		n, err := o.notifier(ctx, *asked.Notify)
		if err != nil {
			return fmt.Errorf("%s: %w", c.ID, err)
		}
		h.Notifiers[i] = n
	}
	if c.Human == nil {
		consumer, err := o.consumer(ctx, c.Op, credential)
		if err != nil {
			return fmt.Errorf("%s: %w", c.ID, err)
		}
		h.Consumers[i] = consumer
	}
	for _, op := range c.Proofs {
		p, err := o.prover(ctx, op)
		if err != nil {
			return fmt.Errorf("%s: %w", c.ID, err)
		}
		h.Proofs[i] = append(h.Proofs[i], p)
	}
	return nil
}

func (o *Opener) issuer(ctx context.Context, op pawl.Op) (pawl.Issuer, error) {
	return open(ctx, o, op, func(p provider.Provider) []provider.IssuerKind { return p.Issuers },
		func(k provider.IssuerKind) bool { return is(op, k.Name, k.Version) },
		func(k provider.IssuerKind, client any) (pawl.Issuer, error) { return k.New(client, op.Config) },
		retry.Issuer)
}

func (o *Opener) consumer(ctx context.Context, op pawl.Op, credential string) (pawl.Consumer, error) {
	return open(ctx, o, op, func(p provider.Provider) []provider.ConsumerKind { return p.Consumers },
		func(k provider.ConsumerKind) bool { return is(op, k.Name, k.Version) },
		func(k provider.ConsumerKind, client any) (pawl.Consumer, error) {
			c, err := k.New(client, op.Config)
			if err != nil {
				return nil, err
			}
			return o.meet(c, k, op, credential), nil
		},
		retry.Consumer)
}

func (o *Opener) prover(ctx context.Context, op pawl.Op) (pawl.Prover, error) {
	return open(ctx, o, op, func(p provider.Provider) []provider.ProverKind { return p.Provers },
		func(k provider.ProverKind) bool { return is(op, k.Name, k.Version) },
		func(k provider.ProverKind, client any) (pawl.Prover, error) { return k.New(client, op.Config) },
		retry.Prover)
}

func (o *Opener) notifier(ctx context.Context, op pawl.Op) (pawl.Notifier, error) {
	return open(ctx, o, op, func(p provider.Provider) []provider.NotifierKind { return p.Notifiers },
		func(k provider.NotifierKind) bool { return k.Name == op.Name },
		func(k provider.NotifierKind, client any) (pawl.Notifier, error) { return k.New(client) },
		retry.Notifier)
}

// open finds the kind that an operation names, opens the connection that it
// goes through, and makes and decorates the thing.
func open[K, T any](ctx context.Context, o *Opener, op pawl.Op, kinds func(provider.Provider) []K, named func(K) bool,
	make func(K, any) (T, error), decorate func(T, retry.Policy) T) (made T, err error) {
	for _, p := range o.Providers {
		for _, k := range kinds(p) {
			if !named(k) {
				continue
			}
			client, err := o.client(ctx, p, op.Connection)
			if err != nil {
				return made, err
			}
			if made, err = make(k, client); err != nil {
				return made, err
			}
			return decorate(made, o.Policy), nil
		}
	}
	return made, unknown(op)
}

func is(op pawl.Op, name string, version int) bool {
	return op.Name == name+"@"+strconv.Itoa(version)
}

func unknown(op pawl.Op) error {
	return &pawl.Error{Op: "connecting", Kind: pawl.Invalid, Err: fmt.Errorf("this pawl does not know the operation %s", op.Name),
		Hint: "finish the rotation with the version of pawl that began it, or a newer one"}
}

// client opens a connection, once.
func (o *Opener) client(ctx context.Context, p provider.Provider, name string) (any, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c, ok := o.clients[name]; ok && name != "" {
		return c, nil
	}
	if p.Connection == nil || name == "" {
		return o.bare(p), nil
	}
	c, err := o.Catalog.Connection(name)
	if err != nil {
		return nil, err
	}
	secrets, err := c.Resolve(ctx, o.Resolver)
	if err != nil {
		return nil, err
	}
	client, err := p.Connection.Open(provider.Connection{Name: name, URL: c.URL, Secrets: secrets, HTTP: o.http(p.Name, name, p.Connection.PerSecond)})
	if err != nil {
		return nil, err
	}
	o.keep(name, client)
	return client, nil
}

// bare is the client of operations that go through no connection.
func (o *Opener) bare(p provider.Provider) any {
	key := "\x00" + p.Name
	if c, ok := o.clients[key]; ok {
		return c
	}
	c := o.http(p.Name, "", 0)
	o.keep(key, c)
	return c
}

func (o *Opener) keep(name string, client any) {
	if o.clients == nil {
		o.clients = map[string]any{}
	}
	o.clients[name] = client
}

// meter is what counts the requests of a connection that was opened.
func (o *Opener) meter(connection string) *wire.Meter {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.meters[connection]
}

func (o *Opener) http(vendor, connection string, perSecond float64) *http.Client {
	if perSecond == 0 {
		perSecond = 20
	}
	if o.meters == nil {
		o.meters = map[string]*wire.Meter{}
	}
	m := &wire.Meter{}
	o.meters[connection] = m
	return wire.NewClient(wire.Options{Vendor: vendor, Log: o.Log, Meter: m, Tally: o.Tally, PerSecond: perSecond, Burst: int(3 * perSecond), Concurrent: 8})
}
