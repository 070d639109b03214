package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A gateway shows a pair of files to who comes, at a time that it is told.
type gateway struct {
	*shownPair
	t    *testing.T
	at   time.Time
	said []string
	put  int // files written, each a second newer than the one before
}

func newGateway(t *testing.T) *gateway {
	dir := t.TempDir()
	g := &gateway{t: t, at: time.Now()}
	g.shownPair = &shownPair{cert: filepath.Join(dir, "cert"), key: filepath.Join(dir, "key")}
	g.replace("one.acme.example", true, true)
	p, err := (&app{}).showPair(g.cert, g.key, func() time.Time { return g.at })
	if err != nil {
		t.Fatal(err)
	}
	g.shownPair = p
	p.alarm = func(text string, _ ...any) { g.said = append(g.said, "! "+text) }
	p.tell = func(text string, _ ...any) { g.said = append(g.said, text) }
	return g
}

// replace makes a pair for a name, and puts what of it is wanted in place.
func (g *gateway) replace(name string, cert, key bool) {
	g.t.Helper()
	newCert, newKey := certificate(g.t, name)
	for to, from := range map[string]string{g.cert: newCert, g.key: newKey} {
		if to == g.cert && cert || to == g.key && key {
			text, err := os.ReadFile(from)
			if err != nil {
				g.t.Fatal(err)
			}
			g.write(to, string(text))
		}
	}
}

func (g *gateway) write(name, text string) {
	g.t.Helper()
	g.put++
	at := time.Unix(1_700_000_000+int64(g.put), 0)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		g.t.Fatal(err)
	}
	if err := os.Chtimes(name, at, at); err != nil {
		g.t.Fatal(err)
	}
}

// shows is the name of the certificate that somebody who comes now is shown.
func (g *gateway) shows() string {
	g.t.Helper()
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	done := make(chan error, 1)
	go func() {
		done <- tls.Server(there, &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: g.get}).Handshake()
	}()
	name := ""
	c := tls.Client(here, &tls.Config{InsecureSkipVerify: true, VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
		leaf, err := x509.ParseCertificate(raw[0])
		if err == nil {
			name = fmt.Sprint(leaf.DNSNames)
		}
		return err
	}})
	go c.Read(make([]byte, 1)) // the server's tickets
	if err := c.Handshake(); err != nil {
		g.t.Fatal(err)
	}
	if err := <-done; err != nil {
		g.t.Fatal(err)
	}
	return strings.Trim(name, "[]")
}

func (g *gateway) want(what, name string, said ...string) {
	g.t.Helper()
	if shown := g.shows(); shown != name {
		g.t.Errorf("%s: %s is shown", what, shown)
	}
	if len(g.said) != len(said) {
		g.t.Errorf("%s: %q", what, g.said)
	}
	for i, text := range said {
		if i < len(g.said) && !strings.HasPrefix(g.said[i], text) {
			g.t.Errorf("%s: %q", what, g.said[i])
		}
	}
	g.said = nil
}

// TestRenewedCertificate: it is shown within seconds, and looked for no more often.
func TestRenewedCertificate(t *testing.T) {
	g := newGateway(t)
	g.want("at first", "one.acme.example")
	g.replace("two.acme.example", true, true)
	g.at = g.at.Add(relook - time.Millisecond)
	g.want("before it is looked at", "one.acme.example")
	g.at = g.at.Add(time.Millisecond)
	g.want("renewed", "two.acme.example", "the TLS certificate was read again; it is good until ")
	g.at = g.at.Add(time.Hour)
	g.want("an hour later", "two.acme.example")
	g.replace("three.acme.example", true, true)
	g.at = g.at.Add(-2 * time.Hour)
	g.want("with the clock set back", "three.acme.example", "the TLS certificate was read again")
}

// TestBadCertificate: one that cannot be used is said once, the one before is
// shown, and it is looked for a better one.
func TestBadCertificate(t *testing.T) {
	for what, spoil := range map[string]func(g *gateway){
		"no certificate":         func(g *gateway) { g.write(g.cert, "CANARY") },
		"the key of another one": func(g *gateway) { g.replace("two.acme.example", false, true) },
		"half written":           func(g *gateway) { g.write(g.cert, "") },
		"gone":                   func(g *gateway) { os.Remove(g.key) },
		"a device":               func(g *gateway) { os.Remove(g.cert); os.Symlink("/dev/zero", g.cert) },
		"larger than any":        func(g *gateway) { g.write(g.cert, strings.Repeat("CANARY\n", 1<<18)) },
		"a folder":               func(g *gateway) { os.Remove(g.cert); os.Mkdir(g.cert, 0o700) },
	} {
		t.Run(what, func(t *testing.T) { testBadCertificate(t, spoil) })
	}
}

func testBadCertificate(t *testing.T, spoil func(g *gateway)) {
	const bad, again = "! the new TLS certificate cannot be used; the one before is shown: ", "the TLS certificate was read again"
	g := newGateway(t)
	spoil(g)
	g.at = g.at.Add(relook)
	g.shows()
	if text := strings.Join(g.said, "\n"); strings.Contains(text, "CANARY") {
		t.Errorf("what a file holds is said: %s", text)
	}
	g.want("spoiled", "one.acme.example", bad)
	g.at = g.at.Add(relook)
	g.want("still so", "one.acme.example")
	os.Remove(g.cert)
	g.replace("three.acme.example", true, true)
	g.at = g.at.Add(relook)
	g.want("put right", "three.acme.example", again)
}

// TestCertificateTwoSteps: whoever replaces one file after the other is shown the
// new pair once both are there.
func TestCertificateTwoSteps(t *testing.T) {
	g := newGateway(t)
	cert, key := certificate(t, "two.acme.example")
	for i, step := range []struct{ from, to, name string }{{cert, g.cert, "one.acme.example"}, {key, g.key, "two.acme.example"}} {
		text, err := os.ReadFile(step.from)
		if err != nil {
			t.Fatal(err)
		}
		g.write(step.to, string(text))
		g.at = g.at.Add(relook)
		if shown := g.shows(); shown != step.name {
			t.Errorf("after step %d: %s", i, shown)
		}
	}
}

// TestCertificateDiskHangs: a disk that does not answer is waited for a moment by
// one who comes, and by nobody after; that is said once, and what it answers later
// is shown.
func TestCertificateDiskHangs(t *testing.T) {
	g := newGateway(t)
	g.replace("two.acme.example", true, true)
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		g.files = func(cert, key string) pairFiles {
			<-answer
			return readPair(cert, key)
		}
		shows := func(what string, most time.Duration) string {
			begun := time.Now()
			pair, err := g.get(nil)
			if took := time.Since(begun); err != nil || took > most {
				t.Fatalf("%s: %v after %v", what, err, took)
			}
			return pair.Leaf.DNSNames[0]
		}
		for _, most := range []time.Duration{moment, 0, 0} {
			g.at = g.at.Add(relook)
			if name := shows("it hangs", most); name != "one.acme.example" {
				t.Errorf("%s is shown", name)
			}
		}
		if len(g.said) != 1 || !strings.Contains(g.said[0], "does not answer") {
			t.Errorf("%q", g.said)
		}
		close(answer)
		synctest.Wait()
		if len(g.said) != 2 || !strings.Contains(g.said[1], "read again") {
			t.Errorf("%q", g.said)
		}
		if name := shows("it answers", 0); name != "two.acme.example" {
			t.Errorf("%s is shown", name)
		}
	})
}
