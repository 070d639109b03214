package frame

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
)

// Harden sets what every answer says to browsers, whatever it is. A page adds
// its policy.
func Harden(h http.Header) {
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
// styles, pictures and data from here, and post forms here. Text never becomes
// markup, but on a page that follows what happens: there it does through the
// policy named htmx, which lets pass what a response brought whose nonce is its
// own.
func policy(nonce string, follows bool) string {
	types := "'none'"
	if follows {
		types = "htmx"
	}
	return "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types " + types
}

// nonce is new with each response.
func nonce() string {
	var b [18]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}
