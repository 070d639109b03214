package catalog

import (
	"errors"
	"io/fs"
)

// optional reads a file that need not be there, and returns what is in it: nil
// where it is not there, or has a mistake for which nothing of it can be read.
// Misnomers are what it may have been called by mistake.
func (l *loader) optional(s *source, misnomers ...string) (*reader, *node) {
	for _, name := range misnomers {
		l.misnamed(s, name)
	}
	r := &reader{s, l}
	if _, err := fs.Stat(l.fsys, s.file); errors.Is(err, fs.ErrNotExist) || !l.readFile(s) {
		return r, nil
	}
	return r, s.parse()
}

// misnamed reports a file that would be read if it had the name of s. What is
// in it holds nothing, and nobody would notice.
func (l *loader) misnamed(s *source, name string) {
	if _, err := fs.Stat(l.fsys, name); err != nil {
		return
	}
	s.problems = append(s.problems, Problem{File: name, Message: "this file is not read", Suggestion: "call it " + s.file})
}
