package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/catalog"
	"github.com/pawl-dev/pawl/notify"
)

func newNotifyCommand(a *app) *cobra.Command {
	var test bool
	cmd := &cobra.Command{
		Use: "notify [CHANNEL]", Short: "Who is told of what by a server; --test sends a message",
		Long: `Lists the channels of notify.yaml and what each is told of. With --test a message is sent by
the channel that is named, or by all of them, right now and by this process: it shows that the
secrets are there, that the receiver lets us in, and where the message ends up.

Exit status: 0 · 1 a message was not delivered · 2 usage or catalog`,
		Args: names(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runNotify(cmd.Context(), args, test) },
	}
	cmd.Flags().BoolVar(&test, "test", false, "send a message")
	return cmd
}

func (a *app) runNotify(ctx context.Context, args []string, test bool) error {
	cat, err := a.loadCatalog()
	if err != nil {
		return err
	}
	all := cat.Notify().Channels
	if len(args) == 1 {
		all = slices.DeleteFunc(all, func(c catalog.Channel) bool { return c.Name != args[0] })
		if len(all) == 0 {
			return usage("no channel %s in notify.yaml", word(args[0]))
		}
	}
	switch {
	case len(all) == 0:
		a.say("%s nobody is told of anything: there is no notify.yaml", a.sign(idle))
		if a.json {
			return json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "channels": channelRows(nil)})
		}
		return nil
	case test:
		return a.tryChannels(ctx, all, cat.Notify().Link)
	case a.json:
		return json.NewEncoder(a.out).Encode(map[string]any{"version": 1, "channels": channelRows(all)})
	}
	for _, c := range channelRows(all) {
		a.print("%s\t%s\t%s", c.Name, c.Kind, strings.Join(c.Tell, ", "))
	}
	return nil
}

type channelRow struct {
	Name        string   `json:"name"`
	Kind        string   `json:"kind"`
	Tell        []string `json:"tell"`
	Credentials []string `json:"credentials,omitempty"`
}

func channelRows(all []catalog.Channel) []channelRow {
	rows := []channelRow{}
	for _, c := range all {
		rows = append(rows, channelRow{c.Name, c.Kind, c.Tell, c.Credentials})
	}
	return rows
}

// tryChannels sends a message by each channel. One that fails keeps no other.
func (a *app) tryChannels(ctx context.Context, all []catalog.Channel, link string) error {
	h := &herald{a: a, folio: &folio{a: a}}
	now := time.Now()
	n := notify.Note{ID: fmt.Sprintf("test/%d", now.UnixMilli()), Occasion: "test", At: now, Link: link,
		Title: "This is a test", Text: a.actor().ID + " wants to know whether messages of pawl arrive here. They do."}
	n.Key = n.ID
	missed := 0
	for _, c := range all {
		s, err := h.sender(ctx, c)
		if err == nil {
			one, cancel := context.WithTimeout(ctx, 30*time.Second)
			_, err = s.Tell(one, n)
			cancel()
		}
		if err == nil {
			a.say("%s %s was told", a.sign(good), c.Name)
			continue
		}
		missed++
		why := err.Error()
		if e, ok := errors.AsType[*pawl.Error](err); ok && e.Err != nil {
			why = e.Err.Error()
		}
		a.say("%s %s was not told: %s", a.sign(bad), c.Name, why)
		if hint := pawl.HintOf(err); hint != "" {
			a.say("    %s", hint)
		}
	}
	if missed > 0 {
		return &exit{code: exitFailed}
	}
	return nil
}
