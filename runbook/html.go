package runbook

import (
	"bytes"
	"html/template"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// page is one file without anything from elsewhere: it can be printed, and be
// read when nothing else works. It is made when it is asked for.
var page = sync.OnceValue(func() *template.Template { return template.Must(template.New("").Parse(pageText)) })

const pageText = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{.Title}}</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
pre { overflow-x: auto; padding: .7rem; border: 1px solid; border-radius: 4px; font-size: 13px }
pre.front { border-style: dashed }
table { border-collapse: collapse; font-size: 13px } td, th { border: 1px solid; padding: .2rem .5rem; text-align: left }
@media print { body { max-width: none; margin: 0; font-size: 11pt } pre { white-space: pre-wrap } h2, h3 { break-after: avoid } pre, table, li { break-inside: avoid } }
</style>
<pre class="front">{{.Front}}</pre>
{{.Body}}
</html>
`

// HTML is a runbook as one page. Raw HTML in it is left out.
func HTML(text []byte) ([]byte, error) {
	front, body := "", string(text)
	if rest, ok := strings.CutPrefix(body, "---\n"); ok {
		front, body, _ = strings.Cut(rest, "\n---\n")
	}
	for _, marker := range []string{notesBegin, notesEnd, recordBegin, recordEnd} {
		body = strings.ReplaceAll(body, marker+"\n", "\n")
	}
	var out, content bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.Table, extension.TaskList)).Convert([]byte(body), &content); err != nil {
		return nil, err
	}
	_, title, _ := strings.Cut(body, "# ")
	title, _, _ = strings.Cut(title, "\n")
	err := page().Execute(&out, struct {
		Title, Front string
		Body         template.HTML
	}{title, front, template.HTML(content.String())}) // goldmark escapes what it does not mean
	return out.Bytes(), err
}
