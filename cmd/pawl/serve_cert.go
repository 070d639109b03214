package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
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
	files     func(cert, key string) pairFiles

	mu      sync.Mutex
	pair    *tls.Certificate
	print   string // of the files that pair was read from
	looked  time.Time
	looking bool   // the disk has not answered yet
	wrong   string // what was said last; empty: nothing is
}

const (
	// relook is how often the files are looked at, at most: because of a handshake,
	// so that nothing runs while nobody comes.
	relook = 5 * time.Second

	// moment is how long that handshake waits for the disk, which may never answer.
	// The next ones do not wait.
	moment = time.Second

	// mostPEM bounds what is read of a file: a chain of certificates is some KB.
	mostPEM = 1 << 20
)

// showPair reads a pair for the first time.
func (a *app) showPair(cert, key string, now func() time.Time) (*shownPair, error) {
	p := &shownPair{cert: cert, key: key, now: now, alarm: a.alarm, tell: a.tell, files: readPair, looked: now()}
	files := p.files(cert, key)
	pair, err := files.load()
	if err != nil {
		return nil, err
	}
	p.pair, p.print = pair, files.print
	return p, nil
}

// get is the pair to show now, for [tls.Config].
func (p *shownPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if done := p.begin(); done != nil {
		wait := time.NewTimer(moment)
		defer wait.Stop()
		select {
		case <-done:
		case <-wait.C:
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pair, nil
}

// begin begins to look at the files, if it is time to; nil: it is not. At most one
// look is under way.
func (p *shownPair) begin() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if now.Sub(p.looked) < relook && !now.Before(p.looked) {
		return nil
	}
	if p.looking {
		p.bad(errors.New("the disk with them does not answer"))
		return nil
	}
	p.looked, p.looking = now, true
	done := make(chan struct{})
	go func() {
		defer close(done)
		files := p.files(p.cert, p.key) // without the lock
		p.mu.Lock()
		defer p.mu.Unlock()
		p.looking = false
		p.saw(files)
	}()
	return done
}

// saw takes the files up if they have changed. A pair that cannot be used is tried
// again each time: it may be half written, or its mode is being put right.
func (p *shownPair) saw(files pairFiles) {
	if files.print == p.print {
		p.wrong = ""
		return
	}
	pair, err := files.load()
	if err != nil {
		p.bad(err)
		return
	}
	p.pair, p.print, p.wrong = pair, files.print, ""
	p.tell(fmt.Sprintf("the TLS certificate was read again; it is good until %s", pair.Leaf.NotAfter.UTC().Format(time.RFC3339)), "certificate", p.cert, "until", pair.Leaf.NotAfter)
}

// bad says once what is wrong.
func (p *shownPair) bad(err error) {
	if p.wrong != err.Error() {
		p.wrong = err.Error()
		p.alarm("the new TLS certificate cannot be used; the one before is shown: "+p.wrong, "certificate", p.cert, "until", p.pair.Leaf.NotAfter)
	}
}

// pairFiles are the files of a pair, as they were read.
type pairFiles struct {
	cert, key []byte
	err       error
	print     string // changes when a file does, as far as its size and time tell
}

// readPair reads the files of a pair; of a link, what it leads to.
func readPair(cert, key string) (f pairFiles) {
	for _, name := range []string{cert, key} { // of before they are read: what changes meanwhile is read again
		info, err := os.Stat(name)
		if err != nil {
			f.print += fmt.Sprintln(err)
			continue
		}
		f.print += fmt.Sprintln(info.Mode().Type(), info.Size(), info.ModTime().UnixNano())
	}
	if f.cert, f.err = readPEM(cert); f.err == nil {
		f.key, f.err = readPEM(key)
	}
	return f
}

func (f pairFiles) load() (*tls.Certificate, error) {
	if f.err != nil {
		return nil, f.err
	}
	pair, err := tls.X509KeyPair(f.cert, f.key)
	return &pair, err
}

// readPEM reads a plain file: a pipe may never answer, and a device never end.
func readPEM(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a plain file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostPEM+1))
	if err == nil && len(text) > mostPEM {
		err = fmt.Errorf("%s is no certificate or key: it has more than 1 MiB", name)
	}
	return text, err
}
