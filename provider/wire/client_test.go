package wire_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wire"
)

// TestNothingIsSentTwice is the trap of net/http: where a kept-alive connection
// breaks, it repeats what has an Idempotency-Key, and a body that it can rewind
// or none.
func TestNothingIsSentTwice(t *testing.T) {
	for _, method := range []string{"POST", "DELETE"} {
		var applied atomic.Int32
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			if r.Header.Get("Idempotency-Key") == "" {
				io.WriteString(w, "{}")
				return
			}
			applied.Add(1)
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				conn.Close()
			}
		})
		hc := client(t, wire.Options{})
		for _, mutates := range []bool{false, true} { // leaves connections that could be reused
			if _, err := wire.Do(t.Context(), hc, request(url, mutates), nil); err != nil {
				t.Fatal(err)
			}
		}
		var body io.Reader
		if method == "POST" {
			body = strings.NewReader("{}")
		}
		req, err := http.NewRequestWithContext(t.Context(), method, url, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Idempotency-Key", "k1")
		_, err = hc.Do(req) // as somebody else's client would
		wantKind(t, wire.Classify("acme.Op", true, err), pawl.Unknown)
		if applied.Load() != 1 {
			t.Errorf("%s was applied %d times, want once", method, applied.Load())
		}
	}
}

// TestServersWordsAreNotQuoted lets a server put a secret where net/http quotes
// it in its errors.
func TestServersWordsAreNotQuoted(t *testing.T) {
	for _, words := range []string{
		"CANARY nonsense\r\n\r\n", "HTTP/1.1 CANARY\r\n\r\n", "HTTP/1.1 200 OK\r\nCANARY\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/?t=CANARY\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: %ZZCANARY\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: CANARY\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: CANARY\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nCANARY\r\n",
	} {
		url := raw(t, words)
		wantKind(t, do(t, request(url, true), nil), pawl.Unknown)
	}
}

// raw answers every connection with these bytes.
func raw(t *testing.T, words string) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if req, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				io.Copy(io.Discard, req.Body)
			}
			io.WriteString(conn, words)
			conn.Close()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(say(200, "{}"))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	call := func(url string, c *tls.Config) error {
		_, err := wire.Do(t.Context(), client(t, wire.Options{TLS: c}), request(url, true), nil)
		return err
	}
	if err := call(s.URL, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10}); err != nil {
		t.Errorf("a trusted server: %v", err)
	}
	wantKind(t, call(s.URL, nil), pawl.Invalid)
	wantKind(t, call(s.URL, &tls.Config{RootCAs: roots, ServerName: "other.acme.example"}), pawl.Invalid)
	plain := serve(t, say(200, "{}"))
	wantKind(t, call(strings.Replace(plain, "http:", "https:", 1), nil), pawl.Invalid)
}

func TestOldTLSIsRefused(t *testing.T) {
	s := httptest.NewUnstartedServer(say(200, "{}"))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	s.StartTLS()
	t.Cleanup(s.Close)
	old := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}
	_, err := wire.Do(t.Context(), client(t, wire.Options{TLS: old}), request(s.URL, true), nil)
	wantKind(t, err, pawl.Unavailable)
}

func TestLog(t *testing.T) {
	var log strings.Builder
	hc := client(t, wire.Options{Vendor: "acme", Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Request-Id", r.Header.Get("Ask"))
		say(404, "CANARY")(w, r)
	})
	for _, id := range []string{"0123-abc", "CANARY {}"} {
		r := request(url, true)
		r.Header = http.Header{"Ask": {id}}
		_, err := wire.Do(t.Context(), hc, r, nil)
		wantKind(t, err, pawl.NotFound)
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	_, err := wire.Do(t.Context(), hc, request(closed.URL, true), nil)
	wantKind(t, err, pawl.Unavailable)
	text := log.String()
	for _, want := range []string{"vendor=acme", "method=POST", "/things/1", "status=404", "request_id=0123-abc", `request_id=""`, `error="connection refused"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, canary) || strings.Count(text, "\n") != 3 {
		t.Errorf("logged\n%s", text)
	}
}
