package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A gauge is a number that is read from the last count.
func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	lastRotated = gauge("pawl_credential_last_rotated_timestamp_seconds", "When the last completed rotation ended. Absent: never rotated here.", "credential")
	due         = gauge("pawl_credential_due_timestamp_seconds", "When it is due. Absent: not known, or on no schedule.", "credential")
	glass       = gauge("pawl_break_glass_timestamp_seconds", "When somebody went on without the approval that is asked for, in the newest rotation. Absent: nobody did.", "credential")
	overdue     = gauge("pawl_credential_overdue", "1 if it is past its time, whatever the reason.", "credential")
	task        = gauge("pawl_credential_needs_person", "1 if it is due, or nearly, and nobody begins it by itself.", "credential")
	proved      = gauge("pawl_consumer_proved", "1 if the newest rotation proved that the consumer uses the new generation.", "credential", "consumer")
	runState    = gauge("pawl_run_state", "1 for the phase that an unfinished rotation is in.", "credential", "phase")
	waiting     = gauge("pawl_waiting_for_person_seconds", "How long an unfinished rotation that waits for a person has not moved.", "credential", "on")
	driven      = gauge("pawl_runs_driven", "Rotations in which something is going on right now.")
	aside       = gauge("pawl_runs_aside", "Unfinished rotations that wait for somebody, or for a time.")
	scheduled   = gauge("pawl_scheduler_last_look_timestamp_seconds", "When the scheduler last looked at what is due. Absent: nothing is begun by itself.")
	counted     = gauge("pawl_counted_timestamp_seconds", "When these numbers were counted.")
	valid       = gauge("pawl_catalog_valid", "1 if the catalog could be read as it is in its folder now; otherwise the one before is used.")
	undelivered = gauge("pawl_notifications_undelivered", "Notifications that were not delivered yet.", "channel")
	witnessed   = gauge("pawl_witness_seen_timestamp_seconds", "When a witness of the audit log last saw it.", "witness")
	witnessOK   = gauge("pawl_witness_ok", "1 if the witness has seen the log when it was last shown; 0 if it could not be reached, or has seen another one.", "witness")
	requests    = prometheus.NewDesc("pawl_provider_requests_total", "Requests to vendors, by the status of the answer, or none.", []string{"provider", "code"}, nil)
)

// A snapshot collects what was last counted.
type snapshot struct{ m *Metrics }

// Describe implements [prometheus.Collector].
func (s snapshot) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{lastRotated, due, glass, overdue, task, proved, runState, waiting, driven, aside, scheduled, counted, valid, undelivered, witnessed, witnessOK, requests} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (s snapshot) Collect(to chan<- prometheus.Metric) {
	put := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	at := func(d *prometheus.Desc, t time.Time, labels ...string) {
		if !t.IsZero() {
			put(d, float64(t.UnixMilli())/1000, labels...)
		}
	}
	n := s.m.latest()
	for _, c := range n.Credentials {
		at(lastRotated, c.Last, c.Name)
		at(due, c.Due, c.Name)
		at(glass, c.Glass, c.Name)
		put(overdue, truth(c.Overdue), c.Name)
		put(task, truth(c.Person), c.Name)
		for consumer, ok := range c.Proved {
			put(proved, truth(ok), c.Name, consumer)
		}
	}
	for _, o := range n.Open {
		put(runState, 1, o.Credential, o.Phase)
		if o.On != "" {
			put(waiting, max(0, n.At.Sub(o.Since).Seconds()), o.Credential, o.On)
		}
	}
	at(scheduled, s.m.cfg.Desk.Scheduled())
	for _, w := range s.m.cfg.Desk.Witnesses() {
		put(witnessOK, truth(w.Error == ""), w.Name)
		if w.At != nil {
			at(witnessed, *w.At, w.Name)
		}
	}
	at(counted, n.At)
	put(driven, float64(n.Driven))
	put(aside, float64(n.Aside))
	s.outside(to, put)
}

// outside is what others count.
func (s snapshot) outside(to chan<- prometheus.Metric, put func(*prometheus.Desc, float64, ...string)) {
	if f := s.m.cfg.Catalog; f != nil {
		put(valid, truth(f() == nil))
	}
	if f := s.m.cfg.Waiting; f != nil {
		f(func(channel string, n int) { put(undelivered, float64(n), channel) })
	}
	if f := s.m.cfg.Requests; f != nil {
		f(func(vendor, code string, n int) {
			to <- prometheus.MustNewConstMetric(requests, prometheus.CounterValue, float64(n), vendor, code)
		})
	}
}

func truth(ok bool) float64 {
	if ok {
		return 1
	}
	return 0
}
