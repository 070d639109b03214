package sim

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// ParseRule reads a rule from the form
//
//	VENDOR METHOD PATH FAULT [xN] [after=N]
//
// as "heroku POST /oauth/authorizations lose x1": the answer to the first such
// request is lost. VENDOR and METHOD may be *, PATH is a glob. Without xN it
// always happens; after=N lets N requests go well first. vendors are the names
// that are allowed; none allows any. Errors name the nearest valid word.
func ParseRule(text string, vendors ...string) (Rule, error) {
	words := strings.Fields(text)
	if len(words) < 4 {
		return Rule{}, fmt.Errorf("fault %q: want VENDOR METHOD PATH FAULT [xN] [after=N]", text)
	}
	rule := Rule{Match: Match{words[0], words[1], words[2]}, Fault: Fault(words[3])}
	if err := rule.valid(vendors); err != nil {
		return Rule{}, fmt.Errorf("fault %q: %w", text, err)
	}
	for _, word := range words[4:] {
		if err := rule.option(word); err != nil {
			return Rule{}, fmt.Errorf("fault %q: %w", text, err)
		}
	}
	return rule, nil
}

func (r Rule) valid(vendors []string) error {
	if len(vendors) > 0 {
		if err := oneOf("vendor", r.Vendor, append([]string{"*"}, vendors...)); err != nil {
			return err
		}
	}
	if err := oneOf("method", r.Method, []string{"*", "WRITE", "GET", "POST", "PUT", "PATCH", "DELETE"}); err != nil {
		return err
	}
	if _, err := path.Match(r.Path, ""); err != nil || !strings.HasPrefix(r.Path, "/") && r.Path != "**" {
		return fmt.Errorf("%q is not a path: it begins with a slash, * is anything within a segment, ** anything", r.Path)
	}
	var names []string
	for _, f := range Faults() {
		names = append(names, string(f))
	}
	return oneOf("fault", string(r.Fault), names)
}

func (r *Rule) option(word string) error {
	field, number := &r.Times, ""
	if after, ok := strings.CutPrefix(word, "after="); ok {
		field, number = &r.After, after
	} else if times, ok := strings.CutPrefix(word, "x"); ok {
		number = times
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return fmt.Errorf("%q is neither xN nor after=N with a number of at least 1", word)
	}
	*field = n
	return nil
}

func oneOf(what, word string, valid []string) error {
	best, least := "", len(word)+1
	for _, v := range valid {
		if v == word {
			return nil
		}
		if d := distance(strings.ToLower(word), strings.ToLower(v)); d < least {
			best, least = v, d
		}
	}
	if least > 1+len(word)/3 {
		return fmt.Errorf("no %s %q; there are %s", what, word, strings.Join(valid, ", "))
	}
	return fmt.Errorf("no %s %q; did you mean %q?", what, word, best)
}

// distance is the number of letters to insert, drop or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
