package secretref

import "strings"

// netrcPassword returns the password that a netrc file has for a machine.
//
// The entry "default" is ignored on purpose: it would send some other
// vendor's password to whatever host a connection names.
//
// Format: https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html
func netrcPassword(text, machine string) (password string, found bool) {
	s := &netrcScanner{rest: text}
	ours := false
	for {
		word, ok := s.keyword()
		if !ok {
			return "", false
		}
		switch word {
		case "machine":
			name, ok := s.word()
			ours = ok && strings.EqualFold(name, machine)
		case "default":
			ours = false
		case "login", "account":
			s.word()
		case "password":
			value, ok := s.word()
			if ours && ok {
				return value, true
			}
		case "macdef":
			s.macro()
		}
	}
}

type netrcScanner struct{ rest string }

// keyword returns the next word outside of comments.
func (s *netrcScanner) keyword() (string, bool) {
	for {
		s.rest = strings.TrimLeft(s.rest, " \t\r\n")
		if !strings.HasPrefix(s.rest, "#") {
			return s.word()
		}
		s.line()
	}
}

// word returns the next word; a quoted one may hold spaces and, after a
// backslash, quotes.
func (s *netrcScanner) word() (string, bool) {
	s.rest = strings.TrimLeft(s.rest, " \t\r\n")
	if strings.HasPrefix(s.rest, `"`) {
		return s.quoted()
	}
	end := strings.IndexAny(s.rest, " \t\r\n")
	if end < 0 {
		end = len(s.rest)
	}
	word := s.rest[:end]
	s.rest = s.rest[end:]
	return word, word != ""
}

func (s *netrcScanner) quoted() (string, bool) {
	var word strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return word.String(), true
		case c == '\\' && i+1 < len(s.rest):
			i++
			word.WriteByte(s.rest[i])
		default:
			word.WriteByte(c)
		}
	}
	s.rest = "" // no closing quote: nothing after it can be trusted
	return "", false
}

func (s *netrcScanner) line() string {
	line, rest, _ := strings.Cut(s.rest, "\n")
	s.rest = rest
	return line
}

// macro skips a macro: its name, and every line up to an empty one.
func (s *netrcScanner) macro() {
	s.line()
	for s.rest != "" {
		if strings.TrimSpace(s.line()) == "" {
			return
		}
	}
}
