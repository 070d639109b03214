package catalog

import (
	"strings"

	"github.com/goccy/go-yaml/token"
	"github.com/pawl-dev/pawl/secretref"
)

// guard finds out which tokens of a guarded source may be shown: its structure,
// its keys, and values that are known not to be secret.
func (s *source) guard(tokens token.Tokens) {
	s.open, s.starts = map[position]bool{}, map[int][]position{}
	key := ""
	for _, tk := range tokens {
		at := tokenPosition(tk)
		s.starts[at.line] = append(s.starts[at.line], at)
		switch {
		case isStructure(tk.Type):
			s.open[at] = true
		case isKey(tk):
			key = tk.Value
			s.open[at] = true
		case isScalar(tk.Type):
			s.open[at] = isPublic(key, tk)
		}
	}
}

func isStructure(t token.Type) bool {
	switch t {
	case token.MappingValueType, token.MappingStartType, token.MappingEndType, token.SequenceStartType,
		token.SequenceEndType, token.SequenceEntryType, token.CollectEntryType, token.DocumentHeaderType:
		return true
	}
	return false
}

func isScalar(t token.Type) bool {
	switch t {
	case token.StringType, token.SingleQuoteType, token.DoubleQuoteType, token.IntegerType, token.BoolType, token.FloatType, token.NullType:
		return true
	}
	return false
}

// isKey reports whether a token is a key where keys belong. In "token: a: b"
// and "token: [a: b]" the a is none: it is part of a value that lacks its
// quotes.
func isKey(tk *token.Token) bool {
	if !isScalar(tk.Type) || tk.Next == nil || tk.Next.Type != token.MappingValueType {
		return false
	}
	if tk.Prev == nil || tk.Prev.Position.Line < tk.Position.Line {
		return true
	}
	return tk.Prev.Type != token.MappingValueType && tk.Prev.Type != token.SequenceStartType
}

// isPublic reports whether a value may be shown: it is no secret, or it is a
// reference to one. The arguments of a command are shown; what looks like a
// secret among them is masked anyway.
func isPublic(key string, value *token.Token) bool {
	switch key {
	case "kind", "version", "tell", "credentials", "tls":
		return true
	case "url", "issuer":
		return !strings.ContainsAny(value.Value, "@?#")
	case "command":
		return value.Prev != nil && value.Prev.Type != token.MappingValueType
	}
	_, err := secretref.ParseRef(value.Value)
	return err == nil
}
