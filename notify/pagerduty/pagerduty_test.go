package pagerduty_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/notify"
	"github.com/pawl-dev/pawl/notify/pagerduty"
	"github.com/pawl-dev/pawl/provider/wire"
)

// A service is PagerDuty: incidents by their key, and it refuses what the real
// one refuses.
type service struct{ open map[string]string }

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var e struct {
		Key     string `json:"routing_key"`
		Action  string `json:"event_action"`
		Dedup   string `json:"dedup_key"`
		Payload *struct{ Summary, Source, Severity string }
	}
	err := json.NewDecoder(r.Body).Decode(&e)
	switch {
	case r.URL.Path != "/v2/enqueue" || r.Method != http.MethodPost:
		w.WriteHeader(404)
	case err != nil || e.Key != "CANARY-key" || len(e.Dedup) > 255 || e.Dedup == "":
		w.WriteHeader(400)
	case e.Action == "resolve":
		delete(s.open, e.Dedup)
		w.WriteHeader(202)
	case e.Action != "trigger" || e.Payload == nil || e.Payload.Source == "" || len(e.Payload.Summary) > 1024 || !strings.Contains("critical error warning info", e.Payload.Severity):
		w.WriteHeader(400)
	default:
		s.open[e.Dedup] = e.Payload.Severity + " " + e.Payload.Summary
		w.WriteHeader(202)
	}
}

func TestIncidents(t *testing.T) {
	s := &service{map[string]string{}}
	srv := httptest.NewServer(s)
	defer srv.Close()
	p := pagerduty.New(pagerduty.Config{Key: pawl.NewSecret([]byte("CANARY-key\n")), URL: srv.URL, HTTP: wire.NewClient(wire.Options{})})
	first := notify.Note{ID: "overdue/key/1", Key: "overdue/key/1", About: "overdue/key/1", Occasion: "overdue", Urgent: true, At: time.Now(), Title: "key is overdue"}
	again := first
	again.ID, again.Key, again.Title = "overdue/key/1/day-3", "overdue/key/1/day-3", "key is overdue since 3 days"
	var ref string
	for _, n := range []notify.Note{first, again} {
		var err error
		if ref, err = p.Tell(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.open) != 1 || s.open[ref] != "critical key is overdue since 3 days" {
		t.Errorf("%v", s.open)
	}
	if err := p.Over(t.Context(), first, ref, ""); err != nil || len(s.open) != 0 {
		t.Errorf("%v %v", err, s.open)
	}
	long := notify.Note{ID: strings.Repeat("é", 300), Title: strings.Repeat("é", 2000), Occasion: "failed"}
	if _, err := p.Tell(t.Context(), long); err != nil {
		t.Error(err)
	}
}

func TestRefused(t *testing.T) {
	srv := httptest.NewServer(&service{})
	defer srv.Close()
	p := pagerduty.New(pagerduty.Config{Key: pawl.NewSecret([]byte("CANARY-other")), URL: srv.URL, HTTP: wire.NewClient(wire.Options{})})
	if _, err := p.Tell(t.Context(), notify.Note{ID: "x"}); pawl.KindOf(err) != pawl.Unavailable || strings.Contains(err.Error(), "CANARY") {
		t.Error(err)
	}
}
