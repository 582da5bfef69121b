package kafkastore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

// simple is the rules as one would write them down: a list from which entries are taken.
type simple struct {
	live    []store.Entry
	end     store.Position
	trimmed store.Position
}

func (s *simple) judge(r *record) {
	if r.kind == kindTrimmed {
		s.live = slices.DeleteFunc(s.live, func(e store.Entry) bool {
			gone := e.Interaction.Time.UnixMicro() < r.before
			if gone && e.Fact != store.Interacted && e.Fact != store.Exposed {
				s.trimmed = max(s.trimmed, e.Position)
			}
			return gone
		})
		return
	}
	for _, e := range r.entries {
		in := e.Interaction
		if e.Fact == store.Forgotten {
			s.live = slices.DeleteFunc(s.live, func(o store.Entry) bool { return o.Interaction.User == in.User })
		} else if in.ID != "" && slices.ContainsFunc(s.live, func(o store.Entry) bool {
			return o.Interaction.User == in.User && o.Interaction.ID == in.ID
		}) {
			continue
		}
		s.live, s.end = append(s.live, e), e.Position
	}
}

// randomRecord is one of a few users, IDs and times.
func randomRecord(rng *rand.Rand, offset int64) record {
	at := func() time.Time { return time.UnixMicro(rng.Int64N(100)).UTC() }
	user := func() string { return string(rune('a' + rng.IntN(4))) }
	switch rng.IntN(8) {
	case 0:
		e := store.Entry{Fact: store.Forgotten, Position: positionOf(offset, 0), Interaction: store.Interaction{User: user(), Time: at()}}
		return record{kind: kindForgotten, entries: []store.Entry{e}}
	case 1:
		return record{kind: kindTrimmed, before: rng.Int64N(1 + rng.Int64N(100))}
	}
	r := record{kind: kindEntries}
	for i := range 1 + rng.IntN(4) {
		e := store.Entry{Position: positionOf(offset, i), Interaction: store.Interaction{User: user(), Time: at(), Item: fmt.Sprint(offset, i)}}
		switch rng.IntN(6) {
		case 0:
			e.Fact = store.Exposed
		case 1:
			e.Fact = store.ProfileChanged
		case 2:
			e.Fact, e.Interaction.User, e.Model = store.Published, "", "m"
		case 3, 4:
			e.Interaction.ID = fmt.Sprint(rng.IntN(10))
		}
		r.entries = append(r.entries, e)
	}
	return r
}

// TestRules judges random records and compares with the simple rules after each. Again and again a second reader begins
// where nothing that lives lies before. The view has come anywhere, so that the tail goes back as far as it likes.
func TestRules(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p, late, s := newPartition(0), (*partition)(nil), new(simple)
		var records []record
		for offset := range int64(60) {
			r := randomRecord(rng, offset)
			records = append(records, r)
			s.judge(&r)
			p.judge(&r, offset)
			compareRules(t, p, s, records, rng)
			if late != nil {
				late.judge(&r, offset)
				compareRules(t, late, s, records, rng)
			}
			if rng.IntN(10) == 0 {
				from := offset + 1
				if len(s.live) > 0 {
					from = offsetOf(s.live[0].Position)
				}
				late = newPartition(0)
				late.begin(p.baseAt(from))
				for o := from; o <= offset; o++ {
					late.judge(&records[o], o)
				}
				compareRules(t, late, s, records, rng)
			}
			if rng.IntN(4) == 0 {
				p.applied = max(p.applied, positionOf(rng.Int64N(offset+1), 0))
				p.shrink(rng.IntN(8))
			}
			if t.Failed() {
				t.Fatalf("seed %d, record %d", seed, offset)
			}
		}
	}
}

func compareRules(t *testing.T, p *partition, s *simple, records []record, rng *rand.Rand) {
	t.Helper()
	if p.end != s.end || p.trimmed != s.trimmed {
		t.Errorf("the end is %d, trimmed %d; want %d and %d", p.end, p.trimmed, s.end, s.trimmed)
	}
	there := make(map[store.Position]bool)
	for i := range s.live {
		there[s.live[i].Position] = true
	}
	for _, r := range records {
		for i := range r.entries {
			if e := &r.entries[i]; p.shows(e) != there[e.Position] {
				t.Errorf("%+v shows: %v, want %v", e, p.shows(e), there[e.Position])
			}
		}
	}
	any := func() store.Position { return positionOf(rng.Int64N(int64(len(records))+1), rng.IntN(4)) }
	after, until := any(), any()
	if list, ok := readAll(p, after, until, 1+rng.IntN(5)); ok != (after >= p.behind) {
		t.Errorf("read after %d: %v, and the tail begins behind %d", after, ok, p.behind)
	} else if want := between(s.live, after, until); ok && !slices.Equal(list, want) {
		t.Errorf("read after %d up to %d: %v, want %v", after, until, list, want)
	}
	want := len(between(s.live, after, s.end)) > 0
	if has, sure := p.hasAfter(after); sure && has != want || !sure && (has || after >= p.behind) {
		t.Errorf("an entry after %d: %v, %v, want %v; the tail begins behind %d", after, has, sure, want, p.behind)
	}
	user := string(rune('a' + rng.IntN(4)))
	list, _, behind := p.history(user, 3)
	wanted := slices.DeleteFunc(between(s.live, p.behind, s.end), func(e store.Entry) bool {
		return e.Fact != store.Interacted || e.Interaction.User != user
	})
	slices.Reverse(wanted)
	if !slices.Equal(list, wanted[:min(3, len(wanted))]) || behind != p.behind {
		t.Errorf("history of %s from %d: %v, want %v", user, behind, list, wanted)
	}
}

func between(live []store.Entry, after, until store.Position) []store.Entry {
	return slices.DeleteFunc(slices.Clone(live), func(e store.Entry) bool { return e.Position <= after || e.Position > until })
}

// readAll reads so many at a time.
func readAll(p *partition, after, until store.Position, most int) (all []store.Entry, ok bool) {
	if after >= until {
		return nil, after >= p.behind
	}
	for range 1000 {
		list, to, ok := p.read(after, until, most)
		if !ok {
			return nil, false
		}
		all = append(all, list...)
		if after = to; after >= until {
			return all, true
		}
	}
	return all, false
}
