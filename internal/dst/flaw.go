package dst

// A Flaw is a fault of what stands around the engine: a journal or a provider
// that does not keep what its interface promises. The engine cannot be right
// then; the monitor has to say so. It shows that the worlds of [RunEngine] are
// such that a wrong engine would be found.
type Flaw struct {
	Name   string
	Breaks string   // in words
	Caught []string // the invariants of which one must break
}

// The flaws.
const (
	flawSeal    = "forgets-the-seal"
	flawEpoch   = "any-driver-appends"
	flawProof   = "any-proof"
	flawUnknown = "unknown-is-failed"
	flawRepeat  = "repeats-the-mint"
	flawWhose   = "confirms-anything"
	flawDead    = "dead-at-once"
)

// Flaws lists them.
func Flaws() []Flaw {
	return []Flaw{
		{flawSeal, "the journal keeps an outcome and loses the value that goes with it", []string{"I2"}},
		{flawEpoch, "the journal takes appends of an earlier driver", []string{"I5"}},
		{flawProof, "a place says that it is on the new value whatever it is on", []string{"I1", "I13", "waves"}},
		{flawUnknown, "a provider calls unknown what it does not know: failed", []string{"I1", "I2", "I7", "I8", "I9", "I10", "I13"}},
		{flawRepeat, "the client of the vendor repeats a mint by itself", []string{"I2", "I6"}},
		{flawWhose, "the vendor confirms that what it answers a mint with is of that mint", []string{"I1", "I9", "I10"}},
		{flawDead, "the vendor refuses a value as soon as it was asked to revoke it, whether or not that arrived", []string{"I8"}},
	}
}

// has reports whether this world has the flaw.
func (h *host) has(flaw string) bool { return h.flaw == flaw }
