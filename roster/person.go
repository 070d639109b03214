package roster

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
)

// A Person is somebody of the team. They are never deleted, so that the audit
// log goes on meaning somebody; they are disabled.
type Person struct {
	ID       string // short and stable; their id as an actor, as "ana"
	Name     string // as people say it
	Roles    []access.Role
	Teams    []string // as the catalog names them in role and approval.from
	Logins   []Login
	Disabled bool
	Created  time.Time
	Version  int64 // grows with each change
}

// A Login is what somebody else who vouches for them calls a person: an OpenID
// provider, or the kernel ([UnixLogin]). The pair is the identity. An address is
// not: it can be given to somebody else.
type Login struct{ Issuer, Subject string }

// UnixLogin is a user of the machine that the server runs on.
func UnixLogin(user string) Login { return Login{Issuer: unix, Subject: user} }

const unix = "unix"

// name is what people and tokens may be called. It has neither "@" nor "/", so
// that nobody has the id of a user of some machine, or of a token.
var name = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,31}$`)

// ValidName reports why a person or a token cannot be called that, or nil.
func ValidName(text string) error {
	if !name.MatchString(text) {
		return fault(pawl.Invalid, "use 1 to 32 lower-case letters, digits, dots, dashes and underscores, as ana or deploy-bot", "that cannot be a name here")
	}
	return nil
}

// Check reports why a person cannot be kept as they are, or nil.
func (p Person) Check() error {
	if err := ValidName(p.ID); err != nil {
		return err
	}
	for _, r := range p.Roles {
		if !r.Valid() {
			return fault(pawl.Invalid, "", "%q is no role", r)
		}
	}
	if err := checkTeams(p.Teams); err != nil {
		return err
	}
	for _, l := range p.Logins {
		if l.Issuer == "" || l.Subject == "" {
			return fault(pawl.Invalid, "", "a login needs an issuer and a subject")
		}
	}
	return nil
}

// team is what a team may be called: one short word, as it is in a catalog.
var team = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$`)

// checkTeams refuses what is no name of a team, and teams that are called as roles
// are: a catalog that asks for an approver means the role, which is given by
// other rules than a team.
func checkTeams(teams []string) error {
	for _, called := range teams {
		if !team.MatchString(called) {
			return fault(pawl.Invalid, "use one word of up to 32 letters, digits, dots, dashes and underscores", "that cannot be a team here")
		}
		if access.Role(called).Valid() {
			return fault(pawl.Invalid, "call the team something else, or give the role", "%s is a role, and no name of a team", called)
		}
	}
	return nil
}

// Subject is a person as access sees them. Disabled, they are nobody.
func (p Person) Subject(fresh bool) (access.Subject, error) {
	if p.Disabled {
		return access.Subject{}, fault(pawl.Denied, "ask an admin", "this account is disabled")
	}
	return access.Subject{Actor: pawl.Actor{Type: "user", ID: p.ID}, Roles: slices.Clone(p.Roles), Teams: slices.Clone(p.Teams), Fresh: fresh}, nil
}

// RightsDiffer reports whether somebody may something else after a change than before.
func (p Person) RightsDiffer(after Person) bool {
	return p.Disabled != after.Disabled || !slices.Equal(p.Roles, after.Roles) || !slices.Equal(p.Teams, after.Teams)
}

// Vouched reports whether somebody signs in to a browser by a login of theirs. As
// a user of the server's machine they come by its socket only.
func (p Person) Vouched() bool {
	return slices.ContainsFunc(p.Logins, func(l Login) bool { return l.Issuer != unix })
}

// AsUnix are their logins if they are this user of the server's machine, and no
// other one.
func (p Person) AsUnix(user string) []Login {
	others := slices.DeleteFunc(slices.Clone(p.Logins), func(l Login) bool { return l.Issuer == unix })
	return append(others, UnixLogin(user))
}

// Leads reports whether a person may let others in.
func (p Person) Leads() bool {
	return !p.Disabled && (slices.Contains(p.Roles, access.Admin) || slices.Contains(p.Roles, access.Superadmin))
}

// MayLetIn reports whether a person may let in who has these roles: to hold
// somebody's code is to be them.
func (p Person) MayLetIn(roles []access.Role) bool {
	who, err := p.Subject(true)
	return err == nil && access.Check(who, access.Request{Action: access.People}) == nil &&
		!slices.ContainsFunc(roles, func(r access.Role) bool { return !who.MayGrant(r) })
}

// A Passkey is a public key of an authenticator.
type Passkey struct {
	ID      []byte // the authenticator's
	Person  string
	Name    string // what its owner calls it
	Data    []byte // as whoever verifies it wants it back
	Created time.Time
	Used    time.Time
}

// A Session is somebody who is signed in at a browser.
type Session struct {
	ID      string // not secret: to list and to end it
	Hash    Hash   // of what the cookie holds
	Person  string
	Method  string // "code", "oidc", "passkey": how they showed who they are
	Created time.Time
	Seen    time.Time
	Proved  time.Time // when they showed who they are; zero: it is not known, as somebody else vouches for them
	Agent   string    // what the browser calls itself, for its owner to recognise it
	From    string    // the address that they signed in from
}

// How long a session lasts, whatever happens in it, and without anything
// happening; and for how long who they are is fresh.
const (
	SessionAge  = 12 * time.Hour
	SessionIdle = 30 * time.Minute
	FreshFor    = 5 * time.Minute
)

// Ended reports whether a session is over. One from the future is: a clock was
// set back, and nobody can tell by how much.
func (s Session) Ended(now time.Time) bool {
	return now.Sub(s.Created) >= SessionAge || now.Sub(s.Seen) >= SessionIdle || s.Created.Sub(now) > skew
}

// Fresh reports whether they have just shown who they are.
func (s Session) Fresh(now time.Time) bool {
	age := now.Sub(s.Proved)
	return !s.Proved.IsZero() && age < FreshFor && age > -skew
}

// skew is how far clocks may be apart.
const skew = time.Minute

// A Code lets one person in once: the first admin, or somebody who is invited
// (again). What it is the code of is shown once.
type Code struct {
	Hash    Hash
	Person  string // who they are; empty: the first admin, who says so
	By      string // who invites, as an actor
	Maker   string // who invites, of the team; empty: it was made on the server itself
	Created time.Time
	Expires time.Time
}

// Stands reports why a code does not let somebody in any more, or nil. Maker is
// who made it, as they are now, and not looked at if it was made on the server
// itself: a code is good as long as who made it may make it, as a token is.
func (c Code) Stands(maker, who Person) error {
	if c.Maker == "" || maker.ID == c.Maker && maker.MayLetIn(who.Roles) {
		return nil
	}
	return fault(pawl.Denied, "ask somebody else for another one", "who made this code may not let you in any more")
}

// How long codes are good.
const (
	FirstCodeFor = 10 * time.Minute
	InviteFor    = 72 * time.Hour
)

// A Hash is what is kept of a token, a session or a code.
type Hash [sha256.Size]byte

// HashOf returns it.
func HashOf(secret pawl.Secret) Hash { return sha256.Sum256(secret.Reveal()) }

func fault(kind pawl.Kind, hint, format string, args ...any) error {
	return &pawl.Error{Op: "roster", Kind: kind, Hint: hint, Err: fmt.Errorf(format, args...)}
}
