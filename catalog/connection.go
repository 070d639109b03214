package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/secretref"
)

const connectionsFile = "connections.yaml"

// A Connection says how pawl signs in to a vendor.
type Connection struct {
	Name    string
	Kind    string // of connection: the provider's name
	URL     string // the API's root without a trailing slash, the provider's own where the catalog gives none
	Secrets map[string]secretref.Ref
}

// Host returns the host[:port] of the connection's URL.
func (c *Connection) Host() string {
	u, err := url.Parse(c.URL)
	if err != nil { // it was checked when it was read
		return ""
	}
	return u.Host
}

// Resolve reads the connection's secrets. Errors are those of
// [secretref.Resolver.Resolve]; the hint also says which field of which
// connection is meant.
func (c *Connection) Resolve(ctx context.Context, r *secretref.Resolver) (map[string]pawl.Secret, error) {
	secrets := make(map[string]pawl.Secret, len(c.Secrets))
	for _, field := range sortedKeys(c.Secrets) {
		secret, err := r.Resolve(ctx, c.Secrets[field], c.Host())
		if err != nil {
			where := fmt.Sprintf("connection %s, %s: %s", c.Name, field, c.Secrets[field])
			return nil, &pawl.Error{
				Op: "catalog.Resolve", Kind: pawl.KindOf(err), Err: fmt.Errorf("connection %s, %s: %w", c.Name, field, err),
				Hint: strings.TrimSuffix(where+"; "+pawl.HintOf(err), "; "),
			}
		}
		secrets[field] = secret
	}
	return secrets, nil
}

// connections are the entries of connections.yaml, as far as they could be read.
type connections struct {
	source *source
	byName map[string]*Connection
	usable bool // false if the file is so wrong that what is missing in it proves nothing
}

type connectionsKeys struct {
	Version version  `json:"version" required:"true" doc:"Format of this file: 1."`
	Entries rawNodes `json:"connections" required:"true" doc:"How pawl signs in, by name."`
}

type connectionKeys struct {
	Kind string `json:"kind" required:"true" doc:"The vendor."`
	URL  string `json:"url" doc:"The API's root, for a self-hosted or enterprise server."`
}

// rawNodes is a mapping that is looked at later.
type rawNodes struct{ node *node }

func (x *rawNodes) readNode(r *reader, n *node) {
	if r.is(n, mapNode) {
		x.node = n
	}
}

func (l *loader) readConnections() *connections {
	s := &source{file: connectionsFile, guarded: true}
	c := &connections{source: s, byName: map[string]*Connection{}}
	if !l.readFile(s) {
		return c
	}
	root := s.parse()
	if root == nil {
		return c
	}
	r := &reader{s, l}
	var keys connectionsKeys
	r.mapping(root, layout{into: []any{&keys}})
	if keys.Entries.node == nil {
		return c
	}
	c.usable = true
	for _, p := range keys.Entries.node.pairs {
		r.checkName(p.key, "the name of a connection")
		if entry := r.connection(p.key.text, p.value); entry != nil {
			c.byName[p.key.text] = entry
		}
	}
	return c
}

// connection reads one entry. The result is incomplete where something was
// reported, so that its name is known all the same.
func (r *reader) connection(name string, n *node) *Connection {
	c := &Connection{Name: name, Secrets: map[string]secretref.Ref{}}
	if !r.is(n, mapNode) {
		return c
	}
	kind, known := r.connectionKind(n)
	keys := connectionKeys{}
	valid := []string{"kind", "url"}
	for _, s := range kind.Secrets {
		valid = append(valid, s.Name)
	}
	common := &node{kind: mapNode, at: n.at}
	for _, p := range n.pairs {
		switch i := slices.Index(valid, p.key.text); {
		case i >= 0 && i < 2:
			common.pairs = append(common.pairs, p)
		case i >= 0:
			r.secretField(c, p)
		case known:
			r.report(p.key.at, r.suggest(p.key.text, valid), "unknown key %q", clip(p.key.text, 60))
		}
	}
	r.mapping(common, layout{into: []any{&keys}})
	for _, s := range kind.Secrets {
		if n.get(s.Name) == nil {
			r.report(n.at, "", "missing key %q: %s", s.Name, cmp.Or(s.Doc, "a secret of this connection"))
		}
	}
	if known {
		c.Kind = keys.Kind
	}
	c.URL = r.connectionURL(n, keys.URL, kind.URL, known)
	return c
}

func (r *reader) connectionKind(n *node) (provider.Connecting, bool) {
	named := n.get("kind")
	if named == nil || named.kind != textNode {
		return provider.Connecting{}, false // reported when the keys are read
	}
	kind, known := r.kinds.connections[named.text]
	if !known {
		r.report(named.at, r.suggest(named.text, sortedKeys(r.kinds.connections)), "unknown kind of connection %q", clip(named.text, 60))
	}
	return kind, known
}

func (r *reader) connectionURL(n *node, given, standard string, known bool) string {
	at := n.get("url")
	if at == nil {
		if standard == "" && known {
			r.report(n.at, "", "missing key %q: this kind of connection has no API root of its own", "url")
		}
		return strings.TrimRight(standard, "/")
	}
	if at.kind == textNode {
		if wrong := checkURL(given); wrong != "" {
			r.report(at.at, "", "%s", wrong)
		}
	}
	return strings.TrimRight(given, "/")
}

// checkURL says what is wrong with the URL of a connection. It does not quote
// it: there may be a password in it.
func checkURL(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return "not a URL: write https:// and a host"
	case u.User != nil:
		return "a URL of a connection holds no user or password"
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return "a URL of a connection has no query and no fragment"
	case u.Scheme == "https":
		return ""
	case u.Scheme != "http":
		return "the URL of a connection begins with https://"
	case !isLoopback(u.Hostname()):
		return "plain http would send the credential readable over the network: use https"
	}
	return ""
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// plain reports whether the connection does without TLS.
func (c *Connection) plain() bool { return strings.HasPrefix(c.URL, "http://") }

func (r *reader) secretField(c *Connection, p pair) {
	if ref, ok := r.secretRef(p.key.text, p.value); ok {
		c.Secrets[p.key.text] = ref
	}
}

// secretRef reads one reference to a secret. What is wrong with it is said
// without quoting it.
func (r *reader) secretRef(key string, n *node) (secretref.Ref, bool) {
	ref, err := r.reference(n)
	if err == nil {
		return ref, true
	}
	if !errors.Is(err, secretref.ErrNotReference) {
		r.report(n.at, "", "%s: %s", key, err)
		return ref, false
	}
	suggestion := ""
	if scheme, _, found := strings.Cut(n.text, ":"); found && n.kind == textNode {
		if near, ok := Nearest(scheme, []string{"env", "file", "command", "credential", "keyring"}); ok && near != scheme {
			suggestion = fmt.Sprintf("did you mean %q?", near+":")
		}
	}
	r.report(n.at, suggestion, "%s %s", key, err)
	return ref, false
}

func (r *reader) reference(n *node) (secretref.Ref, error) {
	if n.kind == mapNode && len(n.pairs) == 1 && n.pairs[0].key.text == "command" {
		return r.commandReference(n.pairs[0].value)
	}
	if n.kind != textNode {
		return secretref.Ref{}, secretref.ErrNotReference
	}
	ref, err := secretref.ParseRef(n.text)
	if err == nil && looksSecret(n.text) {
		return ref, secretref.ErrNotReference
	}
	return ref, err
}

func (r *reader) commandReference(n *node) (secretref.Ref, error) {
	bad := errors.New("command: must be a list of texts, as {command: [heroku, auth:token]}")
	if n.kind != listNode {
		return secretref.Ref{}, bad
	}
	var argv []string
	for _, item := range n.items {
		if item.kind != textNode && item.kind != intNode {
			return secretref.Ref{}, bad
		}
		if looksSecret(item.text) {
			return secretref.Ref{}, errors.New("command: an argument looks like a secret, and anybody on the machine could read it")
		}
		argv = append(argv, item.text)
	}
	return secretref.NewCommand(argv)
}
