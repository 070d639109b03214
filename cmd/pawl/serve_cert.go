package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// A shownPair is the certificate and the key that a server shows, read again when
// a file of them has changed, so that whoever renews them need not restart it. A
// pair that cannot be used is said, and the one before is shown.
type shownPair struct {
	cert, key string
	now       func() time.Time
	alarm     func(text string, args ...any)
	tell      func(text string, args ...any)

	mu     sync.Mutex
	pair   *tls.Certificate
	print  string // of the files that pair was read from
	looked time.Time
	wrong  string // what was said last; empty: nothing is
}

// relook is how often the files are looked at, at most: by a handshake, so that
// nothing runs while nobody comes.
const relook = 5 * time.Second

// showPair reads a pair for the first time.
func (a *app) showPair(cert, key string, now func() time.Time) (*shownPair, error) {
	p := &shownPair{cert: cert, key: key, now: now, alarm: a.alarm, tell: a.tell, looked: now()}
	if err := p.read(p.fingerprint()); err != nil {
		return nil, err
	}
	return p, nil
}

// get is the pair to show now, for [tls.Config].
func (p *shownPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); now.Sub(p.looked) >= relook || now.Before(p.looked) {
		p.looked = now
		p.look()
	}
	return p.pair, nil
}

// look reads the pair again if it has changed. One that cannot be used is tried
// again each time: it may be half written, or its mode is being put right.
func (p *shownPair) look() {
	print := p.fingerprint()
	if print == p.print {
		p.wrong = ""
		return
	}
	if err := p.read(print); err != nil {
		if p.wrong != err.Error() {
			p.wrong = err.Error()
			p.alarm("the new TLS certificate cannot be used; the one before is shown: "+p.wrong, "certificate", p.cert, "until", p.pair.Leaf.NotAfter)
		}
		return
	}
	p.wrong = ""
	p.tell(fmt.Sprintf("the TLS certificate was read again; it is good until %s", p.pair.Leaf.NotAfter.UTC().Format(time.RFC3339)), "certificate", p.cert, "until", p.pair.Leaf.NotAfter)
}

func (p *shownPair) read(print string) error {
	pair, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		return err
	}
	// Print is of before it was read: what has changed meanwhile is read again.
	p.pair, p.print = &pair, print
	return nil
}

// fingerprint changes when a file of the pair does, as far as its size and time
// tell; of a link, what it leads to.
func (p *shownPair) fingerprint() string {
	var b strings.Builder
	for _, name := range []string{p.cert, p.key} {
		info, err := os.Stat(name)
		if err != nil {
			fmt.Fprintln(&b, err)
			continue
		}
		fmt.Fprintln(&b, info.Size(), info.ModTime().UnixNano())
	}
	return b.String()
}
