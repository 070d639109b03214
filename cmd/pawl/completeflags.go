package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// completes gives a flag that takes some of a few words their completion.
func completes[T ~string](cmd *cobra.Command, flag string, words []T) {
	err := cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return continued(texts(words), typed), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil { // there is no such flag: a mistake of whoever wrote the command
		panic(err)
	}
}

// continued are the words that a list with commas may go on with. One that is in
// it already is not offered again.
func continued(words []string, typed string) (all []string) {
	list := typed[:strings.LastIndex(typed, ",")+1]
	for _, w := range words {
		if !slices.Contains(strings.Split(list, ","), w) {
			all = append(all, list+w)
		}
	}
	return all
}
