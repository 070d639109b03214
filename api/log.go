package api

import "time"

// A Log is how far the audit log can be trusted, and by whose word.
type Log struct {
	Size       int64      `json:"size" doc:"Records in the log."`
	Verified   int64      `json:"verified" doc:"Records that were seen to be as they were signed, when somebody last looked."`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
	Wrong      string     `json:"wrong,omitempty" doc:"What was not as it was signed."`
	Witnesses  []Witness  `json:"witnesses"`
	Checkpoint string     `json:"checkpoint" doc:"The signed head of the log, to be kept elsewhere."`
	Key        string     `json:"key" doc:"The public key that verifies it."`
}

// A Witness is another place that has seen the log.
type Witness struct {
	Name  string     `json:"name" example:"git:/srv/witness"`
	Size  int64      `json:"size" doc:"Records that it vouches for."`
	At    *time.Time `json:"at,omitempty"`
	Error string     `json:"error,omitempty" doc:"Why it has not seen the newest."`
}
