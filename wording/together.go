package wording

import (
	"slices"
	"strings"
)

// Together says a remark once that is made of several places ("api: not there",
// "ci: not there"), in the order of the places' names.
func Together(findings []string) (all []string) {
	where := map[string][]string{}
	for _, f := range findings {
		place, remark, ok := strings.Cut(f, ": ")
		if !ok || strings.Contains(place, " ") {
			place, remark = "", f
		}
		if where[remark] == nil {
			all = append(all, remark)
		}
		where[remark] = append(where[remark], place)
	}
	for i, remark := range all {
		places := where[remark]
		slices.Sort(places)
		if places[0] != "" {
			all[i] = strings.Join(places, ", ") + ": " + remark
		}
	}
	slices.Sort(all)
	return all
}
