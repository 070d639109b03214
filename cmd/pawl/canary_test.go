package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// canary is in every simulated secret, and in nothing that pawl may say.
const canary = "CANARY"

// A needle is a mark as it looks in some encoding.
type needle struct {
	encoding string
	text     []byte
}

// needles are all forms that the mark may come out in.
var needles = needlesOf(canary)

func needlesOf(mark string) []needle {
	all := []needle{{"raw", []byte(mark)}}
	add := func(encoding, text string) {
		if !slices.ContainsFunc(all, func(n needle) bool { return string(n.text) == text }) {
			all = append(all, needle{encoding, []byte(text)})
		}
	}
	lower := hex.EncodeToString([]byte(mark))
	add("hex", lower)
	add("hex", strings.ToUpper(lower))
	for shift := range 3 { // base64 depends on where the mark begins
		padded := append(bytes.Repeat([]byte{'x'}, shift), mark...)
		for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			text := enc.EncodeToString(padded)
			whole := len(padded) * 8 / 6 // characters that nothing behind the mark changes
			add(name, text[(shift*8+5)/6:whole])
		}
	}
	add("URL", url.QueryEscape(mark))
	for name, each := range map[string]string{"URL": "%%%02X", "url": "%%%02x", "JSON": `\u%04x`, "json": `\u%04X`} {
		var text strings.Builder
		for _, b := range []byte(mark) {
			fmt.Fprintf(&text, each, b)
		}
		add(name, text.String())
	}
	return all
}

// leak returns the encoding in which a secret is in b, "" if none is.
func leak(b []byte) string {
	for _, n := range needles {
		if bytes.Contains(b, n.text) {
			return n.encoding
		}
	}
	return ""
}

// leaks returns what is wrong with the files below a folder.
func leaks(dir string) (wrong []string) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if found := leak(b); found != "" {
			wrong = append(wrong, fmt.Sprintf("a secret value is in %s (%s)", path, found))
		}
		return err
	})
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	return wrong
}

// TestLeakIsFound plants a secret in each encoding, at every alignment, in the
// middle of something.
func TestLeakIsFound(t *testing.T) {
	for shift := range 4 {
		secret := []byte(strings.Repeat("k", shift) + "HRKU-" + canary + "-0123456789")
		escaped := func(format string) string {
			var out strings.Builder
			for _, b := range secret {
				fmt.Fprintf(&out, format, b)
			}
			return out.String()
		}
		for encoding, text := range map[string]string{
			"raw":           string(secret),
			"hex":           hex.EncodeToString(secret),
			"HEX":           strings.ToUpper(hex.EncodeToString(secret)),
			"base64":        base64.StdEncoding.EncodeToString(secret),
			"base64raw":     base64.RawStdEncoding.EncodeToString(secret),
			"base64url":     base64.URLEncoding.EncodeToString(secret),
			"URL":           url.QueryEscape(string(secret)),
			"URLall":        escaped("%%%02X"),
			"URLalllower":   escaped("%%%02x"),
			"JSON":          fmt.Sprintf("%q", secret),
			"JSONall":       escaped(`\u%04x`),
			"JSONallHex":    escaped(`\u%04X`),
			"insideABinary": "\x00\x01" + string(secret) + "\xff",
		} {
			if found := leak([]byte("before " + text + " after")); found == "" {
				t.Errorf("%s at %d: found as %q", encoding, shift, found)
			}
		}
	}
	for _, innocent := range []string{"", "canary", "CANAR", "pawl rotate heroku-api-key", "sha256:0f343b"} {
		if found := leak([]byte(innocent)); found != "" {
			t.Errorf("%q is taken for a secret (%s)", innocent, found)
		}
	}
}
