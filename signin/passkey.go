package signin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/access"
	"github.com/pawl-dev/pawl/frame"
	"github.com/pawl-dev/pawl/roster"
)

// mostPasskeys is how many passkeys somebody may have.
const mostPasskeys = 20

// newWebAuthn returns what verifies passkeys, or nil where there can be none:
// they are bound to a name, and an address has none. The authenticator has to
// know the person (a PIN, a finger), not only that somebody touched it; who made
// it is not asked for, which would tell people apart.
func newWebAuthn(origin *url.URL) (*webauthn.WebAuthn, error) {
	if net.ParseIP(origin.Hostname()) != nil {
		return nil, nil
	}
	strict := webauthn.TimeoutConfig{Enforce: true, Timeout: ticketFor, TimeoutUVD: ticketFor}
	return webauthn.New(&webauthn.Config{
		RPID: origin.Hostname(), RPDisplayName: "pawl", RPOrigins: []string{origin.String()},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired},
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore, // password managers say more than they are asked
		Timeouts:                          webauthn.TimeoutsConfig{Login: strict, Registration: strict},
	})
}

// An owner is a person as the library wants them.
type owner struct {
	p    roster.Person
	keys []webauthn.Credential
}

// WebAuthnID is what the authenticator remembers somebody by; it tells nobody
// who that is.
func (o owner) WebAuthnID() []byte {
	id := sha256.Sum256([]byte("pawl passkey\x00" + o.p.ID))
	return id[:]
}

func (o owner) WebAuthnName() string                       { return o.p.ID }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

func (o owner) WebAuthnDisplayName() string {
	if o.p.Name != "" {
		return o.p.Name
	}
	return o.p.ID
}

// ownerOf is somebody with their passkeys.
func (s *Server) ownerOf(ctx context.Context, id string) (owner, error) {
	p, err := s.book.Roster.Person(ctx, id)
	if err != nil {
		return owner{}, err
	}
	kept, err := s.book.Roster.PasskeysOf(ctx, id)
	o := owner{p: p}
	for _, k := range kept {
		var c webauthn.Credential
		if err := json.Unmarshal(k.Data, &c); err != nil {
			return o, &pawl.Error{Op: "sign-in", Kind: pawl.Other, Err: errors.New("a passkey in team.db cannot be read")}
		}
		o.keys = append(o.keys, c)
	}
	return o, err
}

// challenge begins to sign somebody in by a passkey. Who it is, the passkey
// says; signed in already, and asked once more, it has to be the same person.
func (s *Server) challenge(w http.ResponseWriter, r *http.Request) {
	t := ticket{Kind: "passkey", Next: local(r.URL.Query().Get("next"))}
	if _, who, err := s.session(r); err == nil && r.URL.Query().Has("again") {
		t.Person = who.Actor.ID
	}
	options, ceremony, err := s.keys.BeginDiscoverableLogin()
	if err == nil {
		t.Ceremony, err = json.Marshal(ceremony)
	}
	if err == nil {
		err = s.give(w, t, true)
	}
	s.answer(w, options, err)
}

// byPasskey ends it.
func (s *Server) byPasskey(w http.ResponseWriter, r *http.Request) {
	t, err := s.take(w, r, "passkey")
	if err == nil {
		err = s.limits.wait(r.Context(), s.from(r), t.Person)
	}
	var who string
	if err == nil {
		who, err = s.assertion(r, t)
	}
	if err == nil {
		err = s.enter(w, r, proof{person: who, method: "passkey", at: s.now()})
	}
	if pawl.KindOf(err) == pawl.Denied {
		s.refuse(r, nobody, "a passkey that is not good")
	}
	s.answer(w, map[string]string{"next": t.Next}, err)
}

// notGood is all that is said of a passkey: why it was refused would tell what
// there is.
var notGood = denied("this passkey does not let you in here", "use another one, or ask for an invitation")

// assertion checks what an authenticator says, and returns who it is.
func (s *Server) assertion(r *http.Request, t ticket) (string, error) {
	said, err := protocol.ParseCredentialRequestResponseBody(r.Body)
	if err != nil {
		return "", notGood
	}
	kept, err := s.book.Roster.Passkey(r.Context(), said.RawID)
	switch {
	case pawl.KindOf(err) == pawl.NotFound:
		return "", notGood
	case err != nil:
		return "", err
	case t.Person != "" && t.Person != kept.Person:
		return "", notGood
	}
	o, err := s.ownerOf(r.Context(), kept.Person)
	if err != nil {
		return "", err
	}
	var ceremony webauthn.SessionData
	if err := json.Unmarshal(t.Ceremony, &ceremony); err != nil {
		return "", err
	}
	_, used, err := s.keys.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) { return o, nil }, ceremony, said)
	if err != nil {
		return "", notGood
	}
	if used.Authenticator.CloneWarning {
		s.refuse(r, pawl.Actor{Type: "user", ID: o.p.ID}, "a passkey whose counter went back: there may be a copy of it")
		return "", notGood
	}
	if _, err := o.p.Subject(true); err != nil {
		return "", notGood
	}
	after, err := json.Marshal(used)
	if err != nil {
		return "", err
	}
	return o.p.ID, s.book.Roster.UsePasskey(r.Context(), kept.ID, kept.Data, after, s.now())
}

// offer begins to add a passkey to who is signed in, and has just shown who they
// are.
func (s *Server) offer(w http.ResponseWriter, r *http.Request) {
	o, err := s.adding(r)
	if err != nil {
		s.answer(w, nil, err)
		return
	}
	if len(o.keys) >= mostPasskeys {
		s.answer(w, nil, &pawl.Error{Op: "sign-in", Kind: pawl.Conflict, Err: errors.New("you have twenty passkeys"), Hint: "take one away first"})
		return
	}
	options, ceremony, err := s.keys.BeginRegistration(o, webauthn.WithExclusions(webauthn.Credentials(o.keys).CredentialDescriptors()))
	t := ticket{Kind: "newkey", Person: o.p.ID}
	if err == nil {
		t.Ceremony, err = json.Marshal(ceremony)
	}
	if err == nil {
		err = s.give(w, t, true)
	}
	s.answer(w, options, err)
}

// adding is who may add something to sign in with to themselves.
func (s *Server) adding(r *http.Request) (owner, error) {
	_, who, err := s.session(r)
	if err == nil {
		err = access.Check(who, access.Request{Action: access.Tokens})
	}
	if err != nil {
		return owner{}, err
	}
	return s.ownerOf(r.Context(), who.Actor.ID)
}

// addPasskey ends it.
func (s *Server) addPasskey(w http.ResponseWriter, r *http.Request) {
	t, err := s.take(w, r, "newkey")
	var o owner
	if err == nil {
		o, err = s.adding(r)
	}
	if err == nil && o.p.ID != t.Person {
		err = denied("somebody else has signed in meanwhile", "begin again")
	}
	if err == nil {
		err = s.keep(r, o, t)
	}
	s.answer(w, map[string]string{"next": "/sign-in/ways"}, err)
}

// keep checks what an authenticator has made, and keeps it.
func (s *Server) keep(r *http.Request, o owner, t ticket) error {
	var ceremony webauthn.SessionData
	if err := json.Unmarshal(t.Ceremony, &ceremony); err != nil {
		return err
	}
	made, err := protocol.ParseCredentialCreationResponseBody(r.Body)
	if err != nil {
		return denied("this is not a passkey", "begin again")
	}
	c, err := s.keys.CreateCredential(o, ceremony, made)
	if err != nil {
		return denied("this is not a passkey that can be used here", "use one that asks for a PIN or a finger")
	}
	c.Attestation = webauthn.CredentialAttestation{} // nobody asked for it
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	called := plain(r.URL.Query().Get("name"))
	if strings.TrimSpace(called) == "" {
		called = "passkey"
	}
	k := roster.Passkey{ID: bytes.Clone(c.ID), Person: o.p.ID, Name: called, Data: data, Created: s.now()}
	return s.policy(r.Context(), pawl.Actor{Type: "user", ID: o.p.ID}, o.p.ID, "a passkey added, "+called, func() error {
		return s.book.Roster.AddPasskey(r.Context(), k)
	})
}

// answer is what a script of ours gets: a document, or a problem to show.
func (s *Server) answer(w http.ResponseWriter, what any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		kind := pawl.KindOf(err)
		if kind == pawl.Other || kind == pawl.Unavailable || kind == pawl.Unknown {
			s.cfg.Log.Error("signing in by a passkey", "err", err)
		}
		w.WriteHeader(frame.StatusOf(err))
		what = map[string]any{"problem": frame.Sentence(err), "again": kind == pawl.Operator}
	}
	if err := json.NewEncoder(w).Encode(what); err != nil {
		s.cfg.Log.Error("answering", "err", err)
	}
}
