package catalog

import (
	"encoding"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider"
)

// Schemas are JSON Schema draft-07, which every editor understands.
const schemaDialect = "http://json-schema.org/draft-07/schema#"

const (
	durationPatternText = `^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$`
	windowPatternText   = `^([A-Za-z,-]+ +)?[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9] +[A-Za-z0-9_+/-]+$`
	refPatternText      = `^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|credential:[^/\\]+|keyring:.+|command: *\[.+\]|netrc)$`
)

// CredentialSchema returns the JSON Schema of credentials/*.yaml. Its bytes
// depend on nothing but the providers.
func CredentialSchema(providers []provider.Provider) []byte {
	b := &schemas{kinds: newKinds(providers), definitions: object{}}
	root := b.structure(reflect.TypeFor[credentialKeys]())
	root["title"] = "A credential and every place that uses it"
	return b.document(root)
}

// ConnectionsSchema returns the JSON Schema of connections.yaml. Its bytes
// depend on nothing but the providers.
func ConnectionsSchema(providers []provider.Provider) []byte {
	b := &schemas{kinds: newKinds(providers), definitions: object{}}
	var entries []any
	for _, name := range sortedKeys(b.kinds.connections) {
		entries = append(entries, b.when(name, "connection", b.connection(name)))
	}
	root := b.structure(reflect.TypeFor[connectionsKeys]())
	root["title"] = "How pawl signs in to vendors"
	root["properties"].(object)["connections"] = object{
		"type": "object", "description": "How pawl signs in, by name.",
		"propertyNames":        object{"pattern": namePattern.String(), "maxLength": maxName},
		"additionalProperties": b.choice(sortedKeys(b.kinds.connections), entries),
	}
	return b.document(root)
}

// FreezesSchema returns the JSON Schema of freezes.yaml.
func FreezesSchema() []byte {
	b := &schemas{definitions: object{}}
	root := b.structure(reflect.TypeFor[freezesKeys]())
	root["title"] = "Times in which nothing is begun by itself"
	return b.document(root)
}

// SignInSchema returns the JSON Schema of sign-in.yaml.
func SignInSchema() []byte {
	b := &schemas{definitions: object{}}
	root := b.structure(reflect.TypeFor[signInKeys]())
	root["title"] = "OpenID providers by which people sign in to a server"
	return b.document(root)
}

type object = map[string]any

// schemas builds one schema.
type schemas struct {
	kinds       *kinds
	definitions object
}

// A schemer is a type of this package that describes itself.
type schemer interface{ jsonSchema(*schemas) object }

func (b *schemas) document(root object) []byte {
	root["$schema"] = schemaDialect
	if len(b.definitions) > 0 {
		root["definitions"] = b.definitions
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil { // made of texts, numbers, lists and maps only
		panic("pawl: catalog: schema: " + err.Error())
	}
	return append(text, '\n')
}

// of returns the schema of a Go type.
func (b *schemas) of(t reflect.Type) object {
	zero := reflect.New(t).Interface()
	if own, ok := zero.(schemer); ok {
		return own.jsonSchema(b)
	}
	if _, ok := zero.(provider.Shorthand); ok {
		return object{"oneOf": []any{object{"type": "string"}, b.structure(t)}}
	}
	if _, ok := zero.(encoding.TextUnmarshaler); ok {
		return object{"type": "string"}
	}
	if _, ok := zero.(json.Unmarshaler); ok {
		return object{}
	}
	if t == reflect.TypeFor[time.Duration]() {
		return durationSchema()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return b.of(t.Elem())
	case reflect.Struct:
		return b.structure(t)
	case reflect.Slice:
		return object{"type": "array", "items": b.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": b.of(t.Elem())}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return object{"type": "integer"}
	}
	return object{}
}

// structure returns the schema of a mapping with the keys of all structs.
func (b *schemas) structure(structs ...reflect.Type) object {
	properties, required := object{}, []string{}
	for _, t := range structs {
		for _, f := range fieldsOf(t) {
			if _, known := properties[f.key]; known {
				continue
			}
			property := maps.Clone(b.of(f.typ))
			if f.doc != "" {
				property["description"] = f.doc
			}
			properties[f.key] = property
			if f.required {
				required = append(required, f.key)
				notEmpty(property)
			}
		}
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	setRequired(schema, required)
	return schema
}

// notEmpty makes a schema refuse an empty text, list or map.
func notEmpty(schema object) {
	switch schema["type"] {
	case "string":
		if _, listed := schema["enum"]; !listed {
			schema["minLength"] = 1
		}
	case "array":
		schema["minItems"] = 1
	}
}

func setRequired(schema object, keys []string) {
	delete(schema, "required")
	if len(keys) > 0 {
		schema["required"] = slices.Sorted(slices.Values(keys))
	}
}

func requiredOf(schema object) []string {
	required, _ := schema["required"].([]string)
	return required
}

// when defines a variant of an entry and returns what applies it to those of
// its kind.
func (b *schemas) when(kind, role string, variant object) object {
	name := role + "." + strings.ReplaceAll(kind, "/", ".")
	variant["properties"].(object)["kind"] = object{"const": kind, "description": "The kind."}
	b.definitions[name] = variant
	return object{
		"if":   object{"properties": object{"kind": object{"const": kind}}, "required": []string{"kind"}},
		"then": object{"$ref": "#/definitions/" + name},
	}
}

func (b *schemas) choice(kinds []string, variants []any) object {
	schema := object{"type": "object", "required": []string{"kind"}, "properties": object{"kind": object{"enum": kinds}}}
	if len(variants) > 0 {
		schema["allOf"] = variants
	}
	return schema
}

// entry returns the schema of an entry of one kind.
func (b *schemas) entry(keys reflect.Type, doc string, settings provider.Settings, vendor string, connects bool) object {
	schema := b.structure(keys, reflect.TypeOf(settings).Elem())
	schema["description"] = doc
	if connects {
		schema["properties"].(object)["connection"] = object{"type": "string", "minLength": 1, "description": "A connection of kind " + vendor + "."}
		setRequired(schema, append(requiredOf(schema), "connection"))
	} else {
		delete(schema["properties"].(object), "connection")
	}
	return schema
}

func (*issuerEntry) jsonSchema(b *schemas) object {
	var variants []any
	for _, name := range sortedKeys(b.kinds.issuers) {
		o := b.kinds.issuers[name]
		variants = append(variants, b.when(name, "issuer", b.entry(reflect.TypeFor[issuerKeys](), o.kind.Doc, o.kind.Settings(), o.vendor, o.connects)))
	}
	return b.choice(sortedKeys(b.kinds.issuers), variants)
}

func (*storeEntry) jsonSchema(b *schemas) object {
	return b.choice(sortedKeys(b.kinds.consumers), b.places("store", reflect.TypeFor[storeKeys]()))
}

func (*consumerEntry) jsonSchema(b *schemas) object {
	b.proofs()
	variants := b.places("consumer", reflect.TypeFor[consumerKeys]())
	variants = append(variants, b.when(humanKind, "consumer", b.structure(reflect.TypeFor[humanKeys]())))
	return b.choice(append(sortedKeys(b.kinds.consumers), humanKind), variants)
}

func (b *schemas) places(role string, keys reflect.Type) []any {
	var variants []any
	for _, name := range sortedKeys(b.kinds.consumers) {
		o := b.kinds.consumers[name]
		variants = append(variants, b.when(name, role, b.entry(keys, o.kind.Doc, o.kind.Settings(), o.vendor, o.connects)))
	}
	return variants
}

// proofs defines the kinds of proof.
func (b *schemas) proofs() {
	for _, name := range sortedKeys(b.kinds.provers) {
		o := b.kinds.provers[name]
		schema := b.structure(reflect.TypeFor[proofKeys](), reflect.TypeOf(o.kind.Settings()).Elem())
		schema["description"] = o.kind.Doc
		inherited := func(key string) bool { return slices.Contains(o.kind.Inherit, key) }
		setRequired(schema, append(slices.DeleteFunc(requiredOf(schema), inherited), name))
		if !o.connects {
			delete(schema["properties"].(object), "connection")
		}
		setRequired(schema, slices.Compact(requiredOf(schema)))
		b.definitions["proof."+name] = schema
	}
}

// jsonSchema describes a list that is looked at later; all of them are proofs.
func (*rawList) jsonSchema(b *schemas) object {
	var variants []any
	for _, name := range sortedKeys(b.kinds.provers) {
		variants = append(variants, object{
			"if":   object{"required": []string{name}},
			"then": object{"$ref": "#/definitions/proof." + name},
		})
	}
	items := object{"type": "object"}
	if len(variants) > 0 {
		items["allOf"] = variants
		items["anyOf"] = anyRequired(sortedKeys(b.kinds.provers))
	}
	return object{"type": "array", "items": items}
}

func anyRequired(keys []string) []any {
	var options []any
	for _, key := range keys {
		options = append(options, object{"required": []string{key}})
	}
	return options
}

// jsonSchema describes a mapping that is looked at later: whom to notify. The
// one of connections.yaml is described by [ConnectionsSchema].
func (*rawNodes) jsonSchema(b *schemas) object {
	properties := object{"connection": object{"type": "string", "description": "The connection, if there are several."}}
	for _, name := range sortedKeys(b.kinds.notifiers) {
		properties[name] = object{"type": "string", "minLength": 1, "description": "To whom."}
	}
	return object{"type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1}
}

func (b *schemas) connection(name string) object {
	kind := b.kinds.connections[name]
	schema := b.structure(reflect.TypeFor[connectionKeys]())
	if kind.Scopes != "" {
		schema["description"] = "Permissions needed: " + kind.Scopes
	}
	properties, required := schema["properties"].(object), requiredOf(schema)
	if kind.URL == "" {
		required = append(required, "url")
	} else {
		properties["url"].(object)["default"] = kind.URL
	}
	for _, s := range kind.Secrets {
		properties[s.Name] = reference(s.Doc)
		required = append(required, s.Name)
	}
	setRequired(schema, required)
	return schema
}

// reference describes a reference to a secret.
func reference(doc string) object {
	return object{
		"description": strings.TrimSpace(doc + " A reference, never the value: env:NAME, file:PATH, {command: [ARGV]}, credential:NAME, keyring:NAME or netrc."),
		"oneOf": []any{
			object{"type": "string", "pattern": refPatternText},
			object{
				"type": "object", "additionalProperties": false, "required": []string{"command"},
				"properties": object{"command": object{"type": "array", "minItems": 1, "items": object{"type": "string"}}},
			},
		},
	}
}

func durationSchema() object {
	return object{"type": "string", "minLength": 2, "pattern": durationPatternText}
}

func (*version) jsonSchema(*schemas) object { return object{"const": 1} }

func (*wait) jsonSchema(*schemas) object { return durationSchema() }

func (*period) jsonSchema(*schemas) object { return durationSchema() }

func (*Window) jsonSchema(*schemas) object {
	return object{"type": "string", "pattern": windowPatternText}
}

func (*credentialName) jsonSchema(*schemas) object {
	return object{"type": "string", "pattern": namePattern.String(), "maxLength": maxName}
}

func (*entryID) jsonSchema(*schemas) object {
	return object{"type": "string", "pattern": idPattern.String(), "maxLength": maxName, "not": object{"const": storeID}}
}

func (*approvalCount) jsonSchema(*schemas) object {
	return object{"type": "integer", "minimum": 1, "maximum": maxApprovals}
}

func (*evidence) jsonSchema(*schemas) object {
	return object{"type": "string", "enum": pawl.Classes()}
}

func (*blocks) jsonSchema(*schemas) object {
	return object{"type": "string", "enum": []string{string(blocksRevoke), string(blocksNothing)}, "default": string(blocksRevoke)}
}
