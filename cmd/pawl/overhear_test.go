package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/provider/slack/slacksim"
)

// overhear looks for secrets where none belongs, whatever becomes of a request:
// in the address of any, in anything but its own token that goes to those who
// are told and asked (Slack and the company's own apps), and in the command line
// and the environment of pawl and its children at that moment. What is asked of
// a vendor that it does not know was meant for somebody who had this port
// before: many companies burn at one time.
func (f *fire) overhear(vendor string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.seen(vendor+" "+r.Method+", its address", []byte(r.URL.String()))
		own := vendor == "slack" && r.Method == http.MethodPost || vendor == "apps" && strings.HasSuffix(r.URL.Path, "/health")
		if own {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			all := fmt.Append(body, r.Header)
			if vendor == "slack" { // where its own client puts it
				all = bytes.ReplaceAll(all, []byte(slacksim.Token), nil)
			}
			f.seen(vendor+" "+r.Method+" "+r.URL.Path, all)
		}
		f.mu.Lock()
		process := f.process
		f.mu.Unlock()
		if process != nil && r.Method != http.MethodGet { // looking takes longer than most requests
			f.seen("the command line or the environment of pawl or a child", processes(process.Pid))
		}
		h.ServeHTTP(w, r)
	})
}

func (f *fire) seen(where string, b []byte) {
	found := leak(b)
	if found == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.strayed = append(f.strayed, fmt.Sprintf("a secret value is in %s (%s)", where, found))
}

// overheard returns where secrets were on their way.
func (f *fire) overheard() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.strayed)
}

// processes returns what everybody on a Linux machine may read of a process and
// its children: how they were called. It is empty elsewhere, and for a process
// that is gone.
func processes(pid int) []byte {
	dir := fmt.Sprintf("/proc/%d", pid)
	var all []byte
	for _, name := range []string{"cmdline", "environ"} {
		text, _ := os.ReadFile(filepath.Join(dir, name)) // nothing to see is nothing to find
		all = append(append(all, text...), '\n')
	}
	lists, _ := filepath.Glob(dir + "/task/*/children")
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, child := range strings.Fields(string(text)) {
			var pid int
			if _, err := fmt.Sscan(child, &pid); err == nil {
				all = append(all, processes(pid)...)
			}
		}
	}
	return all
}
