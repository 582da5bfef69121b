package stage

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/goldrec/gold/catalog"
)

// not is what stands before a field in a profile's preferences to say that its values are disliked: "not:brand".
const not = "not:"

// Preferences steers by what the user has stated, from the next page on:
//
//	score' = score + Like · (number of likes that the item meets) - Dislike · (number of dislikes)
//
// A like is a key of the profile's Preferences that is a field of the catalogue, such as "category", "brand" or "attr.colour",
// and is met by an item that has one of the values there; a category takes in what is below it. A dislike is such a key with
// "not:" before it: "not:brand". Keys that are no field say nothing. Attributes and Segments of the profile count as likes, as
// far as they are listed here. Then the list is put in order of scores again, equal ones as they stood.
//
// It costs about a microsecond for each key stated and 20 ns for each candidate and key, and nothing for a user without a
// profile.
type Preferences struct {
	Like float32 // in standard deviations; 0 means 1

	// Dislike is what a dislike takes from the score. 0: what meets one goes behind everything that does not, in order, and
	// shows only on a page that would be short without it.
	Dislike float32

	// Attributes says which field an attribute of the profile is a preference for: size → "attr.size".
	Attributes map[string]string
	// Segments says what the members of a segment are likely to want.
	Segments map[string]catalog.Filter

	once     sync.Once
	segments map[string]*where
	pool     pool[preferencesScratch]
}

type preferencesScratch struct {
	likes, dislikes []*catalog.Matcher
	order, below    []Candidate
}

// Validate implements Checked.
func (p *Preferences) Validate() error {
	const name = "preferences"
	if err := checkScore(name, "Like", p.Like); err != nil {
		return err
	}
	if err := checkScore(name, "Dislike", p.Dislike); err != nil {
		return err
	}
	if p.Like < 0 || p.Dislike < 0 {
		return fmt.Errorf("%w: preferences: like %v, dislike %v", ErrInvalid, p.Like, p.Dislike)
	}
	for _, attribute := range slices.Sorted(maps.Keys(p.Attributes)) {
		if err := checkField(name, p.Attributes[attribute]); err != nil {
			return err
		}
	}
	for _, segment := range slices.Sorted(maps.Keys(p.Segments)) {
		if err := checkFilter(name+": segment "+segment, p.Segments[segment]); err != nil {
			return err
		}
	}
	return nil
}

// Idle implements Idler: without a profile there is nothing to heed.
func (p *Preferences) Idle(q *Query) bool { return q.Profile == nil }

// Apply implements Stage.
func (p *Preferences) Apply(list []Candidate, q *Query) []Candidate {
	if p.Idle(q) {
		return list
	}
	p.once.Do(func() {
		p.segments = make(map[string]*where, len(p.Segments))
		for segment := range p.Segments {
			p.segments[segment] = new(where)
		}
	})
	s := p.pool.get()
	defer p.pool.put(s)
	p.read(s, q)
	if len(s.likes)+len(s.dislikes) == 0 {
		return list
	}
	s.order = movable(s.order[:0], list)
	p.score(s)
	arrange(list, s.order)
	return list
}

// read finds what the profile says that an item can meet.
func (p *Preferences) read(s *preferencesScratch, q *Query) {
	s.likes, s.dislikes = s.likes[:0], s.dislikes[:0]
	for key, values := range q.Profile.Preferences { // the order of matchers does not matter: they are counted
		field, disliked := strings.CutPrefix(key, not)
		m, err := q.Catalog.Compile(catalog.In(field, values...))
		switch {
		case err != nil:
		case disliked:
			s.dislikes = append(s.dislikes, m)
		default:
			s.likes = append(s.likes, m)
		}
	}
	for attribute, field := range p.Attributes {
		if value, ok := q.Profile.Attributes[attribute]; ok {
			if m, err := q.Catalog.Compile(catalog.Equals(field, value)); err == nil {
				s.likes = append(s.likes, m)
			}
		}
	}
	for _, segment := range q.Profile.Segments {
		if w := p.segments[segment]; w != nil {
			if m := w.in(q.Catalog, p.Segments[segment]); m != nil {
				s.likes = append(s.likes, m)
			}
		}
	}
}

// score puts s.order in its new order.
func (p *Preferences) score(s *preferencesScratch) {
	like := p.Like
	if like == 0 {
		like = 1
	}
	kept := s.order[:0]
	s.below = s.below[:0]
	for _, c := range s.order {
		likes, dislikes := met(s.likes, c.Item), met(s.dislikes, c.Item)
		c.Score = raised(c.Score, like*likes-p.Dislike*dislikes)
		if dislikes > 0 && p.Dislike == 0 {
			s.below = append(s.below, c)
		} else {
			kept = append(kept, c)
		}
	}
	sortByScore(kept)
	sortByScore(s.below)
	sink(kept, s.below)
	s.order = append(kept, s.below...)
}

func met(matchers []*catalog.Matcher, item uint32) float32 {
	n := 0
	for _, m := range matchers {
		if m.Match(item) {
			n++
		}
	}
	return float32(n)
}
