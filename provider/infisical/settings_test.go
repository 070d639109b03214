package infisical_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/provider"
	"github.com/pawl-dev/pawl/provider/infisical"
)

func parse(t *testing.T, text string) provider.Settings {
	t.Helper()
	s := infisical.Provider().Consumers[0].Settings()
	if err := json.Unmarshal([]byte(text), s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`{"project":"p","env":"prod","key":"K"}`, ""},
		{`{"project":"p","env":"prod","key":"K","path":"/web/"}`, ""},
		{`{"env":"prod","key":"K"}`, "project:"},
		{`{"project":"p","env":" prod","key":"K"}`, "env:"},
		{`{"project":"p","env":"prod","key":".."}`, "key:"},
		{`{"project":"p","env":"prod","key":"a/b"}`, "key:"},
		{`{"project":"p","env":"prod","key":"K","path":"web"}`, "path:"},
	} {
		err := parse(t, tt.text).Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.text, err, tt.want)
		}
	}
}

func TestLocations(t *testing.T) {
	locations := func(text string) []string { return parse(t, text).(provider.Located).Locations() }
	root := locations(`{"project":"p","env":"prod","key":"K"}`)
	if same := locations(`{"project":"p","env":"prod","key":"K","path":"/"}`); !slices.Equal(root, same) {
		t.Errorf("one place has two locations: %v, %v", root, same)
	}
	if other := locations(`{"project":"p","env":"prod","key":"K","path":"/web/"}`); slices.Equal(root, other) {
		t.Errorf("two places have one location: %v", root)
	}
}

func TestWhere(t *testing.T) {
	for text, want := range map[string]string{
		`{"project":"proj-0001","env":"prod","key":"K"}`:                "proj-0001 prod/K",
		`{"project":"proj-0001","env":"prod","key":"K","path":"/web/"}`: "proj-0001 prod/web/K",
	} {
		if got := parse(t, text).Where(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
