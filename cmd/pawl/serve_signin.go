package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/user"
	"strconv"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/peer"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/roster/logged"
	"github.com/pawl-dev/pawl/secretref"
	"github.com/pawl-dev/pawl/signin"
)

// A doorway is where people come in: the roster, the sign-in that reads it, and
// the team that changes it.
type doorway struct {
	*signin.Server
	team   *desk.Team
	people roster.Roster
	stands logged.Standing // to the audit log
}

// Close writes down what was only counted, and closes the roster.
func (d *doorway) Close() error {
	d.Server.Close()
	return d.people.Close()
}

// openDoor opens the doorway of a state. Origin is the server as browsers see
// it; behind a proxy, the proxy says who they are.
func (a *app) openDoor(ctx context.Context, s *store, cat *catalog.Catalog, origin string, behindProxy bool) (*doorway, error) {
	people, stands, err := a.openTeam(ctx, s)
	if err != nil {
		return nil, err
	}
	book := a.book(s, people)
	in, err := signin.New(signin.Config{Book: book, Origin: origin, BehindProxy: behindProxy, Local: localPeer, Settle: true, Frame: around(""),
		Providers: a.providersOf(cat), Log: a.log(), Alarm: a.alarm})
	if err != nil {
		return nil, errors.Join(err, people.Close())
	}
	return &doorway{in, desk.NewTeam(desk.TeamConfig{Book: book, Refusals: s.refusals, Log: a.log()}), people, stands}, nil
}

// tellOfFirst says how the first admin comes in where nobody looks at a terminal.
func (a *app) tellOfFirst(ctx context.Context, d *doorway) error {
	led, err := d.Led(ctx)
	if err == nil && !led {
		a.say("Nobody can let others in yet. On this machine, as the user that the server runs as:")
		a.say("  pawl people invite NAME --role superadmin")
	}
	return err
}

// providersOf are the OpenID providers of the catalog. Their secrets are read
// each time that one is needed, so that they can be rotated, too.
func (a *app) providersOf(cat *catalog.Catalog) []signin.Provider {
	resolver := &secretref.Resolver{Getenv: a.getenv, Dir: a.catalogFolder()}
	var all []signin.Provider
	for _, p := range cat.SignIns() {
		all = append(all, signin.Provider{Name: p.Name, Title: p.Title, Issuer: p.Issuer, ClientID: p.ClientID,
			Secret: func(ctx context.Context) (pawl.Secret, error) { return resolver.Resolve(ctx, p.Secret, p.Host()) }})
	}
	return all
}

// person is somebody of the roster who has shown elsewhere, just now, who they
// are.
func (d *doorway) person(ctx context.Context, id string) (access.Subject, error) {
	p, err := d.people.Person(ctx, id)
	if err != nil {
		return access.Subject{}, err
	}
	return p.Subject(true)
}

type connKey struct{}

// withConn keeps the connection of a request, for localPeer.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// localPeer is who the kernel says is at the other end of the Unix socket.
func localPeer(r *http.Request) (signin.Local, bool) {
	c, _ := r.Context().Value(connKey{}).(net.Conn)
	uid, err := peer.UID(c)
	if err != nil {
		return signin.Local{}, false
	}
	name := "uid-" + strconv.Itoa(uid)
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		name = u.Username
	}
	host, _ := os.Hostname()
	return signin.Local{User: name, ID: name + "@" + host, Owner: uid == 0 || uid == os.Getuid()}, true
}
