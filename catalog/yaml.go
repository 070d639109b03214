package catalog

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxFile bounds a file: a credential with a thousand consumers is a third of
// it.
const maxFile = 1 << 20

// maxDepth bounds how deep lists and mappings may be nested, before a parser
// that calls itself sees them.
const maxDepth = 32

type nodeKind string

const (
	nullNode  nodeKind = "nothing"
	textNode  nodeKind = "a text"
	intNode   nodeKind = "a whole number"
	floatNode nodeKind = "a number"
	boolNode  nodeKind = "true or false"
	listNode  nodeKind = "a list"
	mapNode   nodeKind = "a mapping"
)

// A node is a value in a file.
type node struct {
	kind  nodeKind
	text  string // of a scalar
	at    position
	items []*node // of a list
	pairs []pair  // of a mapping, without duplicates
}

type pair struct{ key, value *node }

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	for _, p := range n.pairs {
		if p.key.text == key {
			return p.value
		}
	}
	return nil
}

// parse reads the source as strict YAML. It reports what is wrong and then
// returns nil, except for duplicate keys, of which the first is taken.
func (s *source) parse() (root *node) {
	if !s.checkText() {
		return nil
	}
	defer func() { // the parser is somebody else's, and a catalog is typed by hand
		if recover() != nil {
			root = nil
			s.reportFile("", "not YAML that can be read")
		}
	}()
	tokens := lexer.Tokenize(string(s.text))
	if s.guarded {
		s.guard(tokens)
	}
	if !s.checkTokens(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		s.syntax(err)
		return nil
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		s.reportFile("", "the file is empty")
		return nil
	}
	before := len(s.problems)
	root = s.convert(file.Docs[0].Body)
	if root == nil && len(s.problems) == before {
		s.reportFile("", "the file is not YAML that a catalog can hold")
	}
	return root
}

// bom is what some editors begin a file with.
var bom = []byte("\ufeff")

// checkText refuses what is no text.
func (s *source) checkText() bool {
	s.text = bytes.TrimPrefix(s.text, bom)
	if len(s.text) > maxFile {
		s.text = nil
		s.reportFile("", "the file is larger than 1 MiB; is it a catalog file?")
		return false
	}
	line, column := 1, 1
	for rest := s.text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		what := ""
		switch {
		case r == utf8.RuneError && size == 1:
			what = "not UTF-8; is this a text file?"
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r == 0x7f:
			what = "a control character; is this a text file?"
		}
		if what != "" {
			s.report(position{line, column, 1}, "", "%s", what)
			return false
		}
		rest, column = rest[size:], column+1
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	return true
}

// maxKeys bounds a mapping, which takes the parser time that grows with the
// square of it.
const maxKeys = 5000

// A keyCount counts the keys of the block mappings that a file is in, by the
// column in which they begin.
type keyCount []struct{ column, keys int }

// add counts a token that begins at a column, and returns how many keys its
// mapping has so far. A token ends the mappings that begin to its right.
func (c *keyCount) add(column int, key bool) int {
	for len(*c) > 0 && (*c)[len(*c)-1].column > column {
		*c = (*c)[:len(*c)-1]
	}
	if !key {
		return 0
	}
	if len(*c) == 0 || (*c)[len(*c)-1].column < column {
		*c = append(*c, struct{ column, keys int }{column, 0})
	}
	last := &(*c)[len(*c)-1]
	last.keys++
	return last.keys
}

// checkTokens refuses the parts of YAML that a catalog does without. It comes
// before the parser, which would follow them, and calls itself as deep as a
// file says.
func (s *source) checkTokens(tokens token.Tokens) bool {
	ok, started, depth, dashes := true, false, 0, 0
	var keys keyCount
	for _, tk := range tokens {
		switch tk.Type {
		case token.CommentType:
			s.checkSecret(tk.Value, tokenPosition(tk))
			continue
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		case token.SequenceEntryType:
			dashes++
			keys.add(tk.Position.Column, false)
		default:
			dashes = 0
		}
		if depth == 0 && isKey(tk) && keys.add(tk.Position.Column, true) > maxKeys {
			s.report(tokenPosition(tk), "", "a mapping of more than %d keys", maxKeys)
			return false
		}
		if depth > maxDepth || dashes > maxDepth {
			s.report(tokenPosition(tk), "", "nested too deeply")
			return false
		}
		if what := refused(tk, !started); what != "" {
			s.report(tokenPosition(tk), "", "%s", what)
			ok = false
		}
		if tk.Type == token.InvalidType {
			return false // what follows is guesswork
		}
		started = true
	}
	return ok
}

// refused says why a token may not be in a catalog, or "".
func refused(tk *token.Token, first bool) string {
	switch tk.Type {
	case token.InvalidType:
		return "not YAML: " + tk.Error
	case token.AnchorType, token.AliasType, token.MergeKeyType:
		return "anchors, aliases and merge keys are not allowed: write the value out"
	case token.TagType:
		return "tags are not allowed"
	case token.DirectiveType:
		return "directives are not allowed"
	case token.MappingKeyType:
		return "keys are written as key: value"
	case token.DocumentEndType:
		return "one document a file: remove this line"
	case token.DocumentHeaderType:
		if !first {
			return "one document a file: move the rest into a file of its own"
		}
	}
	return ""
}

func (s *source) syntax(err error) {
	var at interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &at) || at.GetToken() == nil {
		s.reportFile("", "not YAML")
		return
	}
	s.report(tokenPosition(at.GetToken()), "", "not YAML: %s", at.GetMessage())
}

// convert turns the parser's tree into nodes. It returns nil if it reported
// something that has no place in the tree.
func (s *source) convert(from ast.Node) *node {
	switch n := from.(type) {
	case *ast.MappingNode:
		at := tokenPosition(n.Start)
		if !n.IsFlowStyle && len(n.Values) > 0 {
			at = tokenPosition(n.Values[0].Key.GetToken())
		}
		return s.convertMapping(at, n.Values)
	case *ast.MappingValueNode:
		return s.convertMapping(tokenPosition(n.Key.GetToken()), []*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		list := &node{kind: listNode, at: tokenPosition(n.Start)}
		for _, item := range n.Values {
			if converted := s.convert(item); converted != nil {
				list.items = append(list.items, converted)
			}
		}
		return list
	case *ast.LiteralNode:
		return &node{kind: textNode, text: n.Value.Value, at: tokenPosition(n.Start)}
	case *ast.CommentGroupNode, nil:
		return nil
	}
	return s.convertScalar(from)
}

func (s *source) convertScalar(from ast.Node) *node {
	tk := from.GetToken()
	n := &node{text: tk.Value, at: tokenPosition(tk)}
	switch from.(type) {
	case *ast.StringNode:
		n.kind = textNode
	case *ast.IntegerNode:
		n.kind = intNode
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		n.kind = floatNode
	case *ast.BoolNode:
		n.kind = boolNode
	case *ast.NullNode:
		n.kind = nullNode
	default:
		s.report(n.at, "", "this kind of YAML has no place in a catalog")
		return nil
	}
	return n
}

func (s *source) convertMapping(at position, values []*ast.MappingValueNode) *node {
	mapping := &node{kind: mapNode, at: at}
	lines := make(map[string]int, len(values))
	for _, v := range values {
		tk := v.Key.GetToken()
		key := &node{kind: textNode, text: tk.Value, at: tokenPosition(tk)}
		if line, twice := lines[key.text]; twice {
			s.report(key.at, "", "duplicate key %q, first on line %d", key.text, line)
			continue
		}
		lines[key.text] = key.at.line
		value := s.convert(v.Value)
		if value == nil {
			value = &node{kind: nullNode, at: key.at}
		}
		if value.kind == nullNode && value.text == "" {
			value.at = key.at
		}
		mapping.pairs = append(mapping.pairs, pair{key, value})
	}
	return mapping
}

func tokenPosition(tk *token.Token) position {
	shown, _, _ := strings.Cut(strings.TrimSpace(tk.Origin), "\n")
	return position{max(tk.Position.Line, 1), max(tk.Position.Column, 1), max(utf8.RuneCountInString(shown), 1)}
}
