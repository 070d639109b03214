package sqlite

import (
	"embed"
	"io/fs"
	"slices"
)

// statements are all statements, one a file, so that they can be read, and run,
// as SQL.
//
//go:embed sql/*.sql
var statements embed.FS

// statement returns the text of one. A test asks for each of them.
func statement(name string) string {
	text, err := statements.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic("roster/sqlite: " + err.Error()) // a name that is written in this package, and is not there
	}
	return string(text)
}

// migrations are applied in the order of their numbers; PRAGMA user_version is
// the number of the last one that was.
//
//go:embed sql/migrations/*.sql
var migrations embed.FS

// migrationNames returns them in order, numbered from 1 without a gap.
func migrationNames() []string {
	names, err := fs.Glob(migrations, "sql/migrations/*.sql")
	if err != nil {
		panic("roster/sqlite: " + err.Error()) // only for a malformed pattern
	}
	slices.Sort(names)
	return names
}
