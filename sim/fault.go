package sim

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// Mark is in the body of every answer that a fault makes up. Errors must not
// quote it.
const Mark = "CANARY-fault-body"

// A Fault is something that happens to one request.
type Fault string

const (
	None           Fault = ""
	Refuse         Fault = "refuse"          // 503; not applied
	RefuseApplied  Fault = "refuse-applied"  // 503; applied all the same
	BadGateway     Fault = "bad-gateway"     // 502; not applied
	Fail           Fault = "fail"            // 500; not applied
	FailApplied    Fault = "fail-applied"    // 500; applied all the same
	Deny           Fault = "deny"            // 401; not applied
	Forbid         Fault = "forbid"          // 403; not applied
	Missing        Fault = "missing"         // 404; not applied
	Conflict       Fault = "conflict"        // 409; not applied
	Limit          Fault = "limit"           // 422; not applied
	Throttle       Fault = "throttle"        // 429, Retry-After in seconds; not applied
	ThrottleDate   Fault = "throttle-date"   // 429, Retry-After as a date; not applied
	ThrottleAbsurd Fault = "throttle-absurd" // 429, Retry-After of a century; not applied
	ThrottleBare   Fault = "throttle-bare"   // 429 without Retry-After; not applied
	ThrottlePast   Fault = "throttle-past"   // 429, Retry-After below zero; not applied
	Drop           Fault = "drop"            // connection reset; not applied
	Lose           Fault = "lose"            // applied; connection reset in place of the answer
	Late           Fault = "late"            // connection reset; applied later, see [Rules.Settle]
	Twice          Fault = "twice"           // applied two times; the first answer arrives
	Garble         Fault = "garble"          // applied; the answer is cut short
	Slow           Fault = "slow"            // applied; the answer comes a byte at a time
	Stall          Fault = "stall"           // applied; the answer begins and never ends
	Mistype        Fault = "mistype"         // applied; the answer is JSON of the same shape and other types
	Stale          Fault = "stale"           // the same as the last answer to the same GET; not applied if there was one
	HTML           Fault = "html"            // 200 and a sign-in page; not applied
	Huge           Fault = "huge"            // 200 and a body without end; not applied
	Gzip           Fault = "gzip"            // 200 and a body that unpacks to 64 MiB; not applied
	Redirect       Fault = "redirect"        // 307 to another host; not applied
)

// Faults lists all faults.
func Faults() []Fault {
	return []Fault{Refuse, Fail, FailApplied, RefuseApplied, BadGateway, Deny, Forbid, Missing, Conflict, Limit,
		Throttle, ThrottleDate, ThrottleAbsurd, ThrottleBare, ThrottlePast,
		Drop, Lose, Late, Twice, Garble, Slow, Stall, Mistype, Stale, HTML, Huge, Gzip, Redirect}
}

// inject lets f happen to x.
func (f Fault) inject(x *exchange) {
	switch f {
	case Drop:
		x.drop()
	case Lose:
		x.apply()
		x.drop()
	case Late:
		x.rules.later(func() { x.apply() })
		x.drop()
	case Twice:
		first := x.apply()
		x.apply()
		first.send(x.w)
	case Garble:
		x.garble()
	case Slow:
		x.drip()
	case Stall:
		x.stall()
	case Mistype:
		x.mistype()
	case FailApplied:
		x.apply()
		x.answer(http.StatusInternalServerError)
	case RefuseApplied:
		x.apply()
		x.answer(http.StatusServiceUnavailable)
	case Stale:
		x.stale().send(x.w)
	case None:
		rec := x.apply()
		x.rules.remember(x.r, rec)
		rec.send(x.w)
	default:
		f.instead(x)
	}
}

// instead answers in the vendor's place.
func (f Fault) instead(x *exchange) {
	switch f {
	case Refuse:
		x.answer(http.StatusServiceUnavailable)
	case Fail:
		x.answer(http.StatusInternalServerError)
	case Deny:
		x.answer(http.StatusUnauthorized)
	case Forbid:
		x.answer(http.StatusForbidden)
	case BadGateway:
		x.answer(http.StatusBadGateway)
	case Missing:
		x.answer(http.StatusNotFound)
	case Conflict:
		x.answer(http.StatusConflict)
	case Limit:
		x.answer(http.StatusUnprocessableEntity)
	case Throttle:
		x.throttle("1")
	case ThrottlePast:
		x.throttle("-5")
	case ThrottleDate:
		x.throttle(time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat))
	case ThrottleAbsurd:
		x.throttle("3155760000")
	case ThrottleBare:
		x.throttle("")
	case HTML:
		x.w.Header().Set("Content-Type", "text/html")
		x.w.Write([]byte("<html><title>Sign in</title>" + Mark + "</html>"))
	case Huge:
		x.flood()
	case Gzip:
		x.bomb()
	case Redirect:
		x.w.Header().Set("Location", x.rules.elsewhere()+x.r.URL.RequestURI())
		x.answer(http.StatusTemporaryRedirect)
	default:
		panic("sim: no fault " + string(f))
	}
}

func (x *exchange) answer(status int) {
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(status)
	x.w.Write([]byte(`{"message":"` + Mark + `"}`))
}

func (x *exchange) throttle(after string) {
	if after != "" {
		x.w.Header().Set("Retry-After", after)
	}
	x.answer(http.StatusTooManyRequests)
}

// garble cuts the answer in half. What had no body breaks off anyway.
func (x *exchange) garble() {
	rec := x.apply()
	if rec.body.Len() < 2 {
		x.drop()
		return
	}
	rec.header.Del("Content-Length")
	rec.head(x.w)
	x.w.Write(rec.body.Bytes()[:rec.body.Len()/2])
}

func (x *exchange) drip() {
	rec := x.apply()
	rec.head(x.w)
	tick := time.NewTicker(x.rules.drip())
	defer tick.Stop()
	for _, b := range rec.body.Bytes() {
		x.w.Write([]byte{b})
		http.NewResponseController(x.w).Flush()
		select {
		case <-tick.C:
		case <-x.r.Context().Done():
			return
		}
	}
}

// stall sends half of the answer and then nothing, until the client has had
// enough.
func (x *exchange) stall() {
	rec := x.apply()
	rec.header.Del("Content-Length")
	rec.head(x.w)
	x.w.Write(rec.body.Bytes()[:rec.body.Len()/2])
	http.NewResponseController(x.w).Flush()
	<-x.r.Context().Done()
}

// mistype sends the answer with a number for each text and a text for each
// number, a list for each object without members, and the like.
func (x *exchange) mistype() {
	rec := x.apply()
	var v any
	if json.Unmarshal(rec.body.Bytes(), &v) == nil {
		rec.body.Reset()
		json.NewEncoder(&rec.body).Encode(otherwise(v)) // what was decoded can be encoded
	}
	rec.header.Del("Content-Length")
	rec.send(x.w)
}

func otherwise(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = otherwise(v[k])
		}
		if len(v) > 0 {
			return v
		}
		return []any{}
	case []any:
		for i := range v {
			v[i] = otherwise(v[i])
		}
		if len(v) > 0 {
			return v
		}
		return map[string]any{}
	case string:
		return len(v)
	}
	return []any{v} // a number, true, false or null
}

// stale returns the last answer to the same request.
func (x *exchange) stale() *recorder {
	if rec := x.rules.remembered(x.r); rec != nil {
		return rec
	}
	return x.apply()
}

// flood sends one JSON string until the client has had enough.
func (x *exchange) flood() {
	x.w.Header().Set("Content-Type", "application/json")
	_, err := x.w.Write([]byte(`{"message":"` + Mark))
	chunk := make([]byte, 64<<10)
	for i := range chunk {
		chunk[i] = 'x'
	}
	for err == nil && x.r.Context().Err() == nil {
		_, err = x.w.Write(chunk)
	}
}

func (x *exchange) bomb() {
	x.w.Header().Set("Content-Type", "application/json")
	x.w.Header().Set("Content-Encoding", "gzip")
	x.w.Write(packedBomb())
}

// packedBomb is 64 MiB, packed. It takes longer to make than to send.
var packedBomb = sync.OnceValue(func() []byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(`{"message":"` + Mark))
	chunk := make([]byte, 1<<20)
	for range 64 {
		z.Write(chunk)
	}
	z.Close()
	return packed.Bytes()
})
