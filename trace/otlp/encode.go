package otlp

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/pawl-dev/pawl/trace"
)

// An object is a message of the protocol as it is written in JSON: ids in
// hexadecimal, integers of 64 bits as strings, enums as numbers.
type object map[string]any

const (
	kindInternal = 1
	codeError    = 2
)

// encode makes an ExportTraceServiceRequest.
func encode(c Config, spans []trace.Span) object {
	var all []object
	for _, s := range spans {
		all = append(all, encodeSpan(s))
	}
	scope := object{"scope": object{"name": "github.com/pawl-dev/pawl"}, "spans": all}
	return object{"resourceSpans": []object{{"resource": object{"attributes": attributes(c.Resource)}, "scopeSpans": []object{scope}}}}
}

func encodeSpan(s trace.Span) object {
	out := object{"traceId": hex.EncodeToString(s.Trace[:]), "spanId": hex.EncodeToString(s.ID[:]), "name": s.Name, "kind": kindInternal,
		"startTimeUnixNano": nanos(s.Start), "endTimeUnixNano": nanos(s.End), "attributes": attributes(s.Attributes)}
	if s.Parent != [8]byte{} {
		out["parentSpanId"] = hex.EncodeToString(s.Parent[:])
	}
	if s.Error != "" {
		out["status"] = object{"code": codeError, "message": s.Error}
	}
	events := []object{}
	for _, e := range s.Events {
		events = append(events, object{"timeUnixNano": nanos(e.At), "name": e.Name, "attributes": attributes(e.Attributes)})
	}
	out["events"] = events
	return out
}

// nanos is a time that may be missing, in an old journal.
func nanos(t time.Time) string {
	return strconv.FormatInt(max(0, t.Unix())*1e9+int64(t.Nanosecond()), 10)
}

func attributes(all []trace.Attribute) []object {
	out := []object{}
	for _, a := range all {
		value := object{}
		switch v := a.Value.(type) {
		case string:
			value["stringValue"] = v
		case int:
			value["intValue"] = strconv.Itoa(v)
		}
		out = append(out, object{"key": a.Key, "value": value})
	}
	return out
}
