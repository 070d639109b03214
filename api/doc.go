// Package api is what crosses the wire between pawl's server and its clients:
// the types of /api/v1, and a client. No type here has a field for the value of
// a credential, so none can leave by it.
//
// Times are RFC 3339 with a zone, durations are seconds. A list ends with a
// cursor that is handed back to go on; it means nothing to a client. Errors are
// problems of RFC 9457.
package api
