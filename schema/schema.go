// Package schema holds the JSON Schemas of a catalog's files, for editors:
//
//	# yaml-language-server: $schema=../schema/credential.v1.json
//
// They are made from the providers by package catalog and kept here so that
// they have an address; a test says when they are out of date.
package schema

import _ "embed"

// Credential is the schema of credentials/*.yaml.
//
//go:embed credential.v1.json
var Credential []byte

// Connections is the schema of connections.yaml.
//
//go:embed connections.v1.json
var Connections []byte

// SignIn is the schema of sign-in.yaml.
//
//go:embed sign-in.v1.json
var SignIn []byte

// Freezes is the schema of freezes.yaml.
//
//go:embed freezes.v1.json
var Freezes []byte

// Notify is the schema of notify.yaml.
//
//go:embed notify.v1.json
var Notify []byte
