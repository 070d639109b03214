// Package notify tells people and machines what concerns them: that something
// is due, waits for them, failed, or is done. What there is to tell is worked
// out from what the desk shows ([Notes], which is pure), put into an outbox
// that survives a restart, and delivered from there by one [Sender] a channel.
//
// It is told at least once: a process that is killed between a delivery and
// the note of it delivers again, with the same id, by which a receiver can
// drop it. Something that stands, such as a rotation that waits for somebody,
// is told once while it stands; when it is over, channels that can take it
// back do ([Ender]).
//
// A note has no value of a credential: nothing that it is made of has one.
package notify
