package otlp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/wire"
	"github.com/pawl-dev/pawl/trace"
)

// An Exporter sends spans. It is safe for concurrent use.
type Exporter struct {
	Config
	HTTP *http.Client // of package wire
}

// Host is whom spans are sent to, for people.
func (e *Exporter) Host() string {
	u, err := url.Parse(e.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Send sends spans, once. The error is [pawl.Unavailable] or [pawl.Throttled]
// where the specification says to send them again, no sooner than its After; with
// any other Kind the collector does not want them, or some of them.
func (e *Exporter) Send(ctx context.Context, spans []trace.Span) error {
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	r := wire.Request{Op: "sending traces", Method: http.MethodPost, URL: e.URL, Header: http.Header{}, Body: encode(e.Config, spans)}
	for name, value := range e.Headers {
		r.Header.Set(name, string(value.Reveal()))
	}
	var answer json.RawMessage
	got, err := wire.Do(ctx, e.HTTP, r, &answer)
	switch {
	case err == nil:
		return rejected(answer)
	case got.Status/100 == 2 && got.Header.Get("Content-Length") == "0": // it should say more, and some do not
		return nil
	}
	if said, ok := errors.AsType[*pawl.Error](err); ok {
		judge(said, got.Status)
	}
	return err
}

// judge makes the kind of an error say whether the specification lets the
// request be repeated.
func judge(e *pawl.Error, status int) {
	switch status {
	case 0: // no answer; of what is not to be trusted there will never be one
		if e.Kind != pawl.Invalid {
			e.Kind = pawl.Unavailable
		}
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	case http.StatusUnauthorized, http.StatusForbidden:
		e.Hint = "look at the token in OTEL_EXPORTER_OTLP_HEADERS"
	default:
		e.Kind, e.After = pawl.Invalid, 0
	}
}

// rejected reads an answer for what was not taken. Why is not repeated here: it
// is the collector's text.
func rejected(answer []byte) error {
	var a struct {
		PartialSuccess struct {
			RejectedSpans json.Number `json:"rejectedSpans"` // a string, mostly
		} `json:"partialSuccess"`
	}
	_ = json.Unmarshal(answer, &a) // it took them, if it says so in a way of its own
	if n, err := a.PartialSuccess.RejectedSpans.Int64(); err == nil && n > 0 {
		return &pawl.Error{Op: "sending traces", Kind: pawl.Invalid, Err: fmt.Errorf("the collector refused %d spans; its log says why", n)}
	}
	return nil
}
