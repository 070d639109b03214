package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/desk/desktest"
)

// pipes is a listener whose connections are pipes: they block at once, where a
// socket would take some more, and their deadlines are those of virtual time.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.done); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// behind opens what --listen serves, of an office, in virtual time.
func behind(t *testing.T, f func(*testing.T, *desktest.Office, pipes)) {
	t.Helper()
	desktest.Open(t, []desktest.Cred{{Name: "key"}}, func(t *testing.T, o *desktest.Office) {
		max := desktest.Who("max", access.Roles()...)
		front := front{desk: o.Desk, host: "pawl.acme.example", door: http.NotFoundHandler(), who: func(*http.Request) (access.Subject, error) { return max, nil }}
		p := pipes{make(chan net.Conn), make(chan struct{})}
		srv := front.server()
		go srv.Serve(p)
		defer func() { srv.Close(); synctest.Wait() }()
		f(t, o, p)
	})
}

const head = " HTTP/1.1\r\nHost: pawl.acme.example\r\n"

// ask sends a request and returns the answer, of which the head was read.
func (p pipes) ask(t *testing.T, path string) (*http.Response, net.Conn) {
	t.Helper()
	c := p.dial()
	if _, err := io.WriteString(c, "GET "+path+head+"\r\n"); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatal(r, err)
	}
	return r, c
}

// TestManyFollow: 200 clients follow a rotation at once, over some beats in which
// nothing happens. Each is told every event once and in order, and when they
// have hung up nothing is left of them.
func TestManyFollow(t *testing.T) {
	behind(t, func(t *testing.T, o *desktest.Office, p pipes) {
		max := desktest.Who("max", access.Roles()...)
		id := pawl.RotationID{Credential: "key", Number: 1}
		if _, err := o.Start(t.Context(), max, api.Start{Credential: "key"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		before := inBubbles()
		told := make([][]string, 200) // by client: the ids
		conns := make([]net.Conn, len(told))
		ended := make(chan bool)
		for i := range told {
			r, c := p.ask(t, "/api/v1/events?rotation=key/1")
			conns[i] = c
			go func() {
				for lines := bufio.NewScanner(r.Body); lines.Scan(); {
					if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
						told[i] = append(told[i], id)
					}
				}
				ended <- true
			}()
		}
		time.Sleep(40 * time.Second) // longer than a request may take to come in
		if n := o.Feed().Listeners(); n != len(told) {
			t.Errorf("%d of %d are still told", n, len(told))
		}
		if _, err := o.Revoke(t.Context(), max, id, desk.Anything); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		for _, c := range conns {
			c.Close()
			<-ended
		}
		synctest.Wait()
		all, err := o.Lines(t.Context(), max, id, 0)
		if err != nil || len(all) < 10 {
			t.Fatal(len(all), err)
		}
		var want []string
		for _, line := range all {
			want = append(want, fmt.Sprint(line.Number))
		}
		for i, got := range told {
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("client %d was told %v, want %v", i, got, want)
			}
		}
		if n := o.Feed().Listeners(); n != 0 {
			t.Errorf("%d are still told", n)
		}
		if n := inBubbles(); n > before {
			t.Errorf("%d goroutines, and %d before", n, before)
		}
	})
}

// inBubbles counts the goroutines of bubbles, of which there is one at a time in
// tests that are not parallel. Those of other tests, and of the processes that
// they have started, come and go.
func inBubbles() int {
	stacks := make([]byte, 16<<20)
	n := bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte(", synctest bubble "))
	if n == 0 {
		panic("the runtime does not say which goroutines are in a bubble")
	}
	return n
}

// TestSlowClient: whoever sends byte by byte, or does not read what they have
// asked for, is cut off, and until then nobody else waits for them.
func TestSlowClient(t *testing.T) {
	form := "POST /credentials/key/plan" + head + "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000\r\n\r\n"
	call := "POST /api/v1/rotations" + head + "Content-Type: application/json\r\nIdempotency-Key: k\r\nContent-Length: 4000\r\n\r\n"
	for name, tt := range map[string]struct {
		at, slow string        // sent at once, and a byte a second
		deaf     bool          // reads nothing
		within   time.Duration // is cut off
	}{
		"nothing":                {within: 10 * time.Second},
		"its headers":            {slow: "GET /" + head + strings.Repeat("X-More: and more\r\n", 100), within: 10 * time.Second},
		"a form":                 {at: form, slow: strings.Repeat("reason=manual&", 200), within: 31 * time.Second},
		"a body":                 {at: call, slow: strings.Repeat(" ", 4000), within: 31 * time.Second},
		"one page, then nothing": {at: "GET /" + head + "\r\n", within: 2 * time.Minute},
		"reads no page":          {at: "GET /" + head + "\r\n", deaf: true, within: time.Minute},
		"reads no list":          {at: "GET /api/v1/credentials" + head + "\r\n", deaf: true, within: time.Minute},
		"reads no events":        {at: "GET /api/v1/events" + head + "\r\n", deaf: true, within: 15 * time.Second},
		"reads none of its own":  {at: "GET /api/v1/events?rotation=key/1" + head + "\r\n", deaf: true, within: 15 * time.Second},
		"reads no stream":        {at: "GET /events?of=all" + head + "\r\n", deaf: true, within: 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			behind(t, func(t *testing.T, o *desktest.Office, p pipes) {
				max, id := desktest.Who("max", access.Roles()...), pawl.RotationID{Credential: "key", Number: 1}
				if _, err := o.Start(t.Context(), max, api.Start{Credential: "key"}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				before := inBubbles()
				slow := p.dial()
				go func() {
					io.WriteString(slow, tt.at)
					if !tt.deaf {
						go io.Copy(io.Discard, slow)
					}
					for i := range len(tt.slow) {
						time.Sleep(time.Second)
						if _, err := io.WriteString(slow, tt.slow[i:i+1]); err != nil {
							break
						}
					}
				}()
				if _, err := o.Revoke(t.Context(), max, id, desk.Anything); err != nil {
					t.Fatal(err)
				}
				for range 3 { // others are answered meanwhile, at once
					at := time.Now()
					r, c := p.ask(t, "/credentials/key")
					if _, err := io.Copy(io.Discard, r.Body); err != nil || time.Since(at) != 0 {
						t.Errorf("another client waited %s: %v", time.Since(at), err)
					}
					c.Close()
					time.Sleep(time.Second)
				}
				time.Sleep(tt.within)
				synctest.Wait()
				if n := inBubbles(); n > before {
					t.Errorf("%d goroutines after %s, and %d before", n, tt.within, before)
				}
				if n := o.Feed().Listeners(); n != 0 {
					t.Errorf("it is still told of what happens")
				}
				if r, err := o.Rotation(t.Context(), max, id); err != nil || r.Outcome != "done" {
					t.Errorf("the rotation: %+v %v", r, err)
				}
				slow.Close()
			})
		})
	}
}
