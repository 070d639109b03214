package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/deliver"
	"github.com/pawl-dev/pawl/engine"
	"github.com/pawl-dev/pawl/rotation"
	"github.com/pawl-dev/pawl/wording"
)

// claiming are the flags of pawl claim.
type claiming struct {
	recipients []string
	file       string // of recipients
	output     string
	show       bool
	profile    string // --write-file
	as         string
	again      bool
	reason     string
}

func newClaimCommand(a *app) *cobra.Command {
	c := &claiming{}
	cmd := &cobra.Command{
		Use: "claim NAME", Short: "Get your own copy of the value in use, once",
		Long: `Gives one person their copy of the value in use, once for each generation. It goes into no
message: it is encrypted to a key of theirs (age or SSH; age -d opens it), written into a
marked block of a file of theirs, or shown on their terminal. While a rotation is open it is
the value that people are asked to move to. Every claim is in the audit log; a second one is
refused, and that is in it too, unless --again says why.`,
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runClaim(cmd.Context(), args[0], c) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&c.recipients, "recipient", nil, "encrypt it to this key: age1…, or an SSH public key")
	f.StringVar(&c.file, "recipients-file", "", "encrypt it to the keys in this file, one a line (as ~/.ssh/id_ed25519.pub)")
	f.StringVarP(&c.output, "output", "o", "", "where the encrypted copy goes (default stdout); a file that is there is not overwritten")
	f.BoolVar(&c.show, "show", false, "show it on the terminal, after the name was typed")
	f.StringVar(&c.profile, "write-file", "", "put it into a block of this file: export VAR='…'")
	f.StringVar(&c.as, "as", "", "name of the variable in that file (default: the first of applies_to)")
	f.BoolVar(&c.again, "again", false, "also if it was claimed already; needs --reason")
	f.StringVar(&c.reason, "reason", "", "why it is claimed again")
	return cmd
}

// check refuses flags that cannot be meant.
func (c *claiming) check() error {
	ways := 0
	for _, way := range []bool{len(c.recipients) > 0 || c.file != "", c.show, c.profile != ""} {
		if way {
			ways++
		}
	}
	switch {
	case ways == 0:
		return usage("how is it to be delivered? --recipient KEY, --recipients-file FILE, --write-file FILE, or --show on a terminal")
	case ways > 1:
		return usage("--recipient, --write-file and --show: give one way")
	case c.output != "" && (c.show || c.profile != ""):
		return usage("-o is for an encrypted copy: it goes with --recipient or --recipients-file")
	case c.as != "" && c.profile == "":
		return usage("--as goes with --write-file")
	case c.again != (c.reason != ""):
		return usage("--again and --reason go together: a second copy needs a reason")
	case len(c.reason) > maxNote || strings.ContainsFunc(c.reason, unicode.IsControl):
		return usage("--reason: want one line of at most %d characters", maxNote)
	}
	return nil
}

func (a *app) runClaim(ctx context.Context, name string, c *claiming) error {
	if err := c.check(); err != nil {
		return err
	}
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	cred, err := cat.Credential(name)
	if err != nil {
		return err
	}
	way, err := a.delivery(c, cred)
	if err != nil {
		return err
	}
	s, err := a.openState(ctx, false)
	if err != nil {
		return err
	}
	defer s.Close()
	eng, box, err := a.engine(ctx, cat, s)
	if err != nil {
		return err
	}
	value, err := valueInUse(ctx, eng, s, cat, name)
	if err != nil {
		return err
	}
	if had, err := way.has(value); err != nil || had {
		if err == nil {
			a.say("%s nothing to do: %s holds it already", a.sign(good), way.where)
		}
		return err
	}
	if err := way.ready(ctx); err != nil {
		return err
	}
	if err := a.claimOnce(ctx, eng, s, name, box.Digest(value), way.where, c); err != nil {
		way.drop()
		return err
	}
	// A crash from here on leaves a claim without a copy: it is claimed --again.
	if err := way.give(value); err != nil {
		return &exit{code: exitFailed, err: err, safe: "Your claim was used up by this, and nothing was delivered.",
			next: []string{"pawl claim " + name + " … --again --reason 'it was not delivered'"}}
	}
	a.say("%s your copy of %s (digest %s) went to %s", a.sign(good), name, strings.TrimPrefix(box.Digest(value), "hmac:"), way.where)
	return nil
}

// valueInUse is the value that a person is to use now.
func valueInUse(ctx context.Context, eng *engine.Engine, s *store, cat *catalog.Catalog, name string) (pawl.Secret, error) {
	run, err := s.Latest(ctx, name)
	if err == nil && run.Outcome == "" {
		value, err := eng.Moving(ctx, run.ID, rotation.Fold(run.Events))
		if err != nil || !value.IsZero() {
			return value, err
		}
	} else if err != nil && pawl.KindOf(err) != pawl.NotFound {
		return pawl.Secret{}, err
	}
	plan, err := cat.Plan(name, pawl.Manual)
	if err != nil {
		return pawl.Secret{}, err
	}
	return eng.Current(ctx, plan)
}

// claimOnce uses up a person's claim on a generation, for good, and says so in
// the audit log. It comes before the copy is made: of two at once only one gets
// it.
func (a *app) claimOnce(ctx context.Context, eng *engine.Engine, s *store, name, digest, where string, c *claiming) error {
	person, _, _ := strings.Cut(a.actor().ID, "@")
	target, about := audit.Target{Credential: name, Where: where}, audit.Context{Detail: "generation " + digest}
	mine, err := json.Marshal(claim{a.actor().ID, time.Now().UTC().Truncate(time.Second), rand.Text()})
	if err != nil {
		return err
	}
	there, err := s.SetMeta(ctx, strings.Join([]string{"claim", name, digest, person}, "/"), mine)
	if err != nil {
		return err
	}
	if string(there) == string(mine) {
		return eng.Record(ctx, audit.SecretClaimed, audit.Success, target, about)
	}
	if c.again {
		about.Detail += "; again: " + c.reason
		return eng.Record(ctx, audit.SecretClaimed, audit.Success, target, about)
	}
	about.Detail += "; refused: it was claimed already"
	if err := eng.Record(ctx, audit.SecretClaimed, audit.Failure, target, about); err != nil {
		return err
	}
	var first claim
	_ = json.Unmarshal(there, &first) // written above; without it only the time is not said
	return &exit{code: exitDeclined, err: fmt.Errorf("%s has had a copy of this %s already, at %s", first.By, name, first.At.Local().Format("2006-01-02 15:04")),
		safe: "Nothing was delivered. If that was not you, somebody else has it: rotate it.",
		next: []string{"pawl claim " + name + " … --again --reason WHY", "pawl rotate " + name + " --reason leak"}}
}

// A claim is who has had a copy, and when.
type claim struct {
	By    string    `json:"by"`
	At    time.Time `json:"at"`
	Nonce string    `json:"nonce"`
}

// A delivery is one way for a copy to reach a person.
type delivery struct {
	where string                          // for people and the audit log
	has   func(pawl.Secret) (bool, error) // whether it is there already
	ready func(context.Context) error     // the last check before the claim is used up
	drop  func()                          // undoes ready
	give  func(pawl.Secret) error
}

func hasNot(pawl.Secret) (bool, error) { return false, nil }
func isReady(context.Context) error    { return nil }
func nothing()                         {}

func (a *app) delivery(c *claiming, cred *catalog.Credential) (delivery, error) {
	switch {
	case c.show:
		return a.onTerminal(cred.Name)
	case c.profile != "":
		return a.intoFile(c, cred)
	}
	return a.encrypted(c)
}

func (a *app) onTerminal(name string) (delivery, error) {
	if !a.outTerminal() || !a.asks() {
		return delivery{}, usage("--show is for a terminal only; what goes anywhere else is encrypted: --recipient KEY")
	}
	return delivery{where: "the terminal", has: hasNot, drop: nothing,
		ready: func(ctx context.Context) error {
			ok, err := a.typeName(ctx, "The value will be on your screen, and in its scrollback.", name)
			if err == nil && !ok {
				return &exit{code: exitDeclined, err: errors.New("declined; nothing was shown")}
			}
			return err
		},
		give: func(v pawl.Secret) error { return printValue(a.out, v) },
	}, nil
}

func printValue(w io.Writer, v pawl.Secret) error {
	_, err := fmt.Fprintf(w, "%s\n", v.Reveal())
	return err
}

func (a *app) encrypted(c *claiming) (delivery, error) {
	text := strings.Join(c.recipients, "\n")
	if c.file != "" {
		b, err := os.ReadFile(c.file)
		if err != nil {
			return delivery{}, usage("--recipients-file: %v", errors.Unwrap(err))
		}
		text += "\n" + string(b)
	}
	to, err := deliver.Parse(text)
	if err != nil {
		return delivery{}, usage("the recipients: %v", errors.Unwrap(err))
	}
	d := delivery{where: wording.Count(len(to), "recipient"), has: hasNot, ready: isReady, drop: nothing}
	out := a.out
	if c.output != "" {
		d.where += ", " + c.output
		d.drop = func() { os.Remove(c.output) }
		d.ready = func(context.Context) error {
			f, err := os.OpenFile(c.output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return usage("-o %s: %v", c.output, errors.Unwrap(err))
			}
			out = f
			return nil
		}
	}
	d.give = func(v pawl.Secret) error {
		text, err := deliver.Encrypt(v, to)
		if err == nil {
			_, err = out.Write(text)
		}
		return err
	}
	return d, nil
}

func (a *app) intoFile(c *claiming, cred *catalog.Credential) (delivery, error) {
	variable, err := variableOf(cred, c.as)
	if err != nil {
		return delivery{}, err
	}
	path, err := filepath.Abs(c.profile)
	if err != nil {
		return delivery{}, err
	}
	b := deliver.Block{Path: path, Name: cred.Name, Variable: variable}
	return delivery{where: path, has: b.Holds, ready: isReady, drop: nothing, give: b.Write}, nil
}

var variablePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// variableOf is the environment variable that a credential goes by: the one
// that is asked for, else the first that the catalog names, else the key that
// the store knows it by.
func variableOf(cred *catalog.Credential, as string) (string, error) {
	candidates := []string{as}
	if as == "" {
		candidates = append(candidates[:0], cred.AppliesTo...)
		if cred.Store != nil {
			var settings struct{ Key string }
			_ = json.Unmarshal(cred.Store.Op.Config, &settings) // a store without a key has none
			candidates = append(candidates, settings.Key)
		}
	}
	for _, name := range candidates {
		if variablePattern.MatchString(name) {
			return name, nil
		}
	}
	if as != "" {
		return "", usage("--as %s: want the name of a variable", word(as))
	}
	return "", usage("the catalog names no variable for %s: add --as NAME", cred.Name)
}
