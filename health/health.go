// Package health lets an application tell which credentials it runs on, without
// telling the credentials. A rotator that asks before it revokes the old value
// sees whether the process that answers has the new one.
//
// The question is a GET with a nonce that was never used before:
//
//	GET /health/credentials?nonce=5NVW2C4ZJYT3LQ7KXH6A
//	{"nonce": "5NVW2C4ZJYT3LQ7KXH6A",
//	 "credentials": {"HEROKU_API_KEY": {"hmac_sha256": "9c1f…"}}}
//
// The answer is [MAC] of the value that the process has in memory. Whoever
// captures it can do nothing with it: it answers this one question only, which a
// cache, a proxy or a replay cannot. A question without a nonce is answered with
// plain SHA-256 digests if the application wants that ([Config.Plain]), which
// are the same each time and so say, to whoever may see them, when a value
// changes and where it is the same.
//
// What it does not do: an HMAC of a value that can be guessed can be tried
// offline by whoever asked for it. Values of less than [MinValue] bytes are
// withheld unless the asker has shown [Config.Token], and never digested. Nor
// does it help against somebody who controls the application: that one can say
// what it likes, and has the value anyway.
//
// The package uses nothing but the standard library.
package health

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// NonceHeader may carry the nonce instead of the query's parameter "nonce".
const NonceHeader = "Pawl-Nonce"

// Config says what an application tells. Only Credentials is needed.
type Config struct {
	// Credentials return the values in use, by the name that they are asked
	// for. They are called for each question, concurrently: return what the
	// process uses now, as its API client has it, and not what a file or a
	// store would give it after a restart.
	Credentials map[string]func() []byte

	// Context is part of what is attested, so that the answer of one
	// application is not taken for that of another with the same value:
	// "acme-api-prod". Empty is fine where addresses cannot be mixed up.
	Context string

	// Status is what else there is to tell, such as {"heroku_api": "ok"}. It
	// stands beside "credentials" in the answer; nil: nothing.
	Status func() map[string]any

	// Plain answers questions without a nonce with SHA-256 digests.
	Plain bool

	// Token, if not empty, has to be shown: "Authorization: Bearer TOKEN".
	Token string

	// PerSecond is how many questions are answered, with a few at once; more
	// are refused with 429 until there is room again. 0: 10.
	PerSecond float64

	// Now is the clock of that limit; nil: time.Now.
	Now func() time.Time
}

// Handler answers what c says. It never tells a value, and no answer may be
// kept by a cache. It panics if a name cannot be asked for, which is a mistake
// in the program.
func Handler(c Config) http.Handler {
	if !ValidName(c.Context) {
		panic("health: not a context: " + c.Context)
	}
	for name := range c.Credentials {
		if name == "" || !ValidName(name) {
			panic("health: not a name: " + name)
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &handler{Config: c, limit: newLimit(c.PerSecond)}
}

type handler struct {
	Config
	limit *limit
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "only GET")
	case !h.limit.take(h.Now()):
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, "too many questions")
	case !h.authorized(r):
		w.Header().Set("WWW-Authenticate", "Bearer")
		refuse(w, http.StatusUnauthorized, "a token is needed")
	default:
		h.answer(w, r)
	}
}

// authorized compares digests, so that not even the token's length shows in the
// time it takes.
func (h *handler) authorized(r *http.Request) bool {
	if h.Token == "" {
		return true
	}
	scheme, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	want, got := sha256.Sum256([]byte(h.Token)), sha256.Sum256([]byte(shown))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

func (h *handler) answer(w http.ResponseWriter, r *http.Request) {
	nonce, wrong := nonceOf(r)
	if wrong == "" && nonce == "" && !h.Plain {
		wrong = "ask with a nonce"
	}
	if wrong != "" {
		refuse(w, http.StatusBadRequest, wrong)
		return
	}
	body := map[string]any{}
	if h.Status != nil {
		for key, v := range h.Status() {
			body[key] = v
		}
	}
	if nonce != "" {
		body["nonce"] = nonce
	}
	if h.Context != "" {
		body["context"] = h.Context
	}
	told := map[string]any{}
	for name, value := range h.Credentials {
		told[name] = h.tell(name, nonce, value())
	}
	body["credentials"] = told
	json.NewEncoder(w).Encode(body) // an asker that hung up is not our concern
}

// nonceOf returns the nonce of a question, or what is wrong with it. It is said
// once: of two, a cache in between may look at the other one.
func nonceOf(r *http.Request) (nonce, wrong string) {
	all := append(r.URL.Query()["nonce"], r.Header.Values(NonceHeader)...)
	switch {
	case len(all) == 0:
		return "", ""
	case len(all) > 1:
		return "", "more than one nonce"
	case !ValidNonce(all[0]):
		return "", "a nonce has 16 to 128 letters, digits, - and _"
	}
	return all[0], ""
}

// tell is what is said of one value: never the value, nor how long it is beyond
// that it is too short.
func (h *handler) tell(name, nonce string, value []byte) map[string]any {
	switch {
	case len(value) == 0:
		return map[string]any{"missing": true}
	case len(value) < MinValue && (nonce == "" || h.Token == ""):
		return map[string]any{"withheld": "too short not to be guessed"}
	case nonce != "":
		return map[string]any{"hmac_sha256": MAC(value, h.Context, name, nonce)}
	}
	sum := sha256.Sum256(value)
	return map[string]any{"sha256": hex.EncodeToString(sum[:])}
}

func refuse(w http.ResponseWriter, status int, why string) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"error": why})
}
