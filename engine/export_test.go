package engine

// ErrKilled, from a journal, ends a run as a crash would: nothing more is
// written, and nothing is waited for.
var ErrKilled = errKilled
