// Package audit writes down who did what in a form that a third party can
// check offline, with nothing but a public key.
//
// A record is one line of JSON, a CloudEvents 1.0 envelope that knows its own
// index. Records are the leaves of a Merkle tree (RFC 6962, by way of
// golang.org/x/mod/sumdb/tlog). A checkpoint is the size and root of that
// tree, signed:
//
//	pawl/0b9c…                                      the origin: pawl/ and the id of the installation
//	10423                                           how many records
//	nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=    root
//
//	— pawl/0b9c… VpQm…                              Ed25519 signature of the lines above
//
// The formats are those of C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint)
// and signed-note, so public witnesses can read them. Whoever changes, drops,
// swaps, adds or cuts off records cannot make the checkpoint fit any more.
// What a checkpoint cannot show is that the whole log was set back to an older
// state, checkpoint included: for that, keep a newer checkpoint elsewhere and
// use [VerifyAgainst].
//
// The package performs no I/O but on readers and writers it is given. Where
// records and hashes are kept is the business of package journal, which
// appends them in the same transaction as what they report.
package audit
