package console

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
)

// harden sets what every answer says to browsers, whatever it is. A page adds
// its policy.
func harden(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// policy is what a page may do: run the scripts that carry this nonce, take
// styles, pictures and data from here, and post forms here. Text becomes markup
// only through the policy named htmx, which lets pass what a response brought
// whose nonce is its own.
func policy(nonce string) string {
	return "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types htmx"
}

// nonce is new with each response.
func nonce() string {
	var b [18]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// guarded lets a request that could change something through only if it comes
// from this console's own pages. [http.CrossOriginProtection] also lets pass
// what says nothing of where it comes from, for programs; no browser that is
// current does that, and here only browsers are at home.
func guarded(next, refuse http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(refuse)
	known := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead
		if !safe && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" {
			refuse.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
	return cross.Handler(known)
}
