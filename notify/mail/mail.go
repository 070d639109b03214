// Package mail sends notes by SMTP. The mail server is talked to over TLS that
// is begun by STARTTLS, or it is on this machine; it is never signed in to
// without. Two deliveries of one note have one Message-ID, by which mail
// programs show one.
//
// Format: RFC 5321, RFC 3207 and RFC 5322.
package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"
	"unicode"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/notify"
)

// Config says which mail server sends to whom. Host, From and To are required.
type Config struct {
	Host     string // with its port
	Plain    bool   // without TLS: for a server on this machine
	TLS      *tls.Config
	User     string
	Password pawl.Secret
	From     string
	To       []string
	Name     string // what this host calls itself; empty: localhost
}

// A Sender is a [notify.Sender].
type Sender struct{ cfg Config }

var _ notify.Sender = (*Sender)(nil)

// New returns a sender.
func New(cfg Config) *Sender { return &Sender{cfg} }

// longest is how long a delivery may take: servers that want to keep robots away
// wait on purpose.
const longest = 25 * time.Second

// Tell implements [notify.Sender].
func (s *Sender) Tell(ctx context.Context, n notify.Note) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", s.cfg.Host)
	if err != nil {
		return "", failed(pawl.Unavailable, "the mail server does not answer")
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	return "", s.over(conn, n)
}

func (s *Sender) over(conn net.Conn, n notify.Note) error {
	host, _, err := net.SplitHostPort(s.cfg.Host)
	if err != nil {
		return failed(pawl.Invalid, "the mail server has no port")
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return classify("greeting", err)
	}
	defer c.Close()
	if err := s.begin(c, host); err != nil {
		return err
	}
	if err := c.Mail(s.cfg.From); err != nil {
		return classify("sender", err)
	}
	for _, to := range s.cfg.To {
		if err := c.Rcpt(to); err != nil {
			return classify("receiver", err)
		}
	}
	w, err := c.Data()
	if err != nil {
		return classify("message", err)
	}
	if _, err := w.Write(s.message(n)); err != nil {
		return classify("message", err)
	}
	if err := w.Close(); err != nil {
		return classify("message", err)
	}
	c.Quit() // it has the message; how it says goodbye changes nothing
	return nil
}

// begin greets, encrypts and signs in.
func (s *Sender) begin(c *smtp.Client, host string) error {
	if s.cfg.Name != "" {
		if err := c.Hello(s.cfg.Name); err != nil {
			return classify("greeting", err)
		}
	}
	if !s.cfg.Plain {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return &pawl.Error{Op: "mail", Kind: pawl.Unavailable, Err: errors.New("the mail server offers no STARTTLS"), Hint: "use another port, usually 587"}
		}
		config := &tls.Config{}
		if s.cfg.TLS != nil {
			config = s.cfg.TLS.Clone()
		}
		config.ServerName, config.MinVersion = host, tls.VersionTLS12
		if err := c.StartTLS(config); err != nil {
			return failed(pawl.Unavailable, "the mail server's certificate is not good, or it speaks no TLS")
		}
	}
	if s.cfg.User == "" {
		return nil
	}
	if err := c.Auth(smtp.PlainAuth("", s.cfg.User, strings.TrimSpace(string(s.cfg.Password.Reveal())), host)); err != nil {
		return failed(pawl.Unavailable, "the mail server does not let "+s.cfg.User+" in") // it may be mended while the note waits
	}
	return nil
}

// classify tells what the server refuses for good from what may pass. Its words
// are not repeated.
func classify(what string, err error) error {
	if said, ok := errors.AsType[*textproto.Error](err); ok {
		return failed(pawl.Unavailable, fmt.Sprintf("the mail server refuses the %s (%d)", what, said.Code))
	}
	return failed(pawl.Unavailable, "the connection to the mail server broke off")
}

func failed(kind pawl.Kind, text string) error {
	return &pawl.Error{Op: "mail", Kind: kind, Err: errors.New(text)}
}

// message is a note as a mail.
func (s *Sender) message(n notify.Note) []byte {
	var b bytes.Buffer
	_, domain, _ := strings.Cut(s.cfg.From, "@")
	sum := sha256.Sum256([]byte(n.ID))
	for _, h := range [][2]string{{"From", s.cfg.From}, {"To", strings.Join(s.cfg.To, ", ")}, {"Subject", mime.QEncoding.Encode("utf-8", line("[pawl] "+n.Title))},
		{"Date", n.At.UTC().Format(time.RFC1123Z)}, {"Message-ID", "<" + hex.EncodeToString(sum[:16]) + "@" + domain + ">"}, {"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"}, {"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "quoted-printable"}} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	q := quotedprintable.NewWriter(&b)
	for _, part := range []string{n.Title, n.Text, indented(n.Next), n.Link} {
		if part != "" {
			fmt.Fprintf(q, "%s\r\n\r\n", part)
		}
	}
	q.Close() // a buffer takes everything
	return b.Bytes()
}

func indented(command string) string {
	if command == "" {
		return ""
	}
	return "    " + command
}

// line makes one line of a text: whoever can name a credential cannot add a
// header.
func line(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}
