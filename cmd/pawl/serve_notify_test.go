package main

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pawl-dev/pawl/notify/mail/smtpsim"
	"github.com/pawl-dev/pawl/notify/webhook"
)

// A receiver is whom a script's server tells things: a webhook that believes
// nothing unsigned, and a mail server.
type receiver struct {
	key  []byte
	mail *smtpsim.Sim

	mu     sync.Mutex
	bodies []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	h := req.Header
	if err != nil || h.Get("webhook-signature") != "v1,"+webhook.Sign(r.key, h.Get("webhook-id"), h.Get("webhook-timestamp"), body) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies = append(r.bodies, h.Get("webhook-id")+" "+string(body))
}

func (r *receiver) all() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := strings.Join(r.bodies, "\n")
	for _, m := range r.mail.Mails() {
		text += "\nmail " + strings.ReplaceAll(m.Text, "=\r\n", "")
	}
	return text
}

// scriptReceiver makes a receiver and a notify.yaml that leads to it.
func scriptReceiver(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	var err error
	s.told = &receiver{key: []byte("CANARY-hook-key-of-thirty-two-b!")}
	s.told.mail, err = smtpsim.Start(smtpsim.Options{NoTLS: true})
	ts.Check(err)
	srv := httptest.NewServer(s.told)
	ts.Defer(func() { srv.Close(); s.told.mail.Close() })
	text := strings.NewReplacer("HOOK", srv.URL, "MAIL", s.told.mail.Addr).Replace(ts.ReadFile(args[0]))
	ts.Check(os.WriteFile(ts.MkAbs("catalog/notify.yaml"), []byte(text), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("catalog/secrets/hook"), []byte("whsec_"+base64.StdEncoding.EncodeToString(s.told.key)), 0o600))
}

// scriptTold waits until what was told matches; with !, it says what must not
// have been told by now.
func scriptTold(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	want := regexp.MustCompile("(?s)" + args[0])
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		text := s.told.all()
		if found := want.MatchString(text); found != neg {
			s.print(text)
			return
		}
		if neg || time.Now().After(deadline) {
			ts.Fatalf("told was\n%s", text)
		}
	}
}
