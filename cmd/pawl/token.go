package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/roster"
	"github.com/pawl-dev/pawl/wording"
)

func newTokenCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Make, list, revoke and check tokens that let programs into a server",
		Long: `Tokens let programs into a server (pawl serve). Here they are made on the server's own
machine, by who can write its state folder; people make their own in the console.

A token begins with pawl_t and ends with a checksum, so that scanners find it in a text:
  ` + roster.Pattern,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("token: want create, ls, revoke or check")
		}}
	cmd.AddCommand(newTokenCreateCommand(a), newTokenListCommand(a), newTokenRevokeCommand(a), newTokenCheckCommand(a))
	return cmd
}

// tokenAsk are the flags of pawl token create.
type tokenAsk struct {
	roles, scope, teams []string
	expires             days
}

func newTokenCreateCommand(a *app) *cobra.Command {
	o := &tokenAsk{expires: days(roster.TokenFor)}
	cmd := &cobra.Command{Use: "create NAME", Short: "Make a token, and show it once",
		Long: `Prints the token, and nothing else, on standard output: pipe it to where it belongs. Only
its digest is kept; whoever loses it makes another one.

  pawl token create ci --role operator --scope see,plan,rotate | gh secret set PAWL_TOKEN

Roles: ` + strings.Join(texts(access.Roles()), ", ") + `.
Scope narrows them to these actions: ` + strings.Join(texts(access.Actions()), ", ") + `.
No token approves, accepts, or lets people in: that takes a person.

Exit status: 0 made · 2 usage · 1 there is one of this name already`,
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runTokenCreate(cmd.Context(), args[0], o) }}
	cmd.Flags().StringSliceVar(&o.roles, "role", nil, "what it may do; several with commas")
	completes(cmd, "role", access.Roles())
	cmd.Flags().StringSliceVar(&o.scope, "scope", nil, "no more than these actions")
	completes(cmd, "scope", access.Actions())
	cmd.Flags().StringSliceVar(&o.teams, "team", nil, "as the catalog's role and approval.from name them")
	cmd.Flags().Var(&o.expires, "expires", "how long it is good, at most 366d")
	return cmd
}

func (a *app) runTokenCreate(ctx context.Context, name string, o *tokenAsk) error {
	if len(o.roles) == 0 {
		return usage("token create: say what it may do, as --role operator, or --role viewer to look")
	}
	roles, err := rolesOf(o.roles)
	if err != nil {
		return err
	}
	scope, err := among("--scope", "action", o.scope, access.Actions())
	if err != nil {
		return err
	}
	ask := desk.TokenAsk{Name: name, Roles: roles, Scope: scope, Teams: o.teams, For: time.Duration(o.expires)}
	return a.asOwner(ctx, func(t *desk.Team, who access.Subject) error {
		made, value, err := t.MakeToken(ctx, who, ask)
		if err != nil {
			return err
		}
		if a.json {
			return json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "token": made, "value": string(value.Reveal())})
		}
		a.print("%s", value.Reveal())
		a.say("%s %s is good until %s; it is not shown again", a.sign(good), wording.Printable(made.Name), a.moment(made.Expires))
		a.say("  pawl token revoke %s   ends it", made.ID)
		return nil
	})
}

func newTokenListCommand(a *app) *cobra.Command {
	return &cobra.Command{Use: "ls", Short: "List tokens, the newest first: id, name, state, who made it, roles, scope, end, last use", Args: names(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runTokenList(cmd.Context()) }}
}

func (a *app) runTokenList(ctx context.Context) error {
	return a.asOwner(ctx, func(t *desk.Team, who access.Subject) error {
		all, err := t.Tokens(ctx, who)
		if err != nil {
			return err
		}
		if a.json {
			return json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "tokens": all})
		}
		if len(all) == 0 {
			a.say("%s no tokens yet: pawl token create NAME --role ROLE", a.sign(good))
			return nil
		}
		var rows [][]string
		for _, t := range all {
			rows = append(rows, a.tokenRow(t))
		}
		a.table([]string{"ID", "NAME", "STATE", "BY", "ROLES", "SCOPE", "UNTIL", "LAST USED"}, rows)
		return nil
	})
}

func (a *app) tokenRow(t api.Token) []string {
	used := ""
	if t.Used != nil {
		used = a.moment(*t.Used)
	}
	return []string{t.ID, t.Name, t.State, t.By, strings.Join(t.Roles, ","), strings.Join(t.Scope, ","), a.moment(t.Expires), used}
}

func newTokenRevokeCommand(a *app) *cobra.Command {
	return &cobra.Command{Use: "revoke ID|NAME", Short: "End a token: from its next request on, it is refused", Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.asOwner(cmd.Context(), func(t *desk.Team, who access.Subject) error {
				gone, err := t.RevokeToken(cmd.Context(), who, args[0])
				if err == nil {
					a.say("%s %s (%s) is revoked", a.sign(good), wording.Printable(gone.Name), gone.ID)
				}
				return err
			})
		}}
}

func newTokenCheckCommand(a *app) *cobra.Command {
	return &cobra.Command{Use: "check", Short: "Tell whether a text is a token of pawl's, offline: its form and its checksum",
		Long: `Reads the text from standard input, or asks for it without showing it. Nobody is asked, so
it says nothing of whether the token opens anything.

Exit status: 0 it is one · 1 it is not, or a character of it is wrong`,
		Args: names(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runTokenCheck(cmd.Context()) }}
}

// tokenKinds is what people call them.
var tokenKinds = map[roster.Letter]string{roster.OfToken: "a token of a program", roster.OfCode: "a code that lets one person in once", roster.OfSession: "a browser's session"}

func (a *app) runTokenCheck(ctx context.Context) error {
	var text pawl.Secret
	var err error
	if a.asks() {
		text, err = a.readHidden(ctx, "The token: ")
	} else {
		text, err = a.read(&giving{stdin: true})
	}
	if err != nil {
		return err
	}
	letter := roster.LetterOf(pawl.NewSecret(bytes.TrimSpace(text.Reveal())))
	if letter == 0 {
		return &exit{code: exitFailed, err: errors.New("this is no token of pawl's, or a character of it is wrong")}
	}
	kind := tokenKinds[letter]
	if kind == "" {
		kind = "a token that a newer pawl may know"
	}
	if a.json {
		return json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "well_formed": true, "kind": string(rune(letter))})
	}
	a.say("%s %s: the checksum is right", a.sign(good), kind)
	return nil
}

func as[T ~string](all []string) []T {
	var out []T
	for _, s := range all {
		out = append(out, T(s))
	}
	return out
}

func texts[T ~string](all []T) []string {
	var out []string
	for _, s := range all {
		out = append(out, string(s))
	}
	return out
}
