package evidence

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"html/template"
	"sync"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

//go:embed page.html
var pageText string

// page is made when it is asked for: most commands show none.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(pageFuncs).Parse(pageText))
})

var pageFuncs = template.FuncMap{
	"time": func(t any) string {
		switch t := t.(type) {
		case time.Time:
			return t.UTC().Format(time.DateTime)
		case *time.Time:
			if t != nil {
				return t.UTC().Format(time.DateTime)
			}
		}
		return "–"
	},
	"for": func(seconds int64) string { return days(time.Duration(seconds) * time.Second) },
	"or": func(text, instead string) string {
		if text == "" {
			return instead
		}
		return text
	},
}

// What a page consists of beside the report.
const (
	pageStart = "<!doctype html>\n<!-- pawl evidence, page 1 -->\n"
	packStart = "<pre id=\"pack\" hidden>\n"
	sealStart = "<pre id=\"seal\" hidden>\n"
	innerEnd  = "</pre>\n"
	pageEnd   = innerEnd + "</body>\n</html>\n"
)

// Page is the report for people, with the pack inside of it. It needs no script
// and nothing from elsewhere, and can be printed.
func (p *Pack) Page(signer *audit.Signer) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(pageStart)
	if err := page().Execute(&out, p); err != nil {
		return nil, &pawl.Error{Op: "evidence.Page", Err: err}
	}
	out.WriteString(packStart)
	text := base64.StdEncoding.EncodeToString(p.text)
	for len(text) > 0 {
		n := min(len(text), 100)
		out.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	out.WriteString(innerEnd)
	seal, err := signer.Attest("page", out.Bytes())
	if err != nil {
		return nil, err
	}
	out.WriteString(sealStart)
	out.Write(seal)
	out.WriteString(pageEnd)
	return out.Bytes(), nil
}

// unwrap returns the pack in a page, if the page is as it was signed.
func unwrap(text []byte, key string) ([]byte, error) {
	at := bytes.LastIndex(text, []byte(sealStart))
	if at < 0 {
		return nil, bad("the page has no seal, or is cut off")
	}
	seal, ok := bytes.CutSuffix(text[at+len(sealStart):], []byte(pageEnd))
	if !ok {
		return nil, bad("the page is cut off, or something was added")
	}
	if err := audit.CheckAttested(seal, key, "page", text[:at]); err != nil {
		return nil, err
	}
	from := bytes.LastIndex(text[:at], []byte(packStart))
	inner, ok := bytes.CutSuffix(text[max(from, 0):at], []byte(innerEnd))
	if from < 0 || !ok {
		return nil, bad("the page has no pack")
	}
	pack, err := base64.StdEncoding.DecodeString(string(bytes.ReplaceAll(inner[len(packStart):], []byte("\n"), nil)))
	if err != nil {
		return nil, bad("the pack in the page cannot be read")
	}
	return pack, nil
}
