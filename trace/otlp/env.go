package otlp

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/trace"
)

// Config says where spans go.
type Config struct {
	URL         string                 // of the collector's traces
	Headers     map[string]pawl.Secret // sent with each request, by canonical name
	Timeout     time.Duration          // for one batch, with all its repetitions
	Certificate string                 // a file with the authorities that the collector's certificate may be of; empty: the system's
	Resource    []trace.Attribute      // what sends: service.name, and what else is said of it
}

// FromEnv reads the environment. It is nil where nothing is to be sent: no
// endpoint is set, or traces are turned off. What it cannot do is an error that
// names the variable, and quotes none. What sends says of itself is what the
// environment does not say otherwise.
func FromEnv(getenv func(string) string, self ...trace.Attribute) (*Config, error) {
	v := vars(getenv)
	endpoint, own, name := v.of("ENDPOINT")
	if endpoint == "" || strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") || getenv("OTEL_TRACES_EXPORTER") == "none" || getenv("OTEL_TRACES_SAMPLER") == "always_off" {
		return nil, nil
	}
	if err := v.refuse(); err != nil {
		return nil, err
	}
	c := &Config{Timeout: 10 * time.Second, Resource: self}
	var err error
	if c.URL, err = address(endpoint, own); err != nil {
		return nil, invalid(name, err.Error())
	}
	if text, _, name := v.of("TIMEOUT"); text != "" {
		ms, err := strconv.ParseUint(text, 10, 31)
		if err != nil || ms == 0 {
			return nil, invalid(name, "want milliseconds, as 10000")
		}
		c.Timeout = time.Duration(ms) * time.Millisecond
	}
	if c.Headers, err = v.headers(); err != nil {
		return nil, err
	}
	c.Certificate, _, _ = v.of("CERTIFICATE")
	if err := v.resource(c); err != nil {
		return nil, err
	}
	return c, nil
}

// vars are the variables of an environment.
type vars func(string) string

// of returns a variable of the exporter: the one that is for traces only, which
// is then its own, or the one for everything.
func (v vars) of(what string) (value string, own bool, name string) {
	if name = "OTEL_EXPORTER_OTLP_TRACES_" + what; v(name) != "" {
		return v(name), true, name
	}
	name = "OTEL_EXPORTER_OTLP_" + what
	return v(name), false, name
}

// refuse says what is asked for and cannot be done.
func (v vars) refuse() error {
	if e := v("OTEL_TRACES_EXPORTER"); e != "" && e != "otlp" {
		return invalid("OTEL_TRACES_EXPORTER", "only otlp and none are known here")
	}
	if p, _, name := v.of("PROTOCOL"); p != "" && p != "http/json" {
		return invalid(name, "pawl sends http/json only; set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json, and an endpoint that takes it (port 4318, mostly)")
	}
	for _, what := range []string{"CLIENT_KEY", "CLIENT_CERTIFICATE"} {
		if text, _, name := v.of(what); text != "" {
			return invalid(name, "client certificates are not supported; send a token by OTEL_EXPORTER_OTLP_TRACES_HEADERS, or through a collector of your own")
		}
	}
	return nil
}

// address is where traces are posted. A URL that is for traces only is taken as
// it is.
func address(endpoint string, own bool) (string, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("want a URL, as http://localhost:4318")
	case u.User != nil:
		return "", errors.New("has a user part; what lets pawl in belongs into OTEL_EXPORTER_OTLP_HEADERS")
	case !own:
		u = u.JoinPath("v1", "traces")
	case u.Path == "":
		u.Path = "/"
	}
	return u.String(), nil
}

// headers are secrets, every one of them.
func (v vars) headers() (map[string]pawl.Secret, error) {
	text, _, name := v.of("HEADERS")
	all := map[string]pawl.Secret{}
	for k, value := range pairs(text) {
		if value == nil || k == "" || strings.ContainsFunc(k, notName) || strings.ContainsFunc(*value, notValue) {
			return nil, invalid(name, "want NAME=VALUE,NAME=VALUE, with what is special in a value percent-encoded")
		}
		switch k = http.CanonicalHeaderKey(k); k {
		case "Content-Type", "Content-Length", "Content-Encoding", "Host":
			return nil, invalid(name, k+" is pawl's to say")
		}
		all[k] = pawl.NewSecret([]byte(*value))
	}
	return all, nil
}

func notName(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}
func notValue(r rune) bool { return r < ' ' || r >= 0x7f }

func (v vars) resource(c *Config) error {
	for k, value := range pairs(v("OTEL_RESOURCE_ATTRIBUTES")) {
		if value == nil || k == "" {
			return invalid("OTEL_RESOURCE_ATTRIBUTES", "want name=value,name=value, with what is special in a value percent-encoded")
		}
		c.say(k, *value)
	}
	if name := v("OTEL_SERVICE_NAME"); name != "" {
		c.say("service.name", name)
	}
	return nil
}

// say sets an attribute of what sends. Each has one value.
func (c *Config) say(k, value string) {
	c.Resource = slices.DeleteFunc(c.Resource, func(a trace.Attribute) bool { return a.Key == k })
	c.Resource = append(c.Resource, trace.Attribute{Key: k, Value: value})
}

// pairs reads "name=value,name=value". A value is nil if it is not one.
func pairs(text string) iter.Seq2[string, *string] {
	return func(yield func(string, *string) bool) {
		for part := range strings.SplitSeq(text, ",") {
			if strings.TrimSpace(part) == "" {
				continue
			}
			k, raw, found := strings.Cut(part, "=")
			value, err := url.PathUnescape(strings.TrimSpace(raw))
			v := &value
			if !found || err != nil {
				v = nil
			}
			if !yield(strings.TrimSpace(k), v) {
				return
			}
		}
	}
}

func invalid(name, text string) error {
	return &pawl.Error{Op: "traces", Kind: pawl.Invalid, Err: fmt.Errorf("%s: %s", name, text)}
}
