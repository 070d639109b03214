// Package witness shows the audit log to other places, which remember what they
// have seen. A log can be set back as a whole, with its checkpoint, by whoever
// can replace the state folder; a witness that they cannot reach then has a
// checkpoint that the log is behind of.
//
//	file:PATH           a file, best on another machine's disk
//	git:DIR             a commit in a repository, which remembers all of them
//	https://HOST#KEY    a witness by C2SP tlog-witness (https://c2sp.org/tlog-witness),
//	                    whose cosignature is checked with its key
//
// A witness is shown a log only after it was compared with what the witness has:
// one that was set back is told, and never overwrites what shows it.
package witness
