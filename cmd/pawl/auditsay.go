package main

import (
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/audit"
)

// notAsSigned tells why a log, or a file of it, was not verified. Only what was
// read and does not fit is told as a change: an alarm that also sounds when a
// server is away, or when somebody may not read, is soon believed by nobody.
func notAsSigned(err error, file []string) error {
	if _, ok := errors.AsType[*exit](err); ok || noEntry(err) {
		return err
	}
	switch {
	case !changed(err):
		return fmt.Errorf("the audit log could not be verified: %w", err)
	case len(file) > 0: // it came from elsewhere, and says nothing of the log that it is of
		return &exit{code: exitFailed, err: fmt.Errorf("this file of the audit log is not as it was signed: %w", err),
			next: []string{"ask for the file again, and for the public key by another way"}}
	}
	return &exit{code: exitFailed, err: fmt.Errorf("the audit log is not as it was signed: %w", err),
		next: []string{"keep a copy of the state folder as it is, and find out who could write to it"}}
}

// changed reports whether something was read that is not what was signed.
func changed(err error) bool {
	if _, ok := errors.AsType[*audit.TamperError](err); ok {
		return true
	}
	e, ok := errors.AsType[*pawl.Error](err)
	switch {
	case !ok:
		return false
	case e.Op == "witness":
		return e.Kind == pawl.Conflict
	}
	return e.Kind == pawl.Invalid && (e.Op == "audit.VerifyBundle" || e.Op == "evidence.Verify")
}

// noEntry reports whether who asks was refused, by this installation and not by a
// vendor.
func noEntry(err error) bool {
	e, ok := errors.AsType[*pawl.Error](err)
	return ok && e.Op == "access" && e.Kind == pawl.Forbidden
}
