package webhook_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/notify"
	"github.com/pawl-dev/pawl/notify/webhook"
)

var (
	key  = []byte("CANARY-key-of-thirty-two-bytes-!")
	noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	note = notify.Note{ID: "end/key/3", Occasion: "completed", At: noon, Credential: "key", Rotation: "key/3", Title: "key/3 is done"}
)

func secret() pawl.Secret {
	return pawl.NewSecret([]byte("whsec_" + base64.StdEncoding.EncodeToString(key) + "\n"))
}

func sender(t *testing.T, url string, networks ...string) *webhook.Sender {
	t.Helper()
	cfg := webhook.Config{URL: url, Secret: secret(), Now: func() time.Time { return noon }}
	for _, n := range networks {
		cfg.Networks = append(cfg.Networks, netip.MustParsePrefix(n))
	}
	s, err := webhook.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSigned: a receiver that has the secret, and nothing else of ours, can tell
// that it is from us.
func TestSigned(t *testing.T) {
	var got []webhook.Body
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := r.Header
		if want := "v1," + webhook.Sign(key, h.Get("webhook-id"), h.Get("webhook-timestamp"), body); h.Get("webhook-signature") != want || h.Get("webhook-timestamp") != fmt.Sprint(noon.Unix()) {
			t.Errorf("signed %q, want %q", h.Get("webhook-signature"), want)
		}
		var b webhook.Body
		if err := json.Unmarshal(body, &b); err != nil || h.Get("webhook-id") != "msg_"+note.ID && h.Get("webhook-id") != "msg_"+note.ID+"/over" {
			t.Errorf("%s %v", h.Get("webhook-id"), err)
		}
		got = append(got, b)
	}))
	defer srv.Close()
	s := sender(t, srv.URL, "127.0.0.0/8")
	if _, err := s.Tell(t.Context(), note); err != nil {
		t.Fatal(err)
	}
	n := note
	n.Occasion = "approval"
	if err := s.Over(t.Context(), n, "", "approved by bo"); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Type != "run.completed" || got[0].Data.Title != "key/3 is done" || got[1].Type != "approval.decided" || got[1].Data.How != "approved by bo" {
		t.Errorf("%+v", got)
	}
}

// TestVector: the signature is the one of the specification's own example.
func TestVector(t *testing.T) {
	key, _ := base64.StdEncoding.DecodeString("MfKQ9r8GKYqr" + "TwjUPD8ILPZI" + "o2LaLaSw")
	want := "g0hM9SsE+OT" + "PJTGt/tmIKt" + "SyZlE3uFJEL" + "VlNIOLJ1OE="
	if got := webhook.Sign(key, "msg_p5jXN8AQM9"+"LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`)); got != want {
		t.Errorf("got %s", got)
	}
}

// TestSSRF: addresses that are not public are not reached, whatever name leads
// there, unless their network is named; and a redirect leads nowhere.
func TestSSRF(t *testing.T) {
	reached := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached++
		w.Header().Set("Location", "http://169.254.169.254/latest/meta-data")
		w.WriteHeader(http.StatusFound)
	}))
	defer srv.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(srv.URL, "http://"), ":")
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.1.2.3", "169.254.169.254", "192.168.0.1", "100.64.0.1", "[fd00::1]", "[fe80::1]", "[64:ff9b::7f00:1]"} {
		_, err := sender(t, "http://"+host+":"+port, "172.16.0.0/12").Tell(t.Context(), note)
		if err == nil || host != "localhost" && !strings.Contains(err.Error(), "not a public address") || !strings.Contains(pawl.HintOf(err), "networks") {
			t.Errorf("%s: %v", host, err)
		}
	}
	if reached != 0 {
		t.Errorf("reached %d times", reached)
	}
	if _, err := sender(t, srv.URL, "127.0.0.1/32").Tell(t.Context(), note); err == nil || !strings.Contains(err.Error(), "302") || reached != 1 {
		t.Errorf("%v, reached %d times", err, reached)
	}
}

func TestAnswers(t *testing.T) {
	for status, want := range map[int]pawl.Kind{200: pawl.Other, 204: pawl.Other, 400: pawl.Unavailable, 404: pawl.Unavailable, 410: pawl.Invalid, 500: pawl.Unavailable} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			if status != 204 {
				w.Write([]byte("CANARY"))
			}
		}))
		_, err := sender(t, srv.URL+"/?token=CANARY", "127.0.0.0/8").Tell(t.Context(), note)
		if pawl.KindOf(err) != want || (err == nil) != (status < 300) || err != nil && strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%d: %v", status, err)
		}
		srv.Close()
		if _, err := sender(t, srv.URL+"/?token=CANARY", "127.0.0.0/8").Tell(t.Context(), note); pawl.KindOf(err) != pawl.Unavailable || strings.Contains(fmt.Sprintf("%v %+v", err, err), "CANARY") {
			t.Errorf("nobody there: %v", err)
		}
	}
}

func TestSecret(t *testing.T) {
	for _, text := range []string{"", "CANARY", "whsec_CANARY!", "whsec_Q0FOQVJZ"} {
		if _, err := webhook.New(webhook.Config{Secret: pawl.NewSecret([]byte(text))}); pawl.KindOf(err) != pawl.Denied || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
