package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/sim"
	"github.com/pawl-dev/pawl/sim/world"
)

// An authority makes certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	a := authority{key: newKey(t)}
	a.cert = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "acme test authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signs returns a certificate for names that ends then.
func (a authority) signs(t *testing.T, until time.Time, names ...string) *tls.Certificate {
	key := newKey(t)
	c := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A tlsFire is a fire whose vendors are served over TLS, with a certificate
// that can be changed.
type tlsFire struct {
	*fire
	ca authority

	mu     sync.Mutex
	good   *tls.Certificate
	bad    map[string]*tls.Certificate // by vendor
	after  int                         // so many connections to that vendor are well
	served map[string]int              // connections by vendor
	shown  int                         // how often a bad one was
}

func newTLSFire(t *testing.T) *tlsFire {
	f := &tlsFire{ca: newAuthority(t), bad: map[string]*tls.Certificate{}, served: map[string]int{}}
	f.good = f.ca.signs(t, time.Now().Add(time.Hour), "127.0.0.1", "heroku.acme.example")
	f.fire = newFireAt(t, world.Options{}, "soak: 0s, watch: 0s", f.serve)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.ca.cert.Raw})
	if err := os.WriteFile(roots, text, 0o600); err != nil {
		t.Fatal(err)
	}
	f.env = []string{"SSL_CERT_FILE=" + roots, "SSL_CERT_DIR=" + filepath.Dir(roots)}
	return f
}

// serve serves each vendor, one request a connection, so that a certificate
// that changes is met.
func (f *tlsFire) serve(ctx context.Context, w *world.World) (map[string]string, func(), error) {
	urls := map[string]string{}
	var servers []*httptest.Server
	handlers := w.Handlers()
	for _, vendor := range slices.Sorted(maps.Keys(handlers)) {
		s := httptest.NewUnstartedServer(handlers[vendor])
		s.Config.SetKeepAlivesEnabled(false)
		s.Config.ErrorLog = log.New(io.Discard, "", 0) // the client hangs up, as it should
		s.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return &tls.Config{Certificates: []tls.Certificate{*f.show(vendor)}}, nil
		}}
		s.StartTLS()
		servers = append(servers, s)
		urls[vendor] = s.URL
	}
	return urls, func() {
		for _, s := range servers {
			s.Close()
		}
	}, nil
}

func (f *tlsFire) show(vendor string) *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.served[vendor]++
	if bad := f.bad[vendor]; bad != nil && f.served[vendor] > f.after {
		f.shown++
		return bad
	}
	return f.good
}

func (f *tlsFire) spoil(vendor string, c *tls.Certificate, after int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.served)
	f.bad[vendor], f.after, f.shown = c, after, 0
}

// mended takes the bad certificate away and returns how often it was shown.
func (f *tlsFire) mended() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.bad)
	return f.shown
}

var tlsVendors = []string{"heroku", "infisical", "github", "slack", "apps"}

// TestTLS has a vendor show a certificate that is not good, from the beginning
// or from some request on. Nothing is sent to it then; nor is it tried for ever;
// and once it is mended the rotation ends well.
func TestTLS(t *testing.T) {
	t.Parallel()
	var n, violations count
	t.Cleanup(func() {
		tally(t, "certificates that are expired, of another host, of an unknown authority", n.get(), violations.get())
	})
	for i, vendor := range tlsVendors {
		for j, why := range []string{"Expired", "WrongHost", "UnknownCA"} {
			for k, after := range []int{0, 4} {
				if (i+j+k)%amount(12, 3, 1) != 0 {
					continue
				}
				t.Run(vendor+"/TLS"+why+[]string{"", "Midway"}[k], func(t *testing.T) {
					t.Parallel()
					defer turn()()
					n.add()
					defer violations.addIf(t)
					badCertificate(t, vendor, why, after)
				})
			}
		}
	}
}

func badCertificate(t *testing.T, vendor, why string, after int) {
	t.Helper()
	f := newTLSFire(t)
	var c *tls.Certificate
	switch why {
	case "Expired":
		c = f.ca.signs(t, time.Now().Add(-time.Hour), "127.0.0.1")
	case "WrongHost":
		c = f.ca.signs(t, time.Now().Add(time.Hour), "other.acme.example", "127.0.0.2")
	case "UnknownCA":
		c = newAuthority(t).signs(t, time.Now().Add(time.Hour), "127.0.0.1")
	}
	if vendor == "slack" {
		after /= 2
	}
	f.spoil(vendor, c, after)
	args := slices.Clone(rotate)
	if vendor != "slack" { // which is not waited for
		args = append(args, "--timeout", map[bool]string{true: "30s", false: "12s"}[*torture])
	}
	code := f.pawl(args...)
	sent := len(slices.DeleteFunc(f.rules.Log(), func(e sim.Entry) bool { return e.Vendor != vendor }))
	shown := f.mended()
	if shown == 0 {
		t.Fatalf("the certificate was not shown; exit %d\n%s", code, f.printed())
	}
	if sent > after {
		t.Errorf("%d requests were sent to %s, which had a good certificate for %d", sent, vendor, after)
	}
	const storm = 200 // in half a minute
	if shown > storm {
		t.Errorf("it was tried %d times", shown)
	}
	switch {
	case vendor == "slack": // only tells people
		if code != exitDone {
			t.Errorf("exit %d", code)
		}
	case code != exitFailed && code != exitIncomplete:
		t.Errorf("exit %d, want 1 or 6\n%s", code, f.printed())
	case !f.w.Heroku.Valid(f.old):
		t.Error("the old key is dead")
	}
	if after == 0 && vendor != "slack" && vendor != "apps" {
		if _, minted := f.minted(); minted || code != exitFailed {
			t.Errorf("exit %d, minted %v; nothing may be begun", code, minted)
		}
	}
	t.Logf("exit %d, shown %d times", code, shown)
	for tries := 0; tries < 3 && code != exitDone; tries++ {
		code = f.pawl(resume...)
	}
	f.mustRotateAgain()
}

// TestDNS has the name of a vendor not resolve, from the beginning.
func TestDNS(t *testing.T) {
	t.Parallel()
	for _, vendor := range tlsVendors[:amount(1, 4, 4)] {
		t.Run(vendor+"/NXDOMAIN", func(t *testing.T) {
			t.Parallel()
			defer turn()()
			f := newTLSFire(t)
			f.renameHost(vendor, "vendor.acme.invalid")
			code := f.pawl(rotate...)
			if want := map[bool]int{true: exitDone, false: exitFailed}[vendor == "slack"]; code != want {
				t.Errorf("exit %d, want %d\n%s", code, want, f.printed())
			}
			for _, e := range f.rules.Log() {
				if e.Method != "GET" && !strings.Contains(e.Path, "login") && vendor != "slack" {
					t.Errorf("%s %s %s", e.Vendor, e.Method, e.Path)
				}
			}
			f.renameHost(vendor, "127.0.0.1")
			f.mustRotateAgain()
		})
	}
}

// renameHost changes the host in the address of a connection.
func (f *tlsFire) renameHost(vendor, host string) {
	file := filepath.Join(f.catalog, "connections.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		f.t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), vendor+":") {
			before, after, _ := strings.Cut(line, "https://")
			_, port, _ := strings.Cut(after, ":")
			lines[i] = before + "https://" + host + ":" + port
		}
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		f.t.Fatal(err)
	}
}
