// Package frame is what is around every page that people are served, so that all
// of them are one application: the navigation, the look (one sheet, one set of
// icons, one way to say when), and what browsers are told a page may do.
//
// Packages console, signin and team draw their pages with it, each from templates
// of its own; a template defines "body" and nothing else of the page. The frame
// decides nothing: whether somebody may see a page is asked before it is drawn,
// and the navigation only leaves out what would be refused.
//
// Everything works without JavaScript. A page runs the scripts that it names, by
// a nonce that is new with each response, and no others; text is refused as
// markup everywhere (Trusted Types), but for htmx on a page that follows what
// happens.
package frame
