package otlp_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/trace/otlp"
)

// from reads an environment that is written as in a shell, a variable a word.
func from(env string) (*otlp.Config, error) {
	set := map[string]string{}
	for _, kv := range strings.Fields(env) {
		k, v, _ := strings.Cut(kv, "=")
		if k != "HOME" && !strings.HasPrefix(k, "OTEL_") {
			k = "OTEL_EXPORTER_OTLP_" + k
		}
		set[k] = v
	}
	return otlp.FromEnv(func(name string) string { return set[name] }, self)
}

func TestNothingIsSentUnasked(t *testing.T) {
	const on = "ENDPOINT=http://collector:4318 "
	if c, err := from(on); c == nil || err != nil {
		t.Fatalf("%v %v", c, err)
	}
	for _, env := range []string{
		"", "HOME=/", "HEADERS=a=b PROTOCOL=grpc", "OTEL_TRACES_EXPORTER=otlp", on + "OTEL_SDK_DISABLED=true", on + "OTEL_SDK_DISABLED=TRUE",
		on + "OTEL_TRACES_EXPORTER=none", on + "OTEL_TRACES_SAMPLER=always_off", on + "OTEL_TRACES_EXPORTER=none PROTOCOL=grpc",
	} {
		if c, err := from(env); c != nil || err != nil {
			t.Errorf("%q: %v %v", env, c, err)
		}
	}
	if c, err := from(on + "OTEL_SDK_DISABLED=1"); c == nil || err != nil { // only true is
		t.Errorf("%v %v", c, err)
	}
}

func TestEndpoint(t *testing.T) {
	for env, want := range map[string]string{
		"ENDPOINT=http://collector:4318":                                                "http://collector:4318/v1/traces",
		"ENDPOINT=https://collector.example/otlp/":                                      "https://collector.example/otlp/v1/traces",
		"ENDPOINT=https://collector.example/otlp":                                       "https://collector.example/otlp/v1/traces",
		"TRACES_ENDPOINT=http://collector:4318":                                         "http://collector:4318/",
		"TRACES_ENDPOINT=http://collector:4318/in PROTOCOL=http/json":                   "http://collector:4318/in",
		"ENDPOINT=http://other TRACES_ENDPOINT=https://collector.example/in":            "https://collector.example/in",
		"ENDPOINT=http://collector PROTOCOL=grpc TRACES_PROTOCOL=http/json":             "http://collector/v1/traces",
		"ENDPOINT=http://collector OTEL_TRACES_EXPORTER=otlp":                           "http://collector/v1/traces",
		"ENDPOINT=http://[::1]:4318 OTEL_SDK_DISABLED=false OTEL_TRACES_SAMPLER=always": "http://[::1]:4318/v1/traces",
	} {
		if c, err := from(env); err != nil || c.URL != want {
			t.Errorf("%q: %v %v, want %s", env, c, err, want)
		}
	}
}

// TestRefused: what cannot be done is said by the name of its variable, and
// nothing of what is in it.
func TestRefused(t *testing.T) {
	const on = "ENDPOINT=http://collector:4318 "
	for env, want := range map[string]string{
		"ENDPOINT=collector-CANARY:4318":           "OTEL_EXPORTER_OTLP_ENDPOINT: want a URL",
		"ENDPOINT=grpc://CANARY":                   "OTEL_EXPORTER_OTLP_ENDPOINT: want a URL",
		"TRACES_ENDPOINT=http://me:CANARY@host/":   "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: has a user part",
		"ENDPOINT=http://a%zzCANARY":               "OTEL_EXPORTER_OTLP_ENDPOINT: want a URL",
		on + "PROTOCOL=grpc":                       "OTEL_EXPORTER_OTLP_PROTOCOL: pawl sends http/json only",
		on + "PROTOCOL=http/protobuf":              "OTEL_EXPORTER_OTLP_PROTOCOL: pawl sends http/json only",
		on + "TRACES_PROTOCOL=CANARY":              "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: pawl sends http/json only",
		on + "OTEL_TRACES_EXPORTER=zipkin":         "OTEL_TRACES_EXPORTER: only otlp and none",
		on + "TIMEOUT=10s":                         "OTEL_EXPORTER_OTLP_TIMEOUT: want milliseconds",
		on + "TIMEOUT=0":                           "OTEL_EXPORTER_OTLP_TIMEOUT: want milliseconds",
		on + "TRACES_HEADERS=CANARY":               "OTEL_EXPORTER_OTLP_TRACES_HEADERS: want NAME=VALUE",
		on + "HEADERS=a=1,=CANARY":                 "OTEL_EXPORTER_OTLP_HEADERS: want NAME=VALUE",
		on + "HEADERS=a=CANARY%0d%0aHost:x":        "OTEL_EXPORTER_OTLP_HEADERS: want NAME=VALUE",
		on + "HEADERS=a:b=CANARY":                  "OTEL_EXPORTER_OTLP_HEADERS: want NAME=VALUE",
		on + "HEADERS=a=CANARY%zz":                 "OTEL_EXPORTER_OTLP_HEADERS: want NAME=VALUE",
		on + "HEADERS=content-type=CANARY":         "OTEL_EXPORTER_OTLP_HEADERS: Content-Type is pawl's to say",
		on + "CLIENT_KEY=CANARY":                   "OTEL_EXPORTER_OTLP_CLIENT_KEY: client certificates are not supported",
		on + "OTEL_RESOURCE_ATTRIBUTES=a,b=CANARY": "OTEL_RESOURCE_ATTRIBUTES: want name=value",
	} {
		c, err := from(env)
		if c != nil || pawl.KindOf(err) != pawl.Invalid || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%q: %v %v, want %s", env, c, err, want)
		}
	}
}

func TestSettings(t *testing.T) {
	c, err := from("ENDPOINT=http://collector TIMEOUT=2500 HEADERS=a=1 TRACES_HEADERS=X-Api-Key=%20k%2C,,authorization=Basic%20eA== CERTIFICATE=/etc/ca.pem " +
		"OTEL_SERVICE_NAME=rotator OTEL_RESOURCE_ATTRIBUTES=service.name=other,team=a%20b,team=c,deployment.environment.name=prod")
	if err != nil {
		t.Fatal(err)
	}
	if c.Timeout != 2500*time.Millisecond || c.Certificate != "/etc/ca.pem" {
		t.Errorf("got %+v", c)
	}
	if got := fmt.Sprint(c.Resource); got != "[{team c} {deployment.environment.name prod} {service.name rotator}]" {
		t.Errorf("resource is %s", got)
	}
	var headers []string
	for k, v := range c.Headers {
		headers = append(headers, k+"="+string(v.Reveal()))
	}
	slices.Sort(headers)
	if got := strings.Join(headers, "|"); got != "Authorization=Basic eA==|X-Api-Key= k," {
		t.Errorf("headers are %s", got)
	}
	if c, err := from("ENDPOINT=http://collector"); err != nil || c.Timeout != 10*time.Second || fmt.Sprint(c.Resource) != "[{service.name pawl}]" {
		t.Errorf("%v %v", c, err)
	}
}
