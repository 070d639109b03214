// Package evidence makes of an audit log what an auditor asks for: what was
// rotated in a time, by whom and with whose approval, what showed that every
// place had moved and that the old credential was refused, what was late and
// why. Each statement names the records that it rests on, and the records are
// in the pack, each with its proof that it is in the signed log.
//
// A pack is lines of JSON:
//
//	{"pawl_evidence":1,"install":…,"key":…,"checkpoint":…}     whose, of when, of what
//	{"index":17,"proof":["…"],"record":{…}}                    one for each record, as it was signed
//	{"report":{…}}                                             what they come to
//	{"seal":"…"}                                               a signature over all lines before
//
// The proofs (RFC 6962) show that each record is in the log, and the seal that
// the pack is what the installation made: nothing left out, added or moved. A
// page is the report for people, a single HTML file without scripts, with the
// pack inside of it and a signature over all of it.
//
// The package does no I/O and reads no clock.
package evidence
