// Package otlpsim simulates an OpenTelemetry collector that takes traces over
// HTTP in JSON: it keeps the spans that it is sent, and refuses what the
// specification does not allow, also where a real one is lenient.
//
// That what comes is an ExportTraceServiceRequest is checked by OpenTelemetry's
// own types. That they are encoded as OTLP has them, and not as other Protobuf
// messages, is checked here.
//
// Protocol: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
package otlpsim

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// A Collector is an [http.Handler]. Its fields are to be set before it is used.
type Collector struct {
	Path  string // empty: /v1/traces
	Token string // what has to be in X-Token; empty: nobody has to show one

	mu      sync.Mutex
	spans   map[string]*tracepb.Span // by trace and id
	order   []string                 // those keys, as they came first
	service []string
	wrong   []string
	next    []func(http.ResponseWriter)
	raw     bytes.Buffer
	posts   int
	again   int
}

// Next answers the next request that would be taken so, instead of taking it.
func (c *Collector) Next(answer func(http.ResponseWriter)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = append(c.next, answer)
}

// Status is an answer with this status, and with a Retry-After if that is not
// empty.
func Status(code int, after string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		reply(w, code, `{"message":"CANARY in what the collector says"}`)
	}
}

// Rejecting is an answer that says that so many spans were not taken.
func Rejecting(n int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		reply(w, 200, fmt.Sprintf(`{"partialSuccess":{"rejectedSpans":"%d","errorMessage":"CANARY in what the collector says"}}`, n))
	}
}

// Wrong is what was wrong with what came, so far.
func (c *Collector) Wrong() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.wrong)
}

// Posts counts the requests, and Again the spans that had come before.
func (c *Collector) Posts() (posts, again int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.posts, c.again
}

// Spans are all that were taken, in the order in which they first came.
func (c *Collector) Spans() (all []*tracepb.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.order {
		all = append(all, c.spans[k])
	}
	return all
}

// String lists what came, for people: a line a span with the beginning of its
// trace's id, its name and its attributes, and below it its events.
func (c *Collector) String() string {
	var b strings.Builder
	for _, s := range c.Spans() {
		fmt.Fprintf(&b, "%x %s", s.TraceId[:4], s.Name)
		for _, a := range s.Attributes {
			fmt.Fprintf(&b, " %s=%s", strings.TrimPrefix(a.Key, "pawl."), text(a.Value))
		}
		if s.Status.GetMessage() != "" {
			fmt.Fprintf(&b, " ERROR %s", s.Status.Message)
		}
		b.WriteString("\n")
		for _, e := range s.Events {
			fmt.Fprintf(&b, "  %s\n", e.Name)
		}
	}
	return b.String()
}

func text(v *commonpb.AnyValue) string {
	if n, ok := v.Value.(*commonpb.AnyValue_IntValue); ok {
		return strconv.FormatInt(n.IntValue, 10)
	}
	return v.GetStringValue()
}

// Raw is everything that was posted.
func (c *Collector) Raw() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.raw.Bytes())
}

// Services are the names that what sends has given itself.
func (c *Collector) Services() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.service)
}

func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 20<<20))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.posts++
	c.raw.Write(body)
	path := c.Path
	if path == "" {
		path = "/v1/traces"
	}
	switch {
	case err != nil:
		c.refuse(w, http.StatusBadRequest, "a body that is cut short")
	case r.URL.Path != path || r.URL.RawQuery != "":
		c.refuse(w, http.StatusNotFound, "posted to "+r.URL.String())
	case r.Method != http.MethodPost:
		c.refuse(w, http.StatusMethodNotAllowed, "asked by "+r.Method)
	case r.Header.Get("Content-Type") != "application/json":
		c.refuse(w, http.StatusUnsupportedMediaType, "content type "+r.Header.Get("Content-Type"))
	case c.Token != "" && r.Header.Get("X-Token") != c.Token:
		reply(w, http.StatusUnauthorized, `{"message":"CANARY in what the collector says"}`)
	case len(c.next) > 0:
		answer := c.next[0]
		c.next = c.next[1:]
		answer(w)
	default:
		if err := c.take(body); err != nil {
			c.refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		reply(w, 200, `{"partialSuccess":{}}`)
	}
}

func (c *Collector) refuse(w http.ResponseWriter, code int, why string) {
	c.wrong = append(c.wrong, why)
	reply(w, code, `{"message":"refused"}`)
}

func reply(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	io.WriteString(w, text)
}

func (c *Collector) take(body []byte) error {
	data, err := Decode(body)
	if err != nil {
		return err
	}
	for _, rs := range data.ResourceSpans {
		name := ""
		for _, a := range rs.Resource.GetAttributes() {
			if a.Key == "service.name" {
				name = a.Value.GetStringValue()
			}
		}
		if name == "" {
			return fmt.Errorf("a resource without a service.name")
		}
		if !slices.Contains(c.service, name) {
			c.service = append(c.service, name)
		}
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				if err := c.keep(s); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// keep takes one span. One that came before must be the same.
func (c *Collector) keep(s *tracepb.Span) error {
	k := string(s.TraceId) + string(s.SpanId)
	if c.spans == nil {
		c.spans = map[string]*tracepb.Span{}
	}
	if was := c.spans[k]; was != nil {
		c.again++
		if !proto.Equal(was, s) {
			return fmt.Errorf("span %x came as another one before", s.SpanId)
		}
		return nil
	}
	c.spans[k], c.order = s, append(c.order, k)
	return nil
}

// Decode reads a request, and says what is not as the specification has it.
func Decode(body []byte) (*tracepb.TracesData, error) {
	var raw any
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	if err := d.Decode(&raw); err != nil {
		return nil, err
	}
	if err := plain(raw); err != nil {
		return nil, err
	}
	text, err := json.Marshal(raw)
	if err != nil {
		return nil, err
	}
	data := &tracepb.TracesData{} // an ExportTraceServiceRequest has the same fields
	if err := protojson.Unmarshal(text, data); err != nil {
		return nil, err
	}
	for _, rs := range data.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				if err := sound(s); err != nil {
					return nil, err
				}
			}
		}
	}
	return data, nil
}

// plain turns ids into what Protobuf's own encoding has in their place, and
// refuses what only that one allows.
func plain(v any) error {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			if err := plain(x); err != nil {
				return err
			}
		}
	case map[string]any:
		for k, x := range v {
			text, isText := x.(string)
			_, isNumber := x.(json.Number)
			if strings.Contains(k, "_") {
				return fmt.Errorf("%s: names of fields are in lowerCamelCase", k)
			}
			switch k {
			case "traceId", "spanId", "parentSpanId":
				id, err := hex.DecodeString(text)
				if err != nil || len(id) != sizes[k] {
					return fmt.Errorf("%s %q is no hexadecimal id", k, text)
				}
				v[k] = id // which is written as base64
			case "kind", "code":
				if !isNumber {
					return fmt.Errorf("%s: an enum is a number", k)
				}
			case "startTimeUnixNano", "endTimeUnixNano", "timeUnixNano", "intValue":
				if !isText {
					return fmt.Errorf("%s: an integer of 64 bits is a string", k)
				}
			default:
				if err := plain(x); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// sizes are how many bytes ids have.
var sizes = map[string]int{"traceId": 16, "spanId": 8, "parentSpanId": 8}

func sound(s *tracepb.Span) error {
	keys := map[string]bool{}
	for _, a := range s.Attributes {
		if keys[a.Key] || a.Key == "" || a.Value.GetValue() == nil {
			return fmt.Errorf("%s: attribute %q is there twice, or has no value", s.Name, a.Key)
		}
		keys[a.Key] = true
	}
	switch {
	case allZero(s.TraceId) || allZero(s.SpanId):
		return fmt.Errorf("%s: an id is missing", s.Name)
	case s.Name == "" || s.Kind == tracepb.Span_SPAN_KIND_UNSPECIFIED:
		return fmt.Errorf("a span without a name or a kind")
	case s.StartTimeUnixNano == 0 || s.EndTimeUnixNano < s.StartTimeUnixNano:
		return fmt.Errorf("%s: ends before it begins", s.Name)
	case s.Status.GetMessage() != "" && s.Status.Code != tracepb.Status_STATUS_CODE_ERROR:
		return fmt.Errorf("%s: only an error has a message", s.Name)
	}
	return nil
}

func allZero(id []byte) bool { return !slices.ContainsFunc(id, func(b byte) bool { return b != 0 }) }
