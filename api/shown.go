package api

import "time"

// Counts say how the catalog stands, in numbers.
type Counts struct {
	All    int           `json:"all"`
	States map[State]int `json:"states"`
}

// A Holder is whatever holds copies: an app, a repository, an environment, a
// person. It is the view from the other side: what is affected if it is.
type Holder struct {
	Name        string   `json:"name" example:"acme-api-prod"`
	Kind        string   `json:"kind" example:"heroku/config-var"`
	Credentials []string `json:"credentials"`
}

// A Held is one copy that a holder has.
type Held struct {
	Credential string `json:"credential"`
	State      State  `json:"state"`
	Place      Place  `json:"place"`
	Current    string `json:"current,omitempty" doc:"The vendor's id of the generation in use."`
}

// A Connection says how pawl signs in to a vendor. Where the secrets come from
// is in it, they themselves are not.
type Connection struct {
	Name    string            `json:"name"`
	Kind    string            `json:"kind"`
	URL     string            `json:"url"`
	Secrets map[string]string `json:"secrets" doc:"Where each comes from, as env:GITHUB_TOKEN."`
	Used    int               `json:"used" doc:"How many credentials of the catalog use it."`
}

// A Step is one part of a rotation and how long it took.
type Step struct {
	Name    string        `json:"name" doc:"checks, mint, soak, revoke, dead, watch, restore, or the id of a consumer."`
	Begun   time.Time     `json:"begun"`
	Took    time.Duration `json:"took_ns"`
	Done    bool          `json:"done"`
	Person  bool          `json:"person,omitempty"`
	Usually time.Duration `json:"usually_ns,omitempty" doc:"The median of earlier ones."`
	Of      int           `json:"of,omitempty" doc:"How many earlier ones that is of."`
}

// A Past is what recorded rotations of a credential show.
type Past struct {
	Took      time.Duration `json:"took_ns" doc:"The median of completed ones."`
	Of        int           `json:"of"`
	Method    string        `json:"method" doc:"How it was last shown to work: real-run, dry-run-on-prod-with-rollback or read-only-docs."`
	Validated time.Time     `json:"validated,omitzero"`
	By        string        `json:"by,omitempty" doc:"The rotation that showed it."`
	Age       string        `json:"age" doc:"fresh, stale or never"`
	Runs      []Bar         `json:"runs" doc:"The newest, oldest first."`
}

// A Bar is one rotation in a row of them.
type Bar struct {
	ID      string        `json:"id"`
	Outcome string        `json:"outcome"`
	At      time.Time     `json:"at"`
	Took    time.Duration `json:"took_ns" doc:"Without the nights in which nobody drove it."`
}
