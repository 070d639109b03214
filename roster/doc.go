// Package roster is who belongs to the team: people with their roles and teams,
// what they sign in with, their sessions, and the tokens of machines. What
// somebody may do is package access's; how they show who they are is package
// signin's.
//
// Nothing that opens a door is kept as it is: of a token, a session and a code
// there is the SHA-256 only. They are random and long, so nothing slower is
// needed (OWASP ASVS 6.5.2). Whoever reads a backup of the roster learns names
// and public keys, and gets in nowhere.
package roster
