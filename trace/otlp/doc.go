// Package otlp sends spans to an OpenTelemetry collector: OTLP over HTTP, in its
// JSON encoding, set up by the environment that OpenTelemetry specifies.
//
// It is not the SDK, whose spans die with their process, and which is a third as
// big as all of pawl.
//
// Protocol: https://opentelemetry.io/docs/specs/otlp/#otlphttp
// Environment: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
package otlp
