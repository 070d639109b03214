// Package frametest holds pages to what they promise of texts that are not ours:
// whatever a vendor, a catalog or a person has put into any field, a page shows
// as text.
package frametest

import (
	"html"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// Hostile is what any text may be.
const Hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>' onmouseover='alert(1)' javascript:alert(1)`

// Every draws a page with each field of its data hostile, which is what data
// points to, and with each truth both ways.
func Every(t *testing.T, name string, data any, scripts int, draw func() string) {
	t.Helper()
	for _, text := range []string{Hostile, "javascript:alert(1)"} {
		for _, yes := range []bool{true, false} {
			fill(reflect.ValueOf(data).Elem(), text, 3, yes)
			Harmless(t, name, draw(), scripts)
		}
	}
}

// fill sets everything that can be set: each text to text, each list to two,
// each number to n, each time to a noon and each truth to yes.
func fill(v reflect.Value, text string, n int64, yes bool) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(yes)
	case reflect.Int, reflect.Int64:
		v.SetInt(n)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text, n, yes)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(`"x"`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), text, n, yes)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, text, n, yes)
		fill(value, text, n, yes)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(noon))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), text, n, yes)
			}
		}
	}
}

var (
	tags    = regexp.MustCompile(`<[a-zA-Z/!](?:[^>"']|"[^"]*"|'[^']*')*>`)
	handler = regexp.MustCompile(`(?i)\son[a-z]+\s*=`)
	leads   = regexp.MustCompile(`(?i)\b(href|src|action|formaction|hx-get)="\s*([^"]*)"`)
)

// Harmless reads a page as a browser does, tag by tag: it has so many scripts of ours, and nothing
// else that runs or leads elsewhere.
func Harmless(t *testing.T, name, page string, ours int) {
	t.Helper()
	scripts := 0
	for _, tag := range tags.FindAllString(page, -1) {
		if strings.HasPrefix(tag, "<script") {
			scripts++
			if !strings.Contains(tag, ` nonce="`) {
				t.Errorf("%s: %s", name, tag)
			}
		}
		if strings.HasPrefix(tag, "<img") || strings.HasPrefix(tag, "<style") || strings.Contains(tag, " style=") {
			t.Errorf("%s: %s", name, tag)
		}
		bare := regexp.MustCompile(`"[^"]*"|'[^']*'`).ReplaceAllString(tag, "''")
		if handler.MatchString(bare) {
			t.Errorf("%s: a handler: %s", name, tag)
		}
		for _, a := range leads.FindAllStringSubmatch(tag, -1) {
			if to, err := url.Parse(html.UnescapeString(a[2])); err != nil || to.Scheme != "" || to.Host != "" {
				t.Errorf("%s: %s leads elsewhere: %s", name, a[1], tag)
			}
		}
	}
	if scripts != ours {
		t.Errorf("%s: %d scripts, want the %d of ours", name, scripts, ours)
	}
}
