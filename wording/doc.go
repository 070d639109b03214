// Package wording is how texts, numbers and times are said to people, wherever they
// read them: on a terminal, on a page, in a runbook. What is said is decided where
// it is known.
package wording
