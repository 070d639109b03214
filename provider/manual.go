package provider

import "strings"

// Manual settings say how a person does by hand what pawl does, with nothing
// but the vendor's own tools: the runbook is to be followed when pawl is the
// thing that is broken. url is the root of the connection's API.
//
// In the commands the shell variable NEW holds the new value, OLD the old one
// and OLD_ID the old generation's id. A value is read by "read -rs", sent
// through standard input, and stands in no argument of a program: arguments
// are in the list of processes and in the shell's history.
type Manual interface {
	Manual(url string) Handbook
}

// A Handbook is what is done by hand. What a kind has no part in stays empty.
type Handbook struct {
	SignIn   []Step // before anything else; equal ones of several places are shown once
	Identify []Step // of an issuer: which one is the old generation, and its value
	Mint     []Step // of an issuer
	Check    []Step // of an issuer: the new value works
	Write    []Step // of a consumer: hold $NEW
	Prove    []Step // of a consumer or a proof: it uses $NEW
	Revoke   []Step // of an issuer: end $OLD_ID
	Dead     []Step // of an issuer: $OLD is refused
}

// A Step is one thing to do, what is to be seen then, and what to do if it is
// not.
type Step struct {
	Do     string   // a sentence
	Run    []string // commands of a shell, one a line
	Expect string
	IfNot  string
}

// Quote is a word as a shell takes it.
func Quote(word string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:@%+=", r)
	}
	if word != "" && strings.TrimFunc(word, plain) == "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
