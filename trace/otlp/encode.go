package otlp

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/pawl-dev/pawl/trace"
)

// The parts of an ExportTraceServiceRequest that are sent. In this encoding ids
// are hexadecimal, integers of 64 bits are strings, and enums are numbers.
type (
	request struct {
		ResourceSpans []resourceSpans `json:"resourceSpans"`
	}
	resourceSpans struct {
		Resource   resource     `json:"resource"`
		ScopeSpans []scopeSpans `json:"scopeSpans"`
	}
	resource struct {
		Attributes []attribute `json:"attributes"`
	}
	scopeSpans struct {
		Scope scope  `json:"scope"`
		Spans []span `json:"spans"`
	}
	scope struct {
		Name string `json:"name"`
	}
	span struct {
		TraceID    string      `json:"traceId"`
		SpanID     string      `json:"spanId"`
		Parent     string      `json:"parentSpanId,omitempty"`
		Name       string      `json:"name"`
		Kind       int         `json:"kind"`
		Start      string      `json:"startTimeUnixNano"`
		End        string      `json:"endTimeUnixNano"`
		Attributes []attribute `json:"attributes,omitempty"`
		Events     []event     `json:"events,omitempty"`
		Status     *status     `json:"status,omitempty"`
	}
	event struct {
		At         string      `json:"timeUnixNano"`
		Name       string      `json:"name"`
		Attributes []attribute `json:"attributes,omitempty"`
	}
	status struct {
		Message string `json:"message"`
		Code    int    `json:"code"`
	}
	attribute struct {
		Key   string `json:"key"`
		Value value  `json:"value"`
	}
	value struct {
		Text   *string `json:"stringValue,omitempty"`
		Number *string `json:"intValue,omitempty"`
	}
)

const (
	kindInternal = 1
	codeError    = 2
)

func encode(c Config, spans []trace.Span) request {
	all := scopeSpans{Scope: scope{"github.com/pawl-dev/pawl"}}
	for _, s := range spans {
		all.Spans = append(all.Spans, encodeSpan(s))
	}
	return request{[]resourceSpans{{resource{attributes(c.Resource)}, []scopeSpans{all}}}}
}

func encodeSpan(s trace.Span) span {
	out := span{TraceID: hex.EncodeToString(s.Trace[:]), SpanID: hex.EncodeToString(s.ID[:]), Name: s.Name, Kind: kindInternal,
		Start: nanos(s.Start), End: nanos(s.End), Attributes: attributes(s.Attributes)}
	if s.Parent != [8]byte{} {
		out.Parent = hex.EncodeToString(s.Parent[:])
	}
	for _, e := range s.Events {
		out.Events = append(out.Events, event{nanos(e.At), e.Name, attributes(e.Attributes)})
	}
	if s.Error != "" {
		out.Status = &status{s.Error, codeError}
	}
	return out
}

// nanos is a time that may be missing, in an old journal.
func nanos(t time.Time) string {
	if t.Before(time.Unix(0, 0)) {
		return "0"
	}
	return strconv.FormatInt(t.UnixNano(), 10)
}

func attributes(all []trace.Attribute) (out []attribute) {
	for _, a := range all {
		switch v := a.Value.(type) {
		case string:
			out = append(out, attribute{a.Key, value{Text: &v}})
		case int:
			n := strconv.Itoa(v)
			out = append(out, attribute{a.Key, value{Number: &n}})
		}
	}
	return out
}
