package httpprobe

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/wire"
)

// client asks. Where it has a token, that is for addresses below root only.
type client struct {
	hc    *http.Client
	name  string // the connection's; empty if there is none
	root  string
	token pawl.Secret
}

// connecting is for endpoints that ask for a token. Others need no connection.
func connecting() *provider.Connecting {
	return &provider.Connecting{
		Secrets: []provider.Secret{{Name: "token", Doc: "A token that the endpoint asks for; sent as Authorization: Bearer, to addresses below url and to no other."}},
		Open:    open,
	}
}

func open(c provider.Connection) (any, error) {
	bad := func(why string) (any, error) {
		return nil, &pawl.Error{Op: "http.Open", Kind: pawl.Invalid, Err: errors.New(why)}
	}
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return bad("url: not what addresses can begin with")
	}
	token := c.Secrets["token"]
	if token.IsZero() {
		return bad("token: empty")
	}
	for _, b := range token.Reveal() {
		if b <= ' ' || b >= 0x7f {
			return bad("token: has characters that no token has")
		}
	}
	return &client{asking(c.HTTP), c.Name, strings.TrimRight(c.URL, "/"), token}, nil
}

// asking returns a client that does not follow redirects.
func asking(hc *http.Client) *http.Client {
	if hc == nil {
		hc = wire.NewClient(wire.Options{Vendor: "http", MaxBody: maxBody})
	}
	asking := *hc
	asking.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &asking
}

// covers reports whether an address may be asked with the token: it is of the
// same scheme, host and port, and its path is the root's or below it.
func (c *client) covers(address string) bool {
	if c.root == "" {
		return true
	}
	root, err := url.Parse(c.root)
	u, err2 := url.Parse(address)
	if err != nil || err2 != nil || u.Scheme != root.Scheme || !strings.EqualFold(u.Host, root.Host) {
		return false
	}
	path := u.EscapedPath()
	climbs := strings.Contains(path, "..") || strings.Contains(strings.ToLower(path), "%2e")
	return (path == root.EscapedPath() || strings.HasPrefix(path, root.EscapedPath()+"/")) && !climbs
}

func (c *client) sign(req *http.Request) {
	if !c.token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+string(c.token.Reveal()))
	}
}
