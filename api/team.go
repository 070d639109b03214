package api

import "time"

// A Person is somebody of the team. What they sign in with is counted, not told.
type Person struct {
	ID       string    `json:"id" example:"ana"`
	Name     string    `json:"name,omitempty"`
	Roles    []string  `json:"roles"`
	Teams    []string  `json:"teams,omitempty" doc:"As the catalog names them in role and approval.from."`
	Logins   []string  `json:"logins,omitempty" doc:"Who vouches for them: the issuers of OpenID providers; unix is a user of the server's machine."`
	Passkeys int       `json:"passkeys"`
	Disabled bool      `json:"disabled,omitempty"`
	Created  time.Time `json:"created"`
	Version  int64     `json:"version"`
}

// A Token lets a program in. Its value is shown once, to who makes it, and is in
// no answer.
type Token struct {
	ID      string     `json:"id"`
	Name    string     `json:"name" example:"ci"`
	By      string     `json:"by" doc:"Who made it. It never may more than they may."`
	Roles   []string   `json:"roles"`
	Teams   []string   `json:"teams,omitempty"`
	Scope   []string   `json:"scope,omitempty" doc:"The actions that it is for; absent: all that its roles allow."`
	State   string     `json:"state" doc:"good, expired or revoked."`
	Created time.Time  `json:"created"`
	Expires time.Time  `json:"expires"`
	Used    *time.Time `json:"last_used,omitempty" doc:"To the minute."`
}

// A Session is somebody who is signed in at a browser.
type Session struct {
	ID      string    `json:"id"`
	Person  string    `json:"person"`
	Method  string    `json:"method" doc:"passkey, oidc or code."`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen" doc:"To the minute."`
	Ends    time.Time `json:"ends" doc:"If nothing happens in it."`
	Agent   string    `json:"agent,omitempty"`
	From    string    `json:"from"`
}

// A Passkey is something that somebody signs in with.
type Passkey struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Created time.Time  `json:"created"`
	Used    *time.Time `json:"last_used,omitempty"`
}
