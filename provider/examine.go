package provider

import "time"

// An Exam is what a vendor says of a connection: whom it signs in as, and what
// that may do. It never holds a secret.
type Exam struct {
	Who  string    // "ops@acme.example"
	May  string    // scopes or permissions, as far as the vendor tells; empty if it does not
	Left int       // how many requests are left; less than 0 if the vendor does not say
	At   time.Time // what its clock shows; zero if it does not say

	Findings []string // what may become a problem
}
