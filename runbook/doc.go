// Package runbook writes a credential's runbook: a document that a person can
// follow without pawl, by the vendors' own tools, and that says when it was
// last shown to work. All of it is computed, from the catalog, from what the
// providers say of doing it by hand ([provider.Manual]) and from recorded
// runs. What people add stands between notes markers, and is kept.
package runbook
