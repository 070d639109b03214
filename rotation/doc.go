// Package rotation decides. It is the pure core of pawl: what a rotation's
// state is, how each event changes it, and what has to be done next. It does
// no I/O, reads no clock, rolls no dice, starts no goroutine, and never
// depends on the order of a map.
//
// State is a fold over events:
//
//	state := rotation.Fold(events)
//	for {
//		d := rotation.Decide(state, now)
//		… append d.Append, do d.Do, append what came of it …
//		state.Apply(event)
//	}
//
// The same two functions run in production and under a simulator.
//
// # Two directions, one machinery
//
// A rotation has a target generation, on which every consumer is to end up,
// and a doomed one, which is revoked at the end. Going forward the target is
// New and the doomed one Old. A rollback swaps them and goes on: restore every
// copy, prove it, revoke the doomed one, prove it dead. The gate before the
// revoke is one function for both.
//
// # Effects
//
// An effect has an intent in the journal before it is tried and an outcome
// after it. An intent whose outcome is missing when a process takes the
// rotation up is Unsure. What is Unsure is settled by looking (a mint is
// searched by its label) or by doing it again where that is harmless (a write
// that compares first, a revoke by id). A write that contradicts an Unsure one
// waits until that one can no longer land.
//
// # The point of no return
//
// Guard says whether the doomed generation may be revoked now: every required
// consumer proved on the target, by evidence of the class that the plan
// requires, taken since the gate was set for this very send, and at most [Fresh]
// ago; the target generation itself seen working; the revoke authorised.
package rotation
