package catalog

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/secretref"
)

const notifyFile = "notify.yaml"

// Occasions are what somebody can be told of.
const (
	TellDue       = "due"         // a reminder, as the catalog asks for them
	TellOverdue   = "overdue"     // past its time
	TellTask      = "task"        // due, and begins only if somebody begins it
	TellWaiting   = "waiting"     // a rotation waits for a person
	TellApproval  = "approval"    // a rotation waits for somebody else's consent
	TellGlass     = "break-glass" // somebody goes on without the consent of others
	TellFailed    = "failed"      // came to nothing
	TellCompleted = "completed"   //
)

// Occasions lists them.
func Occasions() []string {
	return []string{TellDue, TellOverdue, TellTask, TellWaiting, TellApproval, TellGlass, TellFailed, TellCompleted}
}

// Notify is what notify.yaml says: who is told of what.
type Notify struct {
	Link     string // the server as people's browsers reach it; may be empty
	Channels []Channel
}

// A Channel is a way to tell somebody. Which fields are set depends on Kind.
type Channel struct {
	Name        string
	Kind        string   // slack, email, pagerduty or webhook
	Tell        []string // occasions
	Credentials []string // empty: all

	To       []string          // slack: one channel or member; email: addresses
	From     string            // email
	Host     string            // email: of the mail server, with its port
	TLS      string            // email: starttls or none
	User     string            // email
	URL      string            // webhook; of the vendor's API for the others, if it is not the usual one
	Networks []netip.Prefix    // webhook: private networks that it may reach
	People   map[string]string // slack: who a member is here, by member id
	Secrets  map[string]secretref.Ref
}

// Tells reports whether the channel is told of an occasion of a credential. Of a
// broken glass every channel is told, whatever else it wants to hear, and of
// which credentials: who is told of nothing else may be the one who can stop it.
func (c Channel) Tells(occasion, credential string) bool {
	return slices.Contains(c.Tell, occasion) && (len(c.Credentials) == 0 || occasion == TellGlass || slices.Contains(c.Credentials, credential))
}

// Resolve reads the secrets of a channel.
func (c Channel) Resolve(ctx context.Context, r *secretref.Resolver) (map[string]pawl.Secret, error) {
	secrets := map[string]pawl.Secret{}
	for _, field := range sortedKeys(c.Secrets) {
		secret, err := r.Resolve(ctx, c.Secrets[field], c.Host)
		if err != nil {
			return nil, &pawl.Error{Op: "catalog.Resolve", Kind: pawl.KindOf(err), Err: fmt.Errorf("channel %s, %s: %w", c.Name, field, err), Hint: pawl.HintOf(err)}
		}
		secrets[field] = secret
	}
	return secrets, nil
}

// Notify returns what notify.yaml says. Without the file nobody is told.
func (c *Catalog) Notify() Notify { return c.notify }

type notifyKeys struct {
	Version  version  `json:"version" required:"true" doc:"Format of this file: 1."`
	Link     string   `json:"link" doc:"The server as browsers reach it, for links in messages."`
	Channels rawNodes `json:"channels" required:"true" doc:"Ways to tell somebody, by name."`
}

type channelKeys struct {
	Kind        string     `json:"kind" required:"true" doc:"slack, email, pagerduty or webhook."`
	Tell        []occasion `json:"tell" doc:"Of what; by default of everything (pagerduty: overdue and failed). Of a broken glass in any case."`
	Credentials []string   `json:"credentials" doc:"Of which credentials; all if not given."`
}

type slackKeys struct {
	Token    *secretAt         `json:"token" required:"true" doc:"Bot token of a Slack app (xoxb-…)."`
	AppToken *secretAt         `json:"app_token" doc:"App-level token (xapp-…) with connections:write, for buttons."`
	To       string            `json:"to" required:"true" doc:"A channel's id, #channel, or a member's id."`
	URL      string            `json:"url" doc:"The API's root, if it is another one than Slack's."`
	People   map[string]string `json:"people" doc:"Who may decide by a click: a member's id and who they are here. A click counts as saying who one is."`
}

type emailKeys struct {
	Host     string    `json:"host" required:"true" doc:"The mail server and its port, as smtp.acme.example:587."`
	TLS      string    `json:"tls" doc:"starttls, or none on this machine."`
	From     string    `json:"from" required:"true" doc:"The sender's address."`
	To       []string  `json:"to" required:"true" doc:"Addresses."`
	User     string    `json:"user" doc:"Who signs in."`
	Password *secretAt `json:"password" doc:"Their password."`
}

type pagerdutyKeys struct {
	Key *secretAt `json:"key" required:"true" doc:"Integration key of a service (Events API v2)."`
	URL string    `json:"url" doc:"The API's root, if it is another one than PagerDuty's."`
}

type webhookKeys struct {
	URL      string    `json:"url" required:"true" doc:"Where it is posted to."`
	Secret   *secretAt `json:"secret" required:"true" doc:"What signs it, as whsec_ and base64 (Standard Webhooks)."`
	Networks []network `json:"networks" doc:"Private networks that it may reach, as 10.1.0.0/16; none if not given."`
}

// channelKinds are the keys of each kind beyond the common ones.
func channelKinds() map[string]reflect.Type {
	return map[string]reflect.Type{"slack": reflect.TypeFor[slackKeys](), "email": reflect.TypeFor[emailKeys](),
		"pagerduty": reflect.TypeFor[pagerdutyKeys](), "webhook": reflect.TypeFor[webhookKeys]()}
}

// readNotify reads notify.yaml, which need not be there.
func (l *loader) readNotify(c *Catalog, whole bool) Problems {
	s := &source{file: notifyFile, guarded: true}
	r, root := l.optional(s, "notify.yml")
	if root == nil {
		return s.problems
	}
	var keys notifyKeys
	r.mapping(root, layout{into: []any{&keys}})
	if at := root.get("link"); at != nil && keys.Link != "" {
		if wrong := checkURL(keys.Link); wrong != "" {
			r.report(at.at, "", "%s", wrong)
		}
	}
	c.notify.Link = keys.Link
	if keys.Channels.node == nil {
		return s.problems
	}
	for _, p := range keys.Channels.node.pairs {
		r.checkName(p.key, "the name of a channel")
		ch := r.channel(p.key.text, p.value)
		if list := p.value.get("credentials"); whole && list != nil {
			r.checkHeld(ch.Credentials, list, c)
		}
		c.notify.Channels = append(c.notify.Channels, ch)
	}
	return s.problems
}

// channel reads one entry.
func (r *reader) channel(name string, n *node) Channel {
	c := Channel{Name: name, Secrets: map[string]secretref.Ref{}}
	if !r.is(n, mapNode) {
		return c
	}
	var common channelKeys
	kinds := channelKinds()
	of, known := kinds[textOf(n.get("kind"))]
	if kind := n.get("kind"); !known && kind != nil && kind.kind == textNode {
		r.report(kind.at, r.suggest(kind.text, sortedKeys(kinds)), "unknown kind of channel %q", clip(kind.text, 60))
	}
	into := []any{&common}
	var own any
	if known {
		own = reflect.New(of).Interface()
		into = append(into, own)
	}
	r.mapping(n, layout{into: into, open: !known})
	c.Kind, c.Credentials = common.Kind, common.Credentials
	for _, o := range common.Tell {
		c.Tell = append(c.Tell, string(o))
	}
	if n.get("tell") == nil {
		c.Tell = Occasions()
		if c.Kind == "pagerduty" {
			c.Tell = []string{TellOverdue, TellFailed}
		}
	}
	if !slices.Contains(c.Tell, TellGlass) {
		c.Tell = append(c.Tell, TellGlass)
	}
	r.fillChannel(&c, own, n)
	return c
}

func textOf(n *node) string {
	if n == nil {
		return ""
	}
	return n.text
}

func (r *reader) fillChannel(c *Channel, own any, n *node) {
	secret := func(name string, ref *secretAt) {
		if ref != nil {
			c.Secrets[name] = secretref.Ref(*ref)
		}
	}
	switch k := own.(type) {
	case *slackKeys:
		c.To, c.URL, c.People = []string{k.To}, k.URL, k.People
		secret("token", k.Token)
		secret("app_token", k.AppToken)
		if len(k.People) > 0 && k.AppToken == nil {
			r.report(n.get("people").at, "add app_token", "nobody can click without an app-level token")
		}
	case *emailKeys:
		c.Host, c.TLS, c.From, c.To, c.User = k.Host, k.TLS, k.From, k.To, k.User
		secret("password", k.Password)
		r.checkMail(c, n)
	case *pagerdutyKeys:
		c.URL = k.URL
		secret("key", k.Key)
	case *webhookKeys:
		c.URL = k.URL
		secret("secret", k.Secret)
		for _, one := range k.Networks {
			c.Networks = append(c.Networks, netip.Prefix(one))
		}
	}
	if at := n.get("url"); at != nil && c.URL != "" {
		if wrong := checkURL(c.URL); wrong != "" {
			r.report(at.at, "", "%s", wrong)
		}
	}
}

var address = regexp.MustCompile(`^[^\s<>",;:\\@]+@[A-Za-z0-9.-]+$`)

func (r *reader) checkMail(c *Channel, n *node) {
	host, port, _ := cutLast(c.Host, ':')
	if _, err := strconv.ParseUint(port, 10, 16); n.get("host") != nil && c.Host != "" && (err != nil || host == "") {
		at := n.get("host")
		r.report(at.at, "", "not a host and a port, as smtp.acme.example:587")
	}
	if c.TLS == "" {
		c.TLS = "starttls"
	}
	if at := n.get("tls"); at != nil && c.TLS != "starttls" && c.TLS != "none" {
		r.report(at.at, r.suggest(c.TLS, []string{"starttls", "none"}), "neither starttls nor none")
	} else if at != nil && c.TLS == "none" && !isLoopback(strings.Trim(host, "[]")) {
		r.report(at.at, "", "without TLS only a mail server on this machine is used")
	}
	if at := n.get("from"); at != nil && c.From != "" && !address.MatchString(c.From) {
		r.report(at.at, "", "not an address")
	}
	for i, to := range c.To {
		if list := n.get("to"); !address.MatchString(to) && to != "" {
			r.report(list.items[i].at, "", "not an address")
		}
	}
}

// occasion is one that is known.
type occasion string

func (o *occasion) readNode(r *reader, n *node) {
	if !r.is(n, textNode) {
		return
	}
	if *o = occasion(n.text); !slices.Contains(Occasions(), n.text) {
		r.report(n.at, r.suggest(n.text, Occasions()), "nobody can be told of %q", clip(n.text, 60))
	}
}

func (*occasion) jsonSchema(*schemas) object { return object{"type": "string", "enum": Occasions()} }

// secretAt is a reference to a secret, and never the secret.
type secretAt secretref.Ref

func (x *secretAt) readNode(r *reader, n *node) {
	ref, err := r.reference(n)
	if err != nil {
		r.report(n.at, "", "it %s", err)
		return
	}
	*x = secretAt(ref)
}

func (*secretAt) jsonSchema(*schemas) object { return reference("") }

// network is a range of addresses.
type network netip.Prefix

func (x *network) readNode(r *reader, n *node) {
	if !r.is(n, textNode) {
		return
	}
	p, err := netip.ParsePrefix(n.text)
	if err != nil || p.Bits() == 0 {
		r.report(n.at, "", "not a network, as 10.1.0.0/16")
		return
	}
	*x = network(p.Masked())
}

func (*network) jsonSchema(*schemas) object {
	return object{"type": "string", "pattern": `^[0-9a-fA-F.:]+/[1-9][0-9]*$`}
}

// NotifySchema returns the JSON Schema of notify.yaml.
func NotifySchema() []byte {
	b := &schemas{kinds: newKinds(nil), definitions: object{}}
	kinds := channelKinds()
	var entries []any
	for _, name := range sortedKeys(kinds) {
		entries = append(entries, b.when(name, "channel", b.structure(reflect.TypeFor[channelKeys](), kinds[name])))
	}
	root := b.structure(reflect.TypeFor[notifyKeys]())
	root["title"] = "Who is told of what"
	root["properties"].(object)["channels"] = object{
		"type": "object", "description": "Ways to tell somebody, by name.",
		"propertyNames":        object{"pattern": namePattern.String(), "maxLength": maxName},
		"additionalProperties": b.choice(sortedKeys(kinds), entries),
	}
	return b.document(root)
}
