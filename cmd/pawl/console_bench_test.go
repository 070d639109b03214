package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/console"
)

// BenchmarkConsole are the pages of 10,000 credentials with 100,000 past
// rotations, from the request to the last byte.
func BenchmarkConsole(b *testing.B) {
	open, who := crowd(b)
	c := console.New(console.Config{Desk: open(), Who: func(*http.Request) (access.Subject, error) { return who, nil }})
	for name, path := range map[string]string{"Now": "/", "Credentials": "/credentials", "Search": "/credentials?q=credential-77", "Credential": "/credentials/credential-9999",
		"Rotation": "/rotations/credential-9999/10", "Calendar": "/calendar", "Approvals": "/approvals", "Consumers": "/consumers", "Consumer": "/consumers?of=acme-api-9999", "Connections": "/connections",
		"Audit": "/audit", "Settings": "/settings"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w := httptest.NewRecorder()
				if c.ServeHTTP(w, httptest.NewRequest("GET", path, nil)); w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}
