package github

import "time"

// SetNow sets the clock of a connection.
func SetNow(connection any, now func() time.Time) { connection.(*client).now = now }
