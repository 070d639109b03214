// Package wrap finds the optional abilities of a value through its decorators.
//
// A provider's abilities are extra interfaces ([pawl.Lister], [pawl.Reader] and
// so on), found by type assertion. A decorator would hide them, or claim all of
// them. So a decorator here implements just what it decorates, and says by two
// methods what else there is.
package wrap

// A Wrapper is a decorator.
type Wrapper interface {
	// Unwrap returns what is decorated.
	Unwrap() any
	// Abilities returns the decorator's own version of those further
	// interfaces that the decorated value has, each a value by itself. An
	// ability that needs no decoration is left out.
	Abilities() []any
}

// As returns x as a T: x itself, or else the outermost decorated version of the
// ability, or else the ability of what is inside. It reports false if nothing
// in the chain has it.
func As[T any](x any) (t T, ok bool) {
	for {
		if t, ok := x.(T); ok {
			return t, true
		}
		w, ok := x.(Wrapper)
		if !ok {
			return t, false
		}
		for _, a := range w.Abilities() {
			if t, ok := a.(T); ok {
				return t, true
			}
		}
		x = w.Unwrap()
	}
}
