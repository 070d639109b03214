// Package console is the door for people: pages over HTTP. Like every door it
// holds no opinion about who may do what and does nothing itself; both are
// package desk's.
//
// Pages are html/template, one Go file and one template each. Everything works
// without JavaScript: what changes something is a form that posts, and a GET
// never changes anything. With it, a page follows what happens: one stream says
// that something has changed, never what, and the page asks for itself again by
// an ordinary request. What is around the pages, and what browsers are told they
// may do, is package frame's.
package console
