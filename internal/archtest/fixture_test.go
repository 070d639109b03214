package archtest

import (
	"bytes"
	"math"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// canary is in every value that is made up for a test. What has it cannot be
// somebody's.
const canary = "CANARY"

// credential matches what vendors' credentials look like, up to their end.
var credential = regexp.MustCompile(strings.Join([]string{
	`HRKU-[\w-]{6,}`,
	`gh[opsur]_\w{6,}`,
	`github_pat_\w{6,}`,
	`xox[abeoprs]-[\w-]{6,}`,
	`(AKIA|ASIA)[0-9A-Z]{12,}`,
	`st\.[0-9a-f-]{16,}\.[\w.-]+`,
	`eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*`,
	`AGE-SECRET-KEY-1\w+`,
	`PRIVATE\+KEY\+[\w+/=-]{24,}`,
	`-----BEGIN [A-Z ]*PRIVATE KEY[A-Z ]*-----`,
	`[Bb]earer [\w.~+/-]{16,}=*`,
	`://[^/\s:@"{}]+:[^/\s:@"{}]{6,}@`,
}, "|"))

// word matches what might be a random value without a sign of its own.
var word = regexp.MustCompile(`[A-Za-z0-9+/_-]{32,}={0,2}`)

// public are words that look random and are known to everybody; go.sum and its like are full
// of digests, which are too.
var public = map[string]string{
	"nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=": "the root of an example in the checkpoint's specification",
	"XAES256GCM192BitNonceKeyTemplate":             "a function of Tink",
	"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9x1y2z3":   "the header of every such JWT, for the catalog's own search for secrets",
}

func TestNoCredentials(t *testing.T) {
	texts(t, func(name, line string, n int) {
		for _, found := range credential.FindAllString(line, -1) {
			if !strings.Contains(found, canary) {
				t.Errorf("%s:%d: %.12q… looks like a credential; one for a test has %s in it", name, n, found, canary)
			}
		}
		if name == "go.sum" || strings.HasSuffix(name, "package-lock.json") {
			return
		}
		if len(line) < 32 { // as most are, and a word is not
			return
		}
		for _, found := range word.FindAllString(line, -1) {
			if !strings.Contains(found, canary) && public[found] == "" && random(found) {
				t.Errorf("%s:%d: %.12q… looks random; a secret for a test has %s in it", name, n, found, canary)
			}
		}
	})
}

// random reports whether a text has the entropy of a random one, and its mix
// of letters and digits. Hexadecimal digests, paths and names have not.
func random(s string) bool {
	var counts [256]float64
	for _, b := range []byte(s) {
		counts[b]++
	}
	bits := 0.0
	for _, n := range counts {
		if n > 0 {
			bits -= n / float64(len(s)) * math.Log2(n/float64(len(s)))
		}
	}
	mixed := strings.ContainsAny(s, "0123456789") && s != strings.ToLower(s) && s != strings.ToUpper(s)
	return mixed && bits > 4.3
}

func TestCredentialsAreSeen(t *testing.T) {
	for _, text := range []string{
		"HRKU-" + "01234567-89ab-cdef", "ghp_" + "0123456789abcdef", "xoxb-" + "1234567890-abc", "github_pat_" + "11ABCDEFG",
		"-----BEGIN " + "EC PRIVATE KEY-----", "https://ops:" + "hunter22@acme.example",
	} {
		if !credential.MatchString(text) {
			t.Errorf("%q is not seen", text)
		}
	}
	for text, want := range map[string]bool{
		"q8Zt3vXw" + "K1pLr7Yb" + "N0sGd4Hj" + "F6mCe2Ua" + "T5iQ":       true,
		"provider/heroku/herokusim/TestAuthorizationIsRevoked1":          false,
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8": false,
	} {
		if got := len(word.FindString(text)) >= 32 && random(text); got != want {
			t.Errorf("random(%q) = %v", text, got)
		}
	}
}

// desk matches what tells where, or by whom, a file was made: absolute paths of
// a machine, and mail addresses that somebody may read.
var (
	desk = regexp.MustCompile(`(^|[^\w.~*$}/-])/(work|root|home|Users|tmp/\w+)/[\w.-]+`)
	mail = regexp.MustCompile(`[A-Za-z0-9._+-]+@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})`)
)

func TestNeutral(t *testing.T) {
	texts(t, func(name, line string, n int) {
		if found := desk.FindString(line); found != "" {
			t.Errorf("%s:%d: %q is a place on somebody's machine", name, n, found)
		}
		for _, m := range mail.FindAllStringSubmatch(line, -1) {
			if top := path.Ext(m[1]); top != ".example" && top != ".invalid" && top != ".test" {
				t.Errorf("%s:%d: %q may be somebody's address; use one below .example", name, n, m[0])
			}
		}
	})
}

// texts calls f with each line of each text file. Lines count from 1.
func texts(t *testing.T, f func(name, line string, n int)) {
	t.Helper()
	files := 0
	walk(t, func(name string) {
		if skipped(name) {
			return
		}
		text := read(t, name)
		if bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(text) {
			return
		}
		files++
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			f(name, line, n)
		}
	})
	if files < 150 {
		t.Fatalf("only %d files were read", files)
	}
}

// skipped are the files that .gitignore keeps out of the tree, and the file
// that stands for .git in a second checkout of one repository.
func skipped(name string) bool {
	return name == "pawl" || name == ".git" || matches("*.db *.db-wal *.db-shm *.test *.out", path.Base(name))
}
