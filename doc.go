// Package pawl is the glossary of credential rotation: what a credential, a
// generation, a consumer and a piece of evidence are, what a vendor must be
// able to do, what is planned, what happened, and the errors that cross every
// boundary.
//
// A credential has generations. A rotation mints a new one, writes it to every
// place that holds a copy, proves for each of them which generation it uses,
// and only then revokes the old one. Both generations are valid until that
// revoke, so stopping before it is always safe; after it there is only forward.
//
//	PLANNED → PREFLIGHT → MINTING → VERIFYING → STORING → PROPAGATING → PROVING → SOAKING → (APPROVAL)
//	        → REVOKING ┃ → CONFIRMING_DEAD → WATCHING → DONE
//	any state left of ┃ → ROLLING_BACK → ROLLED_BACK
//
// That a person is needed is no state: a rotation waits for one where it is,
// and goes on from there.
//
// The package performs no I/O and imports nothing from this module, so it can
// be read on its own, first. Package rotation decides, package engine does,
// the packages under provider talk to the vendors.
package pawl
