package console

import "net/http"

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
