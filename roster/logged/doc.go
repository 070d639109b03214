// Package logged changes a roster and writes it down: the intent before a change,
// and what became of it after. By what is written down it notices a roster that
// is older than the log.
//
// Each record names the edition of the roster ([roster.Edition]) as it was when
// the record was made: what the log says is never more than what the roster has.
// So a roster that has less is a copy of before, and whoever was shut out since
// would be let in by it.
//
// To crash between an intent and its change, or between that and its outcome, is
// to have a roster with as much as the log says, or more: both are as they should
// be, and nobody is locked out. What is not noticed is a copy from before a
// change whose outcome never came into the log.
package logged
