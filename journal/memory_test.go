package journal_test

import (
	"testing"

	"github.com/pawl-dev/pawl/audit"
	"github.com/pawl-dev/pawl/journal"
	"github.com/pawl-dev/pawl/journal/journaltest"
)

func TestMemory(t *testing.T) {
	journaltest.Run(t, func(t *testing.T, s *audit.Signer) (journal.Journal, journaltest.Faults) {
		m := journal.NewMemory(s, journaltest.Now)
		return m, m
	})
}
