package dealstest

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

const (
	explainMax = 1 << 12 // calls that Explain takes
	searchMax  = 1 << 20 // places in the search at which it gives up
)

// Explain returns nil when some order of the calls, each between its beginning and its end, gives every answer by the rules of
// deals.Ledger (the history is linearizable), and an error otherwise. A call whose outcome is not known may have happened or not, but not after its
// end. All calls are of one deal, which nobody used before, and at most 4,096.
//
// It is a search with memory, after Wing and Gong (1993) and Lowe (2017). It takes some microseconds a call where few calls
// overlap, and grows with the number of orders of those that do: after a million of them it gives up, with an error.
func Explain(ops []Op) error {
	if len(ops) > explainMax {
		return fmt.Errorf("dealstest: %d calls, at most %d can be explained", len(ops), explainMax)
	}
	ops = slices.Clone(ops)
	slices.SortFunc(ops, func(a, b Op) int { return cmp.Compare(a.Call, b.Call) })
	e := &explainer{history: newHistory(ops), done: make([]bool, len(ops)), seen: map[string]bool{}}
	for i := range ops {
		if !ops[i].unknown() {
			e.left++
		}
	}
	if e.search(0, 0, e.start()) {
		return nil
	}
	return e.failure()
}

type explainer struct {
	*history
	done []bool
	left int // calls of known outcome that have no place yet
	seen map[string]bool

	best int      // of how many calls an order was found
	why  []string // what the next ones should have answered then
	key  []byte
}

// search places one more call after those that are done, of which the first from are, and the last began at latest.
func (e *explainer) search(from int, latest int64, s *spec) bool {
	if e.left == 0 {
		return true
	}
	for from < len(e.ops) && e.done[from] {
		from++
	}
	if len(e.seen) >= searchMax || e.visited(from, latest, s) {
		return false
	}
	end := int64(math.MaxInt64) // the first end of a call that has no place yet: whatever begins later comes later
	for i := from; i < len(e.ops) && e.ops[i].Call < end; i++ {
		if !e.done[i] && !e.ops[i].unknown() {
			end = min(end, e.ops[i].Return)
		}
	}
	for i := from; i < len(e.ops) && e.ops[i].Call < end; i++ {
		o := &e.ops[i]
		if e.done[i] || o.unknown() && o.Return < latest {
			continue
		}
		next := s.clone()
		claim, stock, err := e.apply(next, i)
		if !o.unknown() {
			if claim != o.Claim || stock != o.Stock || !errors.Is(o.Err, err) {
				e.missed(i, fmt.Sprint(claim, stock, err))
				continue
			}
			e.left--
		}
		e.done[i] = true
		if e.search(from, max(latest, o.Call), next) {
			return true
		}
		e.done[i] = false
		if !o.unknown() {
			e.left++
		}
	}
	return false
}

// visited reports whether the same calls have led to the same state before.
func (e *explainer) visited(from int, latest int64, s *spec) bool {
	b := fmt.Append(e.key[:0], from, ",")
	for i := from; i < len(e.ops) && e.ops[i].Call <= latest; i++ {
		if e.done[i] {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	b = s.key(append(b, 2))
	e.key = b
	if e.seen[string(b)] {
		return true
	}
	e.seen[string(b)] = true
	return false
}

// missed notes what a call should have answered, for the order that got furthest.
func (e *explainer) missed(op int, want string) {
	n := 0
	for _, d := range e.done {
		if d {
			n++
		}
	}
	if n < e.best {
		return
	}
	if n > e.best {
		e.best, e.why = n, nil
	}
	if len(e.why) < 4 {
		o := &e.ops[op]
		e.why = append(e.why, fmt.Sprintf("call %d to %d, %+v of %q to %v at %v: answered %v %v %v, want %s",
			o.Call, o.Return, o.Request, o.ID, o.To, o.At.UnixNano(), o.Claim, o.Stock, o.Err, want))
	}
}

func (e *explainer) failure() error {
	if len(e.seen) >= searchMax {
		return fmt.Errorf("dealstest: too many orders of %d calls to try them all", len(e.ops))
	}
	err := fmt.Errorf("dealstest: no order explains the history; %d of %d calls at best", e.best, len(e.ops))
	for _, why := range e.why {
		err = fmt.Errorf("%w\n\t%s", err, why)
	}
	return err
}
