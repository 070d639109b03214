// Package schedule decides which rotations are begun without anybody asking,
// and when. It is pure: the same facts at the same time give the same answer,
// and it begins nothing itself.
//
// A rotation is begun so that it is over before the credential is due: in the
// last stretch that its window and the freezes leave open before then. What
// was missed, because nothing ran or everything was frozen, is begun in the
// next one, a few in an hour. Whatever is past its time is overdue, and that is
// said of it however good the reason.
//
// Only what nobody has to help with is begun: a credential without people in
// its plan whose way was shown to work not long ago. Everything else is a task
// for somebody, as soon as it is due soon.
package schedule
