package main

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// calledBy refuses requests for the metrics that call the server by a name which
// it has not: a site whose name was made to point here would be read by its own
// pages. Addresses are no such names, so that whoever scrapes and probes by them
// is answered; so are localhost, the name that it listens by, and those in names.
func calledBy(listen string, names []string, next http.Handler) http.Handler {
	own := append([]string{"", "localhost", hostOf(listen)}, names...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostOf(r.Host)
		if net.ParseIP(host) == nil && !slices.ContainsFunc(own, func(name string) bool { return strings.EqualFold(name, host) }) {
			http.Error(w, "The metrics are not called that here: see --metrics-host.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostOf is an address without its port, if it has one.
func hostOf(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return strings.Trim(addr, "[]")
}
