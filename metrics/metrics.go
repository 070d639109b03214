package metrics

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/history"
)

// Config is what is counted. Desk is required.
type Config struct {
	Desk    *desk.Desk
	Version string
	// Catalog is why the catalog, as it is in its folder now, could not be read;
	// nil if it was. The server goes on with the one before.
	Catalog func() error
	// Requests tells how many requests were sent, by vendor and by what came of
	// them.
	Requests func(yield func(vendor, code string, n int))
	// Waiting is how many notifications are not delivered yet, by channel.
	Waiting func(yield func(channel string, n int))
	// Checks are what has to be so for the server to be ready, by name.
	Checks map[string]func(context.Context) error
	Every  time.Duration // between two counts; 0: 15 seconds
	Log    *slog.Logger  // nil: nothing is logged
}

// Metrics is safe for concurrent use.
type Metrics struct {
	cfg      Config
	registry *prometheus.Registry
	runs     *prometheus.CounterVec
	steps    *prometheus.HistogramVec

	mu      sync.Mutex
	numbers desk.Numbers
}

// who the metrics are at the desk: they see, and nothing else.
var who = access.Subject{Actor: pawl.Actor{Type: "system", ID: "metrics"}, Roles: []access.Role{access.Viewer}, Service: true, Scope: []access.Action{access.See}}

// New returns metrics that show nothing of rotations before [Metrics.Run].
func New(cfg Config) *Metrics {
	if cfg.Every == 0 {
		cfg.Every = 15 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	m := &Metrics{
		cfg:      cfg,
		registry: prometheus.NewRegistry(),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "pawl_runs_total",
			Help: "Rotations that ended while this server ran, by how and by what they were begun for."}, []string{"result", "reason"}),
		steps: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "pawl_step_duration_seconds",
			Help:    "How long the steps of ended rotations took. A place is from its write to the last of its proofs, a person until their confirmation.",
			Buckets: []float64{1, 5, 15, 30, 60, 120, 300, 900, 3600, 14400, 86400}}, []string{"step"}),
	}
	for _, result := range []pawl.Outcome{pawl.Completed, pawl.RolledBack, pawl.Failed} {
		for _, reason := range pawl.Reasons() { // the first one of a kind is an increase too
			m.runs.WithLabelValues(string(result), string(reason))
		}
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "pawl_build_info", Help: "1, with the version of this server.", ConstLabels: prometheus.Labels{"version": cfg.Version}})
	build.Set(1)
	m.registry.MustRegister(m.runs, m.steps, build, snapshot{m}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Run counts until ctx ends.
func (m *Metrics) Run(ctx context.Context) {
	count := desk.NewCount(m.cfg.Desk)
	timer := time.NewTicker(m.cfg.Every)
	defer timer.Stop()
	for {
		m.count(ctx, count)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
	}
}

func (m *Metrics) count(ctx context.Context, c *desk.Count) {
	n, err := c.Numbers(ctx, who)
	if err != nil {
		if ctx.Err() == nil {
			m.cfg.Log.Error("counting", "err", err)
		}
		return
	}
	for _, run := range n.Ended {
		m.runs.WithLabelValues(string(run.Outcome), string(run.Reason)).Inc()
		for _, s := range run.Steps {
			if s.Done {
				m.steps.WithLabelValues(stepName(s)).Observe(s.Took.Seconds())
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.numbers = n
}

// stepName is one of a few: a label for each consumer would be as many as there
// are places.
func stepName(s history.Step) string {
	switch s.Name {
	case history.StepChecks, history.StepMint, history.StepSoak, history.StepRevoke, history.StepDead, history.StepWatch, history.StepRestore:
		return s.Name
	}
	if s.Person {
		return "person"
	}
	return "place"
}

func (m *Metrics) latest() desk.Numbers {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.numbers
}
