// Package trace reads the journal of a rotation as a trace: one span for the
// rotation, one below it for each step, as OpenTelemetry has them.
//
// It is a pure function of the events. That is why a rotation is one trace
// however many processes it survives, and why the same span can be sent twice:
// what is known of it does not depend on who says it, or when. A span is there
// once it has ended, and never changes after that; so the spans of what has
// happened so far are the first of the spans of all that will have happened.
//
//	rotation  from the plan to the end, with what people did as its events
//	checks    everything that is looked at before there is an effect
//	mint kill set start notify revoke
//	          one effect, from the intent to what is known of it
//	prove     from the write, or the start, until a proof shows which value is used
//	confirm   from the notice until its person says that it is done
//	soak      the time between the last proof and the revoke
//	dead      from the revoke until the value is refused
//	watch     from there to the end
//
// A span says which step it was, of which place, and how it ended, in words of
// ours. It has no value, no vendor's answer, no text that a person wrote, and no
// person's name: traces go to other hands than the audit log does.
package trace
