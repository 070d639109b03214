package herokusim

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// span is a Range header: "version ]40..; order=desc,max=10".
// https://devcenter.heroku.com/articles/platform-api-reference#ranges
type span struct {
	field string
	after string // exclusive; empty: from the start
	desc  bool
	most  int
}

func parseSpan(text, field string, most int) (span, bool) {
	sp := span{field: field, most: most}
	if text == "" {
		return sp, true
	}
	what, params, _ := strings.Cut(text, ";")
	name, bounds, _ := strings.Cut(strings.TrimSpace(what), " ")
	from, _, found := strings.Cut(bounds, "..")
	if name != field || !found {
		return sp, false
	}
	if from != "" {
		if sp.after, found = strings.CutPrefix(from, "]"); !found {
			return sp, false // inclusive bounds are not simulated
		}
	}
	for param := range strings.SplitSeq(params, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		n, err := strconv.Atoi(value)
		switch {
		case key == "":
		case key == "order" && (value == "desc" || value == "asc"):
			sp.desc = value == "desc"
		case key == "max" && err == nil && n >= 1 && n <= 1000:
			sp.most = n
		default:
			return sp, false
		}
	}
	return sp, true
}

// next is the header that asks for what comes after an item.
func (sp span) next(after string) string {
	order := ""
	if sp.desc {
		order = "order=desc,"
	}
	return fmt.Sprintf("%s ]%s..; %smax=%d", sp.field, after, order, sp.most)
}

// page answers with the part of a list that the request's Range asks for. The
// list is sorted by key, which is unique.
func page[T any, K cmp.Ordered](s *Sim, x *exchange, field string, all []T, key func(T) K, show func(T) any) answer {
	sp, valid := parseSpan(x.Header.Get("Range"), field, s.opt.pageSize())
	if !valid {
		return fail(http.StatusRequestedRangeNotSatisfiable, "range", "The range is not one of this resource.")
	}
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b T) int {
		if sp.desc {
			a, b = b, a
		}
		return cmp.Compare(key(a), key(b))
	})
	if sp.after != "" {
		i := slices.IndexFunc(all, func(v T) bool { return fmt.Sprint(key(v)) == sp.after })
		all = all[i+1:] // an item that is gone starts over
	}
	x.header.Set("Accept-Ranges", field)
	status := http.StatusOK
	if len(all) > sp.most {
		all = all[:sp.most]
		status = http.StatusPartialContent
		x.header.Set("Next-Range", sp.next(fmt.Sprint(key(all[len(all)-1]))))
	}
	shown := []any{}
	for _, v := range all {
		shown = append(shown, show(v))
	}
	if n := len(all); n > 0 {
		x.header.Set("Content-Range", fmt.Sprintf("%s %v..%v", field, key(all[0]), key(all[n-1])))
	}
	return answer{status, shown}
}
