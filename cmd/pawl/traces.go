package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/provider/wire"
	"github.com/pawl-dev/pawl/trace"
	"github.com/pawl-dev/pawl/trace/otlp"
	"github.com/pawl-dev/pawl/trace/relay"
	"github.com/pawl-dev/pawl/wording"
)

// lastTraces is how long a process that ends waits for a collector.
const lastTraces = 2 * time.Second

// openTraces opens what sends traces of a journal, if the environment says so;
// else it is nil. The demo's vendors are simulated, and so would be its traces.
func (a *app) openTraces(j journal.Journal) (*otlp.Exporter, error) {
	if a.story {
		return nil, nil
	}
	cfg, err := otlp.FromEnv(a.getenv, trace.Attribute{Key: "service.name", Value: "pawl"}, trace.Attribute{Key: "service.version", Value: version},
		trace.Attribute{Key: "service.instance.id", Value: j.Install()})
	if cfg == nil || err != nil {
		return nil, err
	}
	o := wire.Options{Vendor: "collector", Log: a.log(), Timeout: cfg.Timeout}
	if cfg.Certificate != "" {
		pem, err := os.ReadFile(cfg.Certificate)
		o.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
		if err != nil || !o.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("the file that OTEL_EXPORTER_OTLP_CERTIFICATE names has no certificate that can be read")
		}
	}
	return &otlp.Exporter{Config: *cfg, HTTP: wire.NewClient(o)}, nil
}

// outgoing is what a command that drives sends its rotations' traces by.
type outgoing struct {
	*relay.Relay
	a       *app
	refused error // what was not wanted
}

// tracesOf opens it for a state that this process drives; nil: nothing is sent.
func (a *app) tracesOf(s *store) *outgoing {
	if s.traces != nil || s.lock == nil {
		return s.traces
	}
	o := &outgoing{a: a}
	x, err := a.openTraces(s)
	if err != nil {
		o.warn(err)
	}
	if x == nil {
		return nil
	}
	o.Relay = relay.New(relay.Config{Journal: s, Send: x.Send, Tell: func(err error) {
		if !pawl.KindOf(err).Unchanged() { // else it is tried again, or returned
			o.refused = cmp.Or(o.refused, err)
		}
	}})
	return o
}

// warn says that traces were not sent: one line, and nothing else comes of it.
func (o *outgoing) warn(err error) {
	o.a.say("%s traces were not sent: %s", o.a.sign(warn), untraced(err))
}

// send sends what there is, before the journal is closed.
func (o *outgoing) send() {
	if o == nil {
		return
	}
	err := flushed(o.Relay)
	if err = cmp.Or(err, o.refused); err != nil {
		o.warn(err)
	}
}

// flushed sends what there is for as long as a person would wait.
func flushed(r *relay.Relay) error {
	ctx, cancel := context.WithTimeout(context.Background(), lastTraces)
	defer cancel()
	return r.Flush(ctx)
}

// untraced is why traces are not sent, for people.
func untraced(err error) string {
	text := cmp.Or(pawl.CauseOf(err), err.Error())
	if hint := pawl.HintOf(err); hint != "" {
		text += "; " + hint
	}
	return wording.Plainly(text)
}

// changed says that there may be something to send of a rotation.
func (n near) changed(id pawl.RotationID) {
	if n.traces != nil {
		n.traces.Changed(id)
	}
}

// Drive drives, and remembers what was driven.
func (n near) Drive(ctx context.Context, id pawl.RotationID, o engine.Options) (engine.Result, error) {
	defer n.changed(id)
	return n.Engine.Drive(ctx, id, o)
}

// Abandon ends a rotation, and remembers that it did.
func (n near) Abandon(ctx context.Context, id pawl.RotationID, why string, left engine.Remainder) error {
	defer n.changed(id)
	return n.Engine.Abandon(ctx, id, why, left)
}
