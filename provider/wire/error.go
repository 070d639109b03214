package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/pawl-dev/pawl"
)

// Answer returns the error for an answer that is not a success (2xx), by the
// usual meaning of its status:
//
//	401 Denied   403 Forbidden   404 NotFound   409, 412 Conflict   429 Throttled
//	other 4xx and 3xx Invalid    501 of a read Invalid    5xx Unknown if the request mutates, else Unavailable
//	301, 302, 303 Unknown if the request mutates
//
// After is taken from Retry-After.
func Answer(op string, mutates bool, status int, header http.Header) *pawl.Error {
	e := &pawl.Error{Op: op, Kind: kindOf(status, mutates), Err: fmt.Errorf("answered %d %s", status, http.StatusText(status))}
	if e.Kind == pawl.Throttled || status == http.StatusServiceUnavailable {
		e.After = RetryAfter(header, time.Now())
	}
	return e
}

func kindOf(status int, mutates bool) pawl.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return pawl.Denied
	case status == http.StatusForbidden:
		return pawl.Forbidden
	case status == http.StatusNotFound:
		return pawl.NotFound
	case status == http.StatusConflict, status == http.StatusPreconditionFailed:
		return pawl.Conflict
	case status == http.StatusTooManyRequests:
		return pawl.Throttled
	case seeOther(status) && mutates:
		return pawl.Unknown
	case status >= 300 && status < 500, status == http.StatusNotImplemented && !mutates:
		return pawl.Invalid // to ask again would not help
	}
	return unanswered(mutates)
}

// unanswered is the kind where nobody knows what the vendor did.
func unanswered(mutates bool) pawl.Kind {
	if mutates {
		return pawl.Unknown
	}
	return pawl.Unavailable
}

// Classify returns the error for an exchange that gave no whole answer: err is
// what a client of [NewClient] returned, or what reading the body did.
//
// A refused redirect and a failed TLS verification are Invalid, but for a redirect
// that may come after the effect of a request that mutates: Unknown. Where certainly
// nothing was sent it is Unavailable; otherwise Unknown if the request mutates,
// else Unavailable. Of err only the reason is kept, never a URL or a text that
// the vendor sent; the end of a context can still be seen by [errors.Is].
func Classify(op string, mutates bool, err error) *pawl.Error {
	return &pawl.Error{Op: op, Kind: classify(mutates, err), Err: scrub(err)}
}

func classify(mutates bool, err error) pawl.Kind {
	switch {
	case errors.Is(err, errSeeOther) && mutates:
		return pawl.Unknown
	case errors.Is(err, errRedirect) || untrusted(err):
		return pawl.Invalid
	}
	if f, ok := errors.AsType[*failure](err); ok && !f.sent {
		if e, ok := errors.AsType[*pawl.Error](f.err); ok { // its fence
			return e.Kind
		}
		return pawl.Unavailable
	}
	return unanswered(mutates)
}

// untrusted reports whether the other side could not show that it is the
// vendor. The request was not sent.
func untrusted(err error) bool {
	_, verify := errors.AsType[*tls.CertificateVerificationError](err)
	_, notTLS := errors.AsType[tls.RecordHeaderError](err)
	_, host := errors.AsType[x509.HostnameError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	return verify || notTLS || host || authority
}

// scrub reduces err to its reason.
func scrub(err error) error {
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			return end
		}
	}
	return errors.New(reason(err))
}

// reason says why in words that are all ours. The text of net/http's own
// errors is not used: some of them quote what the server sent.
func reason(err error) string {
	for _, known := range []error{errRedirect, errTooBig, errEncoded, errTooSlow, errNotJSON, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if e, ok := errors.AsType[*pawl.Error](err); ok && e.Err != nil { // a fence's, in words that are ours
		return e.Err.Error()
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return "looking up " + dns.Name + ": " + dns.Err
	}
	if untrusted(err) {
		return "the server's certificate is not trusted"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection ended before the answer did"
	}
	if t, ok := errors.AsType[net.Error](err); ok && t.Timeout() {
		return errTooSlow.Error()
	}
	return "the connection failed"
}

// where is a URL without what may be secret in it.
func where(u *url.URL) string {
	if u == nil {
		return ""
	}
	return strings.TrimSuffix(u.Host+u.EscapedPath(), "/")
}
