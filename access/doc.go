// Package access says who may do what. It is one table from roles to actions,
// and the conditions that an action carries whoever asks: a fresh second look
// at who is there, a person and not a token, somebody other than who asked
// first.
//
// It is pure: it reads no clock and no store. Who somebody is, is found out by
// who calls it; what they may do, only here. What is not in the table is
// refused.
package access
