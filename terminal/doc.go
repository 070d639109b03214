// Package terminal is how lines get onto a terminal: what stays and scrolls by, a
// few live lines below it, and questions that nothing is painted over. It knows
// nothing of what the lines say.
package terminal
