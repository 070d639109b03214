package mail_test

import (
	"crypto/tls"
	"crypto/x509"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"io"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/notify"
	"github.com/pawl-dev/pawl/notify/mail"
	"github.com/pawl-dev/pawl/notify/mail/smtpsim"
)

var note = notify.Note{ID: "overdue/key/1", At: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Title: "key – is overdue\r\nBcc: eve@acme.example",
	Text: ".\r\nIt does not begin: its window is closed.", Next: "pawl due", Link: "https://pawl.acme.example/credentials/key"}

func start(t *testing.T, o smtpsim.Options) *smtpsim.Sim {
	t.Helper()
	s, err := smtpsim.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func config(s *smtpsim.Sim) mail.Config {
	return mail.Config{Host: s.Addr, TLS: &tls.Config{RootCAs: s.Roots}, User: "pawl", Password: pawl.NewSecret([]byte("CANARY-password\n")),
		From: "pawl@acme.example", To: []string{"ops@acme.example", "ana@acme.example"}}
}

var users = map[string]string{"pawl": "CANARY-password"}

func TestMail(t *testing.T) {
	s := start(t, smtpsim.Options{Users: users})
	for range 2 {
		if _, err := mail.New(config(s)).Tell(t.Context(), note); err != nil {
			t.Fatal(err)
		}
	}
	all := s.Mails()
	if len(all) != 2 || !slices.Equal(all[0].To, []string{"ops@acme.example", "ana@acme.example"}) || all[0].From != "pawl@acme.example" {
		t.Fatalf("%+v", all)
	}
	m, err := netmail.ReadMessage(strings.NewReader(all[0].Text))
	if err != nil {
		t.Fatal(err)
	}
	subject, _ := (&mime.WordDecoder{}).DecodeHeader(m.Header.Get("Subject"))
	if subject != "[pawl] key – is overdue  Bcc: eve@acme.example" || m.Header.Get("Bcc") != "" {
		t.Errorf("subject %q, headers %v", subject, m.Header)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	for _, want := range []string{"its window is closed", "    pawl due", note.Link} {
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("no %q in %q (%v)", want, body, err)
		}
	}
	again, err := netmail.ReadMessage(strings.NewReader(all[1].Text))
	if err != nil || again.Header.Get("Message-ID") != m.Header.Get("Message-ID") || len(m.Header.Get("Message-ID")) < 30 {
		t.Errorf("%q and %q", m.Header.Get("Message-ID"), again.Header.Get("Message-ID"))
	}
}

// TestNotDelivered: whatever is wrong, it can be tried again, nothing secret is
// said of it, and no password goes over a line that others can read.
func TestNotDelivered(t *testing.T) {
	for name, c := range map[string]struct {
		options smtpsim.Options
		change  func(*mail.Config)
		want    string
	}{
		"no STARTTLS":     {smtpsim.Options{NoTLS: true, Users: users}, func(*mail.Config) {}, "no STARTTLS"},
		"another's":       {smtpsim.Options{Users: users}, func(c *mail.Config) { c.TLS = &tls.Config{RootCAs: x509.NewCertPool()} }, "certificate"},
		"wrong password":  {smtpsim.Options{Users: map[string]string{"pawl": "CANARY-other"}}, func(*mail.Config) {}, "does not let pawl in"},
		"unknown mailbox": {smtpsim.Options{Users: users, Unknown: []string{"ana@acme.example"}}, func(*mail.Config) {}, "receiver (550)"},
		"put off":         {smtpsim.Options{Users: users, Greylist: 1}, func(*mail.Config) {}, "message (451)"},
		"nobody there":    {smtpsim.Options{}, func(c *mail.Config) { c.Host = "127.0.0.1:1" }, "does not answer"},
	} {
		s := start(t, c.options)
		cfg := config(s)
		c.change(&cfg)
		_, err := mail.New(cfg).Tell(t.Context(), note)
		if pawl.KindOf(err) != pawl.Unavailable || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "CANARY") || len(s.Mails()) != 0 {
			t.Errorf("%s: %v, %v", name, err, s.Mails())
		}
		if name == "put off" {
			if _, err := mail.New(cfg).Tell(t.Context(), note); err != nil || len(s.Mails()) != 1 {
				t.Errorf("the second time: %v", err)
			}
		}
	}
}

// TestPlain: a mail server on this machine needs no TLS.
func TestPlain(t *testing.T) {
	s := start(t, smtpsim.Options{NoTLS: true})
	cfg := config(s)
	cfg.Plain, cfg.User = true, ""
	if _, err := mail.New(cfg).Tell(t.Context(), note); err != nil || len(s.Mails()) != 1 {
		t.Error(err)
	}
}
