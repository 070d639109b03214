package health_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/pawl-dev/pawl/health"
)

// An API client of the application, which was given its key when the process
// started.
type client struct{ key []byte }

// The application mounts one more handler. Whoever asks it, with a nonce of
// their own, learns which key the process uses if they know that key, and
// nothing if they do not.
func Example() {
	heroku := client{key: []byte("HRKU-CANARY-example")}

	mux := http.NewServeMux()
	mux.Handle("GET /health/credentials", health.Handler(health.Config{
		Context: "acme-api-prod",
		Credentials: map[string]func() []byte{
			"HEROKU_API_KEY": func() []byte { return heroku.key },
		},
	}))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/health/credentials?nonce=0123456789abcdef0123456789abcdef", nil))
	fmt.Print(w.Body)
	// Output:
	// {"context":"acme-api-prod","credentials":{"HEROKU_API_KEY":{"hmac_sha256":"7395b93693f832af9ae07fe64775c261303302094d2f16cecc14b5d54de398a3"}},"nonce":"0123456789abcdef0123456789abcdef"}
}
