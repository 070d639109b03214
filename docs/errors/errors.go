// Package errorpages holds a page for each way in which pawl stops short: what
// happened, whether anything is broken, and what to do. They are Markdown, to
// be read here, and in the program, by pawl help errors CODE.
package errorpages

import "embed"

// Pages are the pages by name, CODE.md.
//
//go:embed *.md
var Pages embed.FS
