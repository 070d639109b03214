// Package smtpsim simulates a mail server: it keeps what it is sent, and refuses
// what a real one refuses, such as to let somebody in without TLS.
package smtpsim

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"time"
)

// Options are the server's.
type Options struct {
	NoTLS    bool              // it offers no STARTTLS
	Users    map[string]string // who may send, by name; nil: everybody
	Unknown  []string          // receivers that it does not know
	Greylist int               // so many messages are put off first
}

// A Mail is one that was accepted.
type Mail struct {
	From string
	To   []string
	Text string
}

// A Sim is a simulated mail server on a loopback port.
type Sim struct {
	Addr  string
	Roots *x509.CertPool // who vouches for it

	opt  Options
	l    net.Listener
	cert tls.Certificate

	mu    sync.Mutex
	put   int
	mails []Mail
}

// Start starts a server that has to be closed.
func Start(o Options) (*Sim, error) {
	s := &Sim{opt: o, Roots: x509.NewCertPool()}
	if err := s.certify(); err != nil {
		return nil, err
	}
	var err error
	if s.l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	s.Addr = s.l.Addr().String()
	go func() {
		for {
			c, err := s.l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s, nil
}

// Close stops it.
func (s *Sim) Close() error { return s.l.Close() }

// Mails returns what was accepted, oldest first.
func (s *Sim) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

func (s *Sim) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(1, 0, 0), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	s.Roots.AddCert(cert)
	s.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return nil
}

// A session is one connection.
type session struct {
	sim    *Sim
	conn   net.Conn
	in     *bufio.Reader
	safe   bool // TLS
	user   bool
	from   string
	to     []string
	closed bool
}

func (s *Sim) serve(c net.Conn) {
	x := &session{sim: s, conn: c, in: bufio.NewReader(c)}
	defer func() { x.conn.Close() }()
	x.say("220 mail.acme.example ESMTP")
	for !x.closed {
		line, err := x.in.ReadString('\n')
		if err != nil {
			return
		}
		x.command(strings.TrimRight(line, "\r\n"))
	}
}

func (x *session) say(format string, args ...any) { fmt.Fprintf(x.conn, format+"\r\n", args...) }

func (x *session) command(line string) {
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO", "HELO":
		x.hello()
	case "STARTTLS":
		x.encrypt()
	case "AUTH":
		x.auth(rest)
	case "MAIL":
		x.mail(rest)
	case "RCPT":
		x.receiver(rest)
	case "DATA":
		x.data()
	case "QUIT":
		x.say("221 bye")
		x.closed = true
	default:
		x.say("502 no such command")
	}
}

func (x *session) hello() {
	x.say("250-mail.acme.example")
	if !x.sim.opt.NoTLS && !x.safe {
		x.say("250-STARTTLS")
	}
	if x.safe {
		x.say("250-AUTH PLAIN")
	}
	x.say("250 8BITMIME")
}

func (x *session) encrypt() {
	if x.sim.opt.NoTLS || x.safe {
		x.say("502 no such command")
		return
	}
	x.say("220 go on")
	c := tls.Server(x.conn, &tls.Config{Certificates: []tls.Certificate{x.sim.cert}})
	if c.Handshake() != nil {
		x.closed = true
		return
	}
	*x = session{sim: x.sim, conn: c, in: bufio.NewReader(c), safe: true}
}

func (x *session) auth(rest string) {
	_, given, _ := strings.Cut(rest, " ")
	text, err := base64.StdEncoding.DecodeString(given)
	parts := strings.Split(string(text), "\x00")
	switch {
	case !x.safe:
		x.say("538 not without encryption")
	case err != nil || len(parts) != 3 || parts[2] == "" || x.sim.opt.Users[parts[1]] != parts[2]:
		x.say("535 not so")
	default:
		x.user = true
		x.say("235 welcome")
	}
}

func (x *session) mail(rest string) {
	if x.sim.opt.Users != nil && !x.user {
		x.say("530 sign in first")
		return
	}
	x.from, x.to = address(rest), nil
	x.say("250 ok")
}

func (x *session) receiver(rest string) {
	to := address(rest)
	for _, unknown := range x.sim.opt.Unknown {
		if to == unknown {
			x.say("550 no such mailbox: CANARY")
			return
		}
	}
	x.to = append(x.to, to)
	x.say("250 ok")
}

func (x *session) data() {
	if x.from == "" || len(x.to) == 0 {
		x.say("503 from whom, and to whom?")
		return
	}
	x.say("354 go on")
	text, err := io.ReadAll(textproto.NewReader(x.in).DotReader())
	if err != nil {
		x.closed = true
		return
	}
	x.sim.mu.Lock()
	defer x.sim.mu.Unlock()
	if x.sim.put++; x.sim.put <= x.sim.opt.Greylist {
		x.say("451 later")
		return
	}
	x.sim.mails = append(x.sim.mails, Mail{x.from, x.to, string(text)})
	x.say("250 ok")
}

func address(rest string) string {
	_, after, _ := strings.Cut(rest, "<")
	inner, _, _ := strings.Cut(after, ">")
	return inner
}
