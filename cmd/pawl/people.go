package main

import (
	"context"
	"encoding/json"
	"os/user"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/api"
	"github.com/pawl-dev/pawl/desk"
	"github.com/pawl-dev/pawl/wording"
)

func newPeopleCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "people", Short: "Who may come into a server: list, invite and change people",
		Long: `Who may sign in to a server (pawl serve), and what they may do there. Here that is decided on
the server's own machine, by who can write its state folder; admins do it in the console.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return usage("people: want ls, invite, change or accept") }}
	cmd.AddCommand(newPeopleListCommand(a), newPeopleInviteCommand(a), newPeopleChangeCommand(a), newPeopleAcceptCommand(a))
	return cmd
}

func newPeopleListCommand(a *app) *cobra.Command {
	return &cobra.Command{Use: "ls", Short: "List everybody: id, name, roles, teams, who vouches for them, passkeys", Args: names(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runPeopleList(cmd.Context()) }}
}

func (a *app) runPeopleList(ctx context.Context) error {
	return a.asOwner(ctx, func(t *desk.Team, who access.Subject) error {
		all, err := t.People(ctx, who)
		if err != nil {
			return err
		}
		if a.json {
			return json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "people": all})
		}
		if len(all) == 0 {
			a.say("%s nobody yet: pawl people invite ID --role ROLE", a.sign(good))
			return nil
		}
		var rows [][]string
		for _, p := range all {
			state := "in"
			if p.Disabled {
				state = "disabled"
			}
			rows = append(rows, []string{p.ID, p.Name, state, strings.Join(p.Roles, ","), strings.Join(p.Teams, ","), strings.Join(p.Logins, ","), strconv.Itoa(p.Passkeys)})
		}
		a.table([]string{"ID", "NAME", "STATE", "ROLES", "TEAMS", "LOGINS", "PASSKEYS"}, rows)
		return nil
	})
}

// personal are the flags that say what somebody is.
type personal struct {
	name, unix      string
	roles, teams    []string
	without         []string
	disable, enable bool
}

func (p *personal) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.name, "name", "", "as people call them")
	cmd.Flags().StringSliceVar(&p.roles, "role", nil, "what they may do: "+strings.Join(texts(access.Roles()), ", "))
	completes(cmd, "role", access.Roles())
	cmd.Flags().StringSliceVar(&p.teams, "team", nil, "as the catalog's role and approval.from name them")
	cmd.Flags().StringVar(&p.unix, "unix-user", "", "who they are on this machine")
}

func newPeopleInviteCommand(a *app) *cobra.Command {
	o := &personal{}
	cmd := &cobra.Command{Use: "invite ID", Short: "Let somebody in: print a code that is good once, within three days",
		Long: `Prints a code, and nothing else, on standard output. Whoever gives it on the server's sign-in
page is that person, and adds a passkey or a login of their own then. Send it by a way that
only they read.

Of somebody who is in the team already, ID alone makes another code: for who has lost their
passkeys. With --unix-user, a user of this machine is them at the server's socket.

  pawl people invite bo --role approver --team security`,
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runPeopleInvite(cmd.Context(), args[0], o) }}
	o.flags(cmd)
	return cmd
}

func (a *app) runPeopleInvite(ctx context.Context, id string, o *personal) error {
	roles, err := rolesOf(o.roles)
	if err != nil {
		return err
	}
	return a.asOwner(ctx, func(t *desk.Team, who access.Subject) error {
		code, err := t.Invite(ctx, who, desk.Invite{ID: id, Name: o.name, Roles: roles, Teams: o.teams, Unix: o.unix})
		if err != nil {
			return err
		}
		if a.json {
			return json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "id": id, "code": string(code.Reveal())})
		}
		a.print("%s", code.Reveal())
		a.say("%s whoever gives this code on the sign-in page within three days is %s; it is good once", a.sign(good), id)
		a.warnUnknownUser(o.unix)
		return nil
	})
}

func newPeopleChangeCommand(a *app) *cobra.Command {
	o := &personal{}
	cmd := &cobra.Command{Use: "change ID", Short: "Say what somebody is from now on; what is not said stays",
		Long: `Roles and teams that are given are all that they have from now on. Who is disabled is signed
out at once, and their tokens are refused; they stay in the list, for the audit log's sake.
With --unix-user, a user of this machine is them at the server's socket, and no other one is.`,
		Args: names(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.disable && o.enable {
				return usage("--disable and --enable: give one of them")
			}
			return a.runPeopleChange(cmd.Context(), args[0], o, func(flag string) bool { return cmd.Flags().Changed(flag) })
		}}
	o.flags(cmd)
	cmd.Flags().StringSliceVar(&o.without, "drop-login", nil, "an issuer who vouches for them no more, as pawl people ls shows it")
	cmd.Flags().BoolVar(&o.disable, "disable", false, "nobody any more")
	cmd.Flags().BoolVar(&o.enable, "enable", false, "somebody again")
	return cmd
}

func (a *app) runPeopleChange(ctx context.Context, id string, o *personal, given func(flag string) bool) error {
	roles, err := rolesOf(o.roles)
	if err != nil {
		return err
	}
	return a.asOwner(ctx, func(t *desk.Team, who access.Subject) error {
		all, err := t.People(ctx, who)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(p api.Person) bool { return p.ID == id })
		if i < 0 {
			return usage("nobody is called %s: pawl people ls", wording.Printable(id))
		}
		is := all[i]
		to := desk.Change{Name: is.Name, Roles: as[access.Role](is.Roles), Teams: is.Teams, Disabled: (is.Disabled || o.disable) && !o.enable, Without: o.without, Unix: o.unix}
		if given("name") {
			to.Name = o.name
		}
		if given("role") {
			to.Roles = roles
		}
		if given("team") {
			to.Teams = o.teams
		}
		after, err := t.Change(ctx, who, id, is.Version, to)
		if err != nil {
			return err
		}
		now := strings.Join(after.Roles, ", ")
		if after.Disabled {
			now = "disabled"
		}
		a.say("%s %s: %s", a.sign(good), after.ID, now)
		a.warnUnknownUser(o.unix)
		return nil
	})
}

// warnUnknownUser says that this machine does not know a user. It is no error: the
// user may come to be, and a directory may be out of reach.
func (a *app) warnUnknownUser(name string) {
	if name == "" {
		return
	}
	if _, err := user.Lookup(name); err != nil {
		a.say("%s this machine knows no user %s now; whoever is called so later is let in as them", a.sign(warn), wording.Printable(name))
	}
}
