package notify

import (
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl/catalog"
)

// crowd is how many notes of a kind are told one by one.
const crowd = 5

// fold makes one note of many that are new at one time and say that something
// comes: reminders, and what waits to be begun. What is wrong, or waits for an
// answer, is always told by itself. Single are the keys of those that are.
func fold(fresh []Note) (single map[string]bool, many []Note) {
	single = map[string]bool{}
	of := map[string][]Note{}
	for _, n := range fresh {
		single[n.Key] = true
		if n.Occasion == catalog.TellDue || n.Occasion == catalog.TellTask {
			of[n.Occasion] = append(of[n.Occasion], n)
		}
	}
	for _, occasion := range []string{catalog.TellTask, catalog.TellDue} {
		notes := of[occasion]
		if len(notes) <= crowd {
			continue
		}
		sum := Note{Key: fmt.Sprintf("many/%s/%d", occasion, notes[0].At.UnixMilli()), Occasion: occasion, At: notes[0].At, Next: "pawl due"}
		for _, n := range notes {
			delete(single, n.Key)
			sum.many = append(sum.many, n.Credential)
		}
		what := "credentials are due soon"
		if occasion == catalog.TellTask {
			what = "credentials wait for somebody to begin their rotation"
		}
		sum.Title, sum.Text = fmt.Sprintf("%d %s", len(notes), what), list(sum.many)
		many = append(many, sum)
	}
	return single, many
}

// list names the first of many.
func list(names []string) string {
	const most = 20
	if len(names) <= most {
		return strings.Join(names, ", ") + "."
	}
	return fmt.Sprintf("%s, and %d more.", strings.Join(names[:most], ", "), len(names)-most)
}
