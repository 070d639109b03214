package signin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/pawl-dev/pawl/roster"
)

// A liar is a provider that says what a test wants it to say.
type liar struct {
	key    *ecdsa.PrivateKey
	claims func(honest map[string]any)
	sign   func(claims []byte) string
	nonce  string
	issues string // what its discovery says its issuer is
}

func newLiar(t *testing.T) *liar {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	l := &liar{key: key, issues: issuer}
	l.honest()
	return l
}

func (l *liar) honest() {
	l.claims = func(map[string]any) {}
	l.sign = func(claims []byte) string { return signed(jose.ES256, l.key, claims) }
}

// signed is a JWT of these claims.
func signed(alg jose.SignatureAlgorithm, key any, claims []byte) string {
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: "k1"}}, nil)
	if err != nil {
		panic(err)
	}
	made, err := s.Sign(claims)
	if err != nil {
		panic(err)
	}
	text, err := made.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	var said any
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		said = map[string]any{"issuer": l.issues, "authorization_endpoint": issuer + "/auth", "token_endpoint": issuer + "/token", "jwks_uri": issuer + "/keys",
			"id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"}}
	case "/keys":
		said = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: l.key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}}
	case "/token":
		now := time.Now()
		claims := map[string]any{"iss": issuer, "sub": "7", "aud": "pawl", "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(), "auth_time": now.Unix(), "nonce": l.nonce}
		l.claims(claims)
		text, _ := json.Marshal(claims)
		said = map[string]any{"access_token": "CANARY-access", "token_type": "Bearer", "id_token": l.sign(text)}
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	json.NewEncoder(w).Encode(said)
}

// signIn goes through the liar, and returns the status of coming back.
func (b *browser) lied(l *liar, query string) int {
	b.t.Helper()
	w := b.do(b.request("GET", "/sign-in/oidc/acme"+query, ""))
	u, err := url.Parse(w.Header().Get("Location"))
	if w.Code != http.StatusSeeOther || err != nil {
		b.t.Fatal(w.Code, w.Body)
	}
	l.nonce = u.Query().Get("nonce")
	return b.arrive("/sign-in/oidc/acme/callback?code=CANARY-code&state=" + u.Query().Get("state")).Code
}

// TestForgedIDTokens: what a provider says of somebody counts only if the
// provider said it, for this application, now, and as an answer to what was
// asked.
func TestForgedIDTokens(t *testing.T) {
	l := newLiar(t)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	open(t, func(t *testing.T, g *gate) {
		bo, _ := g.people.Person(t.Context(), "bo")
		bo.Logins = []roster.Login{{Issuer: issuer, Subject: "7"}}
		g.people.PutPerson(t.Context(), bo)
		if code := g.browser().lied(l, ""); code != 200 {
			t.Fatal("an honest answer is refused:", code)
		}
		say := func(key string, value any) func(map[string]any) {
			return func(c map[string]any) {
				if c[key] = value; value == nil {
					delete(c, key)
				}
			}
		}
		now := time.Now()
		for what, lie := range map[string]func(map[string]any){
			"for another application": say("aud", "other"), "for several, and not said for whom": say("aud", []string{"other", "pawl"}), "for nobody": say("aud", nil),
			"authorised for another": say("azp", "other"), "of another issuer": say("iss", "https://evil.example"), "of an issuer with a slash": say("iss", issuer+"/"),
			"another nonce": say("nonce", "CANARY"), "no nonce": say("nonce", nil), "expired": say("exp", now.Add(-time.Hour).Unix()), "without an end": say("exp", nil),
			"of tomorrow": say("iat", now.Add(24*time.Hour).Unix()), "of yesterday": say("iat", now.Add(-24*time.Hour).Unix()), "never issued": say("iat", nil),
			"of nobody": say("sub", ""), "of somebody else": say("sub", "8"), "of an endless name": say("sub", strings.Repeat("7", 300)), "not yet": say("nbf", now.Add(time.Hour).Unix()),
		} {
			l.honest()
			l.claims = lie
			b := g.browser()
			if code := b.lied(l, ""); code != 401 {
				t.Errorf("%s: %d", what, code)
			}
			who, err := b.whoami()
			isNobody(t, what, who, err)
			time.Sleep(time.Minute)
			now = time.Now()
		}
		raw := base64.RawURLEncoding
		for what, sign := range map[string]func([]byte) string{
			"another key": func(c []byte) string { return signed(jose.ES256, other, c) },
			"no signature": func(c []byte) string {
				return raw.EncodeToString([]byte(`{"alg":"none"}`)) + "." + raw.EncodeToString(c) + "."
			},
			"the client's secret": func(c []byte) string { return signed(jose.HS256, []byte("CANARY-client-secret-of-32-bytes-"), c) },
			"the public key, as MAC": func(c []byte) string {
				return signed(jose.HS256, elliptic.MarshalCompressed(l.key.Curve, l.key.X, l.key.Y), c)
			},
			"cut":     func(c []byte) string { return signed(jose.ES256, l.key, c)[:200] },
			"nothing": func([]byte) string { return "" },
			"no JWT":  func([]byte) string { return "CANARY" },
		} {
			l.honest()
			l.sign = sign
			b := g.browser()
			if code := b.lied(l, ""); code != 401 {
				t.Errorf("%s: %d", what, code)
			}
			time.Sleep(time.Minute)
		}
	}, vouchedBy(&inside{Handler: l}))
}

// TestWithoutAuthTime: a provider that does not say when somebody showed it who
// they are lets them in, and makes nobody fresh.
func TestWithoutAuthTime(t *testing.T) {
	l := newLiar(t)
	open(t, func(t *testing.T, g *gate) {
		bo, _ := g.people.Person(t.Context(), "bo")
		bo.Logins = []roster.Login{{Issuer: issuer, Subject: "7"}}
		g.people.PutPerson(t.Context(), bo)
		for what, said := range map[string]any{"nothing": nil, "long ago": time.Now().Add(-time.Hour).Unix(), "in the future": time.Now().Add(time.Hour).Unix()} {
			l.claims = func(c map[string]any) { c["auth_time"] = said }
			b := g.browser()
			if code := b.lied(l, ""); code != 200 {
				t.Errorf("%s: %d", what, code)
			}
			if who, err := b.whoami(); err != nil || who.Fresh {
				t.Errorf("%s: %+v %v", what, who, err)
			}
			if code := b.lied(l, "?again"); code != 401 {
				t.Errorf("once more, %s: %d", what, code)
			}
		}
	}, vouchedBy(&inside{Handler: l}))
}

// TestWrongIssuer: a provider that says it is another one is not met.
func TestWrongIssuer(t *testing.T) {
	l := newLiar(t)
	l.issues = "https://evil.example"
	open(t, func(t *testing.T, g *gate) {
		b := g.browser()
		if w := b.do(b.request("GET", "/sign-in/oidc/acme", "")); w.Code != 503 {
			t.Error(w.Code, w.Header())
		}
	}, vouchedBy(&inside{Handler: l}))
}
