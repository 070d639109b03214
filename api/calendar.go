package api

import "time"

// A Calendar is what is coming.
type Calendar struct {
	Now       time.Time  `json:"now"`
	Scheduled *time.Time `json:"scheduled,omitempty" doc:"When the scheduler last looked; absent: nothing begins by itself."`
	Items     []Coming   `json:"items" doc:"What is due first first; what has no date last."`
	Freezes   []Freeze   `json:"freezes" doc:"Times in which nothing begins by itself."`
}

// A Coming is the next rotation of one credential.
type Coming struct {
	Credential string      `json:"credential"`
	Title      string      `json:"title,omitempty"`
	Owner      string      `json:"owner,omitempty"`
	Mode       string      `json:"mode" doc:"automated, operator-assisted or manual."`
	Due        *time.Time  `json:"due,omitempty" doc:"Absent if it was never rotated here."`
	Overdue    bool        `json:"overdue,omitempty"`
	Do         string      `json:"do" doc:"nothing (not yet), begin, hold, person (somebody has to begin it) or running."`
	Why        string      `json:"why,omitempty" doc:"What keeps it, or what a person has to see to."`
	Begins     *time.Time  `json:"begins,omitempty" doc:"When it begins by itself, if nothing keeps it."`
	Ends       *time.Time  `json:"ends,omitempty" doc:"When the window closes in which that is."`
	Until      *time.Time  `json:"until,omitempty" doc:"Until when it is held, if that is known."`
	Window     string      `json:"window,omitempty"`
	Open       string      `json:"open,omitempty" doc:"The unfinished rotation."`
	Remind     []time.Time `json:"remind,omitempty"`
	Next       string      `json:"next,omitempty" doc:"What a person does about it."`
}

// A Freeze is a time in which nothing begins by itself.
type Freeze struct {
	From        time.Time `json:"from"`
	Until       time.Time `json:"until"`
	Why         string    `json:"why"`
	Who         string    `json:"who,omitempty"`
	Credentials []string  `json:"credentials,omitempty" doc:"Absent: all."`
}
