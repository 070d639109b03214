package attest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/health"
	"github.com/pawl-dev/pawl/probe/attest"
)

func secret(value string) pawl.Secret { return pawl.NewSecret([]byte(value)) }

func TestOnlyTheValueAnswersTheQuestion(t *testing.T) {
	q := attest.Ask("acme-api-prod", "HEROKU_API_KEY")
	if !health.ValidNonce(q.Nonce) || q.Nonce == attest.Ask("", "").Nonce {
		t.Fatalf("nonce = %q", q.Nonce)
	}
	mac := func(value string, q attest.Question) attest.Answer {
		a, ok := attest.Parse(health.MAC([]byte(value), q.Context, q.Name, q.Nonce))
		if !ok {
			t.Fatal("not an answer")
		}
		return a
	}
	a := mac("HRKU-CANARY-new", q)
	if !q.Shows(a, secret("HRKU-CANARY-new")) || q.Shows(a, secret("HRKU-CANARY-old")) {
		t.Error("it does not show the value, or shows another")
	}
	for _, other := range []attest.Question{
		attest.Ask(q.Context, q.Name), {q.Context, "OTHER", q.Nonce}, {"acme-api-staging", q.Name, q.Nonce}, {q.Name, q.Context, q.Nonce},
	} {
		if other.Shows(a, secret("HRKU-CANARY-new")) {
			t.Errorf("the answer to %+v is taken for that to %+v", q, other)
		}
	}
	if q.Shows(mac("", q), pawl.Secret{}) || q.Shows(mac("", q), secret("")) {
		t.Error("an empty value is shown")
	}
}

func TestAnswersAreNotPrinted(t *testing.T) {
	text := strings.Repeat("ab", 32)
	a, ok := attest.Parse(text)
	if printed := fmt.Sprintf("%v %s %x %+v %#v", a, a, a, a, a); !ok || strings.Contains(printed, "abab") {
		t.Errorf("printed as %s", printed)
	}
	for _, bad := range []string{"", text[:63], text + "a", strings.Repeat("g", 64), strings.Repeat(" ", 64)} {
		if _, ok := attest.Parse(bad); ok {
			t.Errorf("%q is taken for an answer", bad)
		}
	}
}

func TestGuessable(t *testing.T) {
	if !attest.Guessable(secret("CANARY-15-bytes")) || attest.Guessable(secret("CANARY--16-bytes")) || !attest.Guessable(pawl.Secret{}) {
		t.Error("16 bytes are the least")
	}
}
