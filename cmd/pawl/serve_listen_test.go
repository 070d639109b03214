package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/sim/world"
)

// listens starts a server that listens with these flags, and returns its origin,
// its address and the code for the first admin.
func listens(t *testing.T, args ...string) (origin, addr, code string) {
	t.Helper()
	dir := t.TempDir()
	if err := world.New(world.Options{}).WriteCatalog(dir, world.Addresses(1)); err != nil {
		t.Fatal(err)
	}
	short, err := os.MkdirTemp("", "s") // the path of a socket is bounded
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	said, tell := io.Pipe()
	e := env{in: strings.NewReader(""), out: io.Discard, err: tell, getenv: func(string) string { return "" }}
	all := append([]string{"--catalog", dir, "--state", filepath.Join(dir, "state"), "--key-file", filepath.Join(dir, "key"), "serve", "--socket", filepath.Join(short, "s"), "--no-schedule"}, args...)
	done := make(chan int, 1)
	go func() { done <- run(ctx, e, all); tell.Close() }()
	lines := bufio.NewScanner(said)
	for code == "" && lines.Scan() {
		if _, at, ok := strings.Cut(lines.Text(), "console on "); ok {
			origin, addr, _ = strings.Cut(at, ", at ")
		}
		_, code, _ = strings.Cut(lines.Text(), "/sign-in#")
	}
	go io.Copy(io.Discard, said)
	t.Cleanup(func() {
		stop()
		if c := <-done; c != 0 {
			t.Errorf("exit %d", c)
		}
		os.RemoveAll(short)
	})
	if code == "" {
		t.Fatalf("it ended with %d", <-done)
	}
	return origin, addr, code
}

// TestServeListen: the first admin comes in by the code on the terminal, and
// finds their own catalog.
func TestServeListen(t *testing.T) {
	origin, _, code := listens(t, "--listen", "127.0.0.1:0")
	if !strings.HasPrefix(origin, "http://localhost:") {
		t.Fatal(origin)
	}
	v := &visit{t: t, origin: origin}
	v.Jar, _ = cookiejar.New(nil)
	if status, body := v.page("/credentials"); status != 200 || !strings.Contains(body, "terminal") {
		t.Errorf("before: %d %s", status, body)
	}
	if r, err := v.Get(origin + "/api/v1/credentials"); err != nil || r.StatusCode != http.StatusUnauthorized {
		t.Errorf("the API before: %v %v", r, err)
	}
	v.post("/sign-in/code", url.Values{"code": {code}, "id": {"ana"}, "next": {"/"}})
	if status, body := v.page("/credentials"); status != 200 || !strings.Contains(body, world.Credential) {
		t.Errorf("after: %d %s", status, body)
	}
	if status, body := v.post("/audit/verify", nil); status != 200 || !strings.Contains(body, "The log is as it was signed.") {
		t.Errorf("the log: %d %s", status, body)
	}
	if r, err := v.Get(origin + "/api/v1/credentials"); err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("the API after: %v %v", r, err)
	}
	if r, err := v.Get(origin + "/api/v2/credentials"); err != nil || r.StatusCode != http.StatusNotFound || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("an API that there is not: %v %v", r, err)
	}
}

// TestServeTLS: over TLS, cookies and browsers are bound to it.
func TestServeTLS(t *testing.T) {
	cert, key := certificate(t, "pawl.acme.example")
	origin, addr, code := listens(t, "--listen", "127.0.0.1:0", "--url", "https://pawl.acme.example", "--tls-cert", cert, "--tls-key", key)
	if origin != "https://pawl.acme.example" {
		t.Fatal(origin)
	}
	c := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, _ := http.NewRequest("POST", "https://"+addr+"/sign-in/code", strings.NewReader(url.Values{"code": {code}, "id": {"ana"}}.Encode()))
	req.Host = "pawl.acme.example"
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", origin)
	r, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if r.Header.Get("Strict-Transport-Security") == "" || len(r.Cookies()) == 0 || !strings.HasPrefix(r.Cookies()[0].Name, "__Host-") || !r.Cookies()[0].Secure {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
}

// certificate makes one that nobody vouches for.
func certificate(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, made, made, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestServeListensNowhereElse: without TLS or a proxy, only this machine is
// listened to; and what says how to listen has to fit together.
func TestServeListensNowhereElse(t *testing.T) {
	dir := t.TempDir()
	if err := world.New(world.Options{}).WriteCatalog(dir, world.Addresses(1)); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"--listen 0.0.0.0:0", "--listen :8400", "--listen 192.0.2.1:1", "--url https://x.example", "--behind-proxy", "--listen 0.0.0.0:0 --behind-proxy",
		"--listen 0.0.0.0:0 --behind-proxy --url http://x.example", "--listen 0.0.0.0:0 --tls-cert x", "--listen 0.0.0.0:0 --tls-cert x --tls-key x --url https://x.example",
		"--listen 127.0.0.1:0 --url http://x.example", "--demo --behind-proxy"} {
		e := env{in: strings.NewReader(""), out: io.Discard, err: io.Discard, getenv: func(string) string { return "" }}
		all := append([]string{"--catalog", dir, "--state", filepath.Join(dir, "state"), "--key-file", filepath.Join(dir, "key"), "serve"}, strings.Fields(args)...)
		if code := run(t.Context(), e, all); code == 0 {
			t.Errorf("%s: exit %d", args, code)
		}
	}
}
