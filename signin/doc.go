// Package signin finds out who somebody is: it lets people in at a browser, and
// tells the API and the console who asks, whichever way they came.
//
//	a program       Authorization: Bearer, with a token of package roster
//	a browser       a session cookie, got by a passkey, at an OpenID provider, or by a code that is good once
//	this machine    the Unix socket: the kernel says who has connected
//
// What they may do is not its affair: it hands on an [access.Subject].
//
// To sign in again, in whichever way, ends the session that there was and makes
// a new one under a new secret, so that one that was planted or seen before is
// worth nothing after it; and for five minutes it is fresh, which is what the
// decisions that cannot be undone ask for. Attempts that fail are slowed down,
// by address and altogether; an address that goes on and on is refused for a
// while, and nobody can shut somebody else out. What happens at the door is in
// the audit log, refusals included.
package signin
