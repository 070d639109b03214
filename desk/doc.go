// Package desk is where people ask for things: everything that a team can see
// or do goes through one of its methods, whoever asks and through whatever
// door, a console, an API or a chat.
//
// Each method begins with the same question, may they, and what is refused is
// in the audit log before the answer is given. Nothing here holds an opinion
// of what comes next in a rotation: that is package rotation's; nor does
// anything here touch a vendor: that is the engine's.
//
// A [Pool] drives what is open. It keeps a process's attention for rotations
// in which something is going on, and only a time for those that wait.
package desk
