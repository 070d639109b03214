// Package server is the door for programs: /api/v1 over HTTP. It holds no
// opinion about who may do what and does nothing itself; both are package
// desk's. What it adds is the wire: one table from errors to statuses, keys
// that make a request safe to send twice, revisions that make a decision one
// about what was seen, and a stream of what happens.
package server
