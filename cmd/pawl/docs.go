package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/provider/all"
	"github.com/pawl-dev/pawl/runbook"
	"github.com/pawl-dev/pawl/wording"
)

type docsOptions struct {
	check bool
	html  bool
	dir   string
}

func newDocsCommand(a *app) *cobra.Command {
	o := &docsOptions{}
	cmd := &cobra.Command{
		Use: "docs [NAME...]", Short: "Write the runbooks: how to do it by hand, and when it was last shown to work",
		Long: `Writes runbooks/NAME.md for each credential, from the catalog, from what the vendors' providers
know of doing it by hand, and from recorded runs. It can be followed without pawl. What stands
between <!-- notes --> and <!-- /notes --> is yours, and is kept, wherever you put it.

--check writes nothing, and fails if a runbook is not what the catalog says. What only time and
new runs change is no difference, so that CI does not fail by itself.

Exit status: 0 · 1 a runbook differs (--check) · 2 usage or catalog, or a file that is in the way`,
		Args: names(0, -1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runDocs(cmd.Context(), args, o) },
	}
	cmd.Flags().BoolVar(&o.check, "check", false, "write nothing; exit 1 if a runbook is not what the catalog says")
	cmd.Flags().StringVarP(&o.dir, "output", "o", "", "folder of the runbooks (default: runbooks in the catalog's folder)")
	cmd.Flags().BoolVar(&o.html, "html", false, "also write NAME.html, one file that can be printed")
	return cmd
}

func (a *app) runDocs(ctx context.Context, args []string, opt *docsOptions) error {
	o, err := a.overview(ctx)
	if err != nil {
		return err
	}
	defer o.Close()
	if opt.dir == "" {
		opt.dir = filepath.Join(a.catalogFolder(), "runbooks")
	}
	which := args
	if len(args) == 0 {
		which = o.cat.Names()
	}
	files, err := a.runbooks(ctx, o, which, opt)
	if err != nil {
		return err
	}
	if opt.check {
		return a.checkRunbooks(o, files, len(args) == 0, opt)
	}
	return a.writeRunbooks(files, opt)
}

// A book is a runbook that is to be in a file.
type book struct {
	file       string
	have, want []byte // have is nil if there is no such file
}

// runbooks writes all of them in memory first: a file with a broken marker is
// found before any other is touched.
func (a *app) runbooks(ctx context.Context, o *overview, which []string, opt *docsOptions) ([]book, error) {
	var all []book
	for _, name := range which {
		fresh, err := a.runbook(ctx, o, name)
		if err != nil {
			return nil, err
		}
		b := book{file: filepath.Join(opt.dir, name+".md")}
		if b.have, err = os.ReadFile(b.file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		if b.have != nil && !runbook.Ours(b.have) {
			return nil, &exit{code: exitUsage, err: fmt.Errorf("%s was not written by pawl docs", b.file), safe: "Nothing was written.",
				next: []string{"pawl import " + quoted(b.file) + "   # makes a catalog draft of it; then move it away"}}
		}
		if b.want, err = runbook.Merge(fresh, b.have); err != nil {
			return nil, &exit{code: exitUsage, err: fmt.Errorf("%s, %w", b.file, err), safe: "Nothing was written.", next: []string{"close the marker, or take it away"}}
		}
		all = append(all, b)
	}
	return all, nil
}

func (a *app) runbook(ctx context.Context, o *overview, name string) ([]byte, error) {
	s, err := o.standing(name)
	if err != nil {
		return nil, err
	}
	plan, err := o.cat.Plan(name, pawl.Manual)
	if err != nil {
		return nil, err
	}
	h, err := historyOf(ctx, o.j, name)
	if err != nil {
		return nil, err
	}
	v := h.Validated()
	if v.At.IsZero() && o.j != nil { // it may be older than what was read
		if v, err = lastValidated(ctx, o.j, name); err != nil {
			return nil, err
		}
	}
	return runbook.Write(runbook.Subject{Credential: s.cred, Plan: plan, Mode: s.mode, History: h, Validation: v, Providers: all.Providers()}), nil
}

// A bookLine is what is wrong with one runbook, for programs.
type bookLine struct {
	File  string   `json:"file"`
	State string   `json:"state"` // missing, differs, left over
	Lines []string `json:"lines,omitempty"`
}

func (a *app) checkRunbooks(o *overview, files []book, whole bool, opt *docsOptions) error {
	wrong := []bookLine{}
	for _, b := range files {
		if b.have == nil {
			wrong = append(wrong, bookLine{File: b.file, State: "missing"})
		} else if lines := runbook.Differ(b.have, b.want); len(lines) > 0 {
			wrong = append(wrong, bookLine{b.file, "differs", lines})
		}
	}
	if whole {
		left, err := leftOver(o, opt.dir)
		if err != nil {
			return err
		}
		for _, file := range left {
			wrong = append(wrong, bookLine{File: file, State: "left over"})
		}
	}
	var failed error
	if len(wrong) > 0 {
		failed = &exit{code: exitFailed, err: fmt.Errorf("out of date: %d of %s", len(wrong), wording.Count(len(files), "runbook")), safe: "Nothing was changed.", next: []string{"pawl docs" + a.docsFlags(opt)}}
	} else {
		a.say("%s up to date: %s", a.sign(good), wording.Count(len(files), "runbook"))
	}
	return a.showBooks(wrong, failed)
}

func (a *app) showBooks(wrong []bookLine, failed error) error {
	if a.json {
		text, err := json.Marshal(map[string]any{"version": 1, "ok": len(wrong) == 0, "runbooks": wrong})
		if err != nil {
			return err
		}
		return a.documentWith(text, failed)
	}
	words := map[string]string{"missing": "missing", "differs": "is not what the catalog says", "left over": "of no credential in the catalog"}
	for _, w := range wrong {
		a.print("%s: %s", w.File, words[w.State])
		for _, line := range w.Lines {
			a.print("  %s", wording.Printable(line))
		}
	}
	return failed
}

func (a *app) docsFlags(opt *docsOptions) string {
	if opt.dir == filepath.Join(a.catalogFolder(), "runbooks") {
		return ""
	}
	return " -o " + quoted(opt.dir)
}

// leftOver are runbooks of credentials that are no more.
func leftOver(o *overview, dir string) (left []string, err error) {
	there, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return nil, nil // a folder whose name is a pattern: nothing can be said
	}
	for _, file := range there {
		if _, err := o.cat.Credential(strings.TrimSuffix(filepath.Base(file), ".md")); err == nil {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if runbook.Ours(text) {
			left = append(left, file)
		}
	}
	return left, nil
}

func (a *app) writeRunbooks(files []book, opt *docsOptions) error {
	if err := os.MkdirAll(opt.dir, 0o755); err != nil {
		return err
	}
	written := 0
	for _, b := range files {
		if !bytes.Equal(b.have, b.want) {
			if err := replaceFile(b.file, b.want); err != nil {
				return err
			}
			written++
		}
		if opt.html {
			page, err := runbook.HTML(b.want)
			if err != nil {
				return err
			}
			if err := replaceFile(strings.TrimSuffix(b.file, ".md")+".html", page); err != nil {
				return err
			}
		}
	}
	a.say("%s %s in %s, %d of them changed", a.sign(good), wording.Count(len(files), "runbook"), opt.dir, written)
	return nil
}

// replaceFile writes a file whole or not at all: notes that people wrote are in
// it.
func replaceFile(file string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".pawl-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
