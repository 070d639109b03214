// Package metrics says how a server is, to machines that watch it: Prometheus
// metrics, and whether it lives and is ready. It belongs on a listener of its
// own: whoever reaches it sees the names of credentials, and no value.
//
// Numbers are counted in the background and handed out as they were at the
// last count, so that a scrape costs the same with ten credentials as with ten
// thousand, and a journal that hangs is seen (pawl_counted_timestamp_seconds)
// instead of hanging whoever looks.
package metrics
