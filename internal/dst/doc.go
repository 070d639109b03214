// Package dst is the deterministic simulator: it runs the real core (rotation's
// Decide, Apply and Guard) under the journal's protocol against a model of
// the world in which everything goes wrong that may.
//
// One seed decides all of it: the plan, the vendors' moods, which process
// crashes or sleeps, who meddles, what each person does, and every latency.
// There is no scheduler, no wall clock and no map iteration in it, so a seed
// is a complete description of a run.
//
//	r := dst.Run(4711, dst.Options{})
//	if len(r.Broken) > 0 { … r.Seed replays it … }
//
// # How it runs
//
// Time is virtual: an event queue ordered by time, then by insertion. Each
// worker is a coroutine ([iter.Pull]) that mirrors engine.Drive line by line:
// load, claim, fold, decide, append the intents, guard, call, append the
// outcome. Wherever the real one blocks, it yields; there the seed may crash
// it, freeze it, or let another one take over. Calls travel through a network
// that refuses, throttles, loses, delays, repeats and lies about the past.
//
// [RunEngine] puts the real engine where the workers are. It is slower, can be
// given no bugs, and shows what a mirror cannot: that the engine is what is
// mirrored. [Flaws] are of what stands around it.
//
// # Who watches
//
// A monitor sees the truth of the model, which no worker does. It judges the
// moment a revoke applies (who runs on what, and since when), each effect
// (which intent it has), each append (whose epoch), and the end of the run
// once everything still in flight has landed.
//
// # What it rests on
//
// Calls land within [rotation.Settle] of the moment in which their fence was
// asked, mints within [rotation.Linger], and a process sleeps between that
// moment and the call for no more than a second. Before it, it may sleep for as
// long as it likes. [Options.Beyond] breaks these assumptions, to measure
// what they are worth.
package dst
