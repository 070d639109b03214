// Package catalog reads what is to be rotated: a folder of strict YAML.
//
//	connections.yaml        how pawl signs in where, with references to secrets
//	credentials/*.yaml      one credential a file
//	freezes.yaml            times in which nothing is begun by itself; need not be there
//	sign-in.yaml            OpenID providers by which people sign in to a server; need not be there
//	notify.yaml             who is told of what by a server; need not be there
//
// Reading is all or nothing. Every mistake in every file is found in one go,
// each with its file, line and column, the source line with a caret below it,
// and the nearest valid word. YAML's traps are closed: no duplicate keys, no
// anchors, aliases, merge keys or tags, one document a file. What looks like a
// secret is refused, and is masked wherever the line would be shown.
//
// What a kind of issuer, consumer or proof wants to know is taken from its
// settings struct (see package provider); the JSON Schemas for editors are
// made from the same structs, so that both always agree.
//
// A credential compiles to a [pawl.Plan], which is plain data and all that the
// rest of pawl ever sees.
package catalog
