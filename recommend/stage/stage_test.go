package stage_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// shop is a catalogue of items a, b, c, … with what the lines say of them: brand, category, product, of which any may be "-".
func shop(t testing.TB, lines ...string) *catalog.Catalog {
	t.Helper()
	c := catalog.New()
	for i, line := range lines {
		it := catalog.Item{ID: string(rune('a' + i)), Available: true, Attributes: map[string][]string{}}
		for at, value := range strings.Split(line, ", ") {
			switch {
			case value == "-" || value == "":
			case at == 0:
				it.Brand = value
			case at == 1:
				it.Categories = strings.Split(value, "|")
			default:
				it.Attributes["product"] = strings.Split(value, "|")
			}
		}
		if _, err := c.Upsert(it); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// ranked makes a list of the items of a shop from text such as "a b! c": a ! is Fixed. The scores are 0, -1, -2, …, or
// what follows a colon.
func ranked(c *catalog.Catalog, text string) []stage.Candidate {
	var list []stage.Candidate
	for i, word := range strings.Fields(text) {
		score := -float32(i)
		id, number, ok := strings.Cut(word, ":")
		if ok {
			fmt.Sscan(number, &score)
		}
		id, fixed := strings.CutSuffix(id, "!")
		item, _ := c.Lookup(id)
		list = append(list, stage.Candidate{Item: item, Score: score, Propensity: 1, Fixed: fixed})
	}
	return list
}

// spell is the inverse of ranked, without scores.
func spell(c *catalog.Catalog, list []stage.Candidate) string {
	var words []string
	for _, e := range list {
		word := c.ID(e.Item)
		if e.Fixed {
			word += "!"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// descends reports whether the scores of what is not Fixed do.
func descends(list []stage.Candidate) bool {
	last := float32(math.Inf(1))
	for _, c := range list {
		if c.Fixed {
			continue
		}
		if c.Score > last {
			return false
		}
		last = c.Score
	}
	return true
}

func TestStages(t *testing.T) {
	t.Parallel()
	tea := shop(t, "Acme, Tea > Green, p1", "Bolt, Tea > Black, p1", "Acme, Mugs, p2", "Cord, Mugs|Gifts, p2|p3", "Acme, -, p3", "-, Gifts, -")
	acme := catalog.Equals("brand", "Acme")
	not := func(ids string) model.Allow {
		return model.AllowFunc(func(item uint32) bool { return !strings.Contains(ids, tea.ID(item)) })
	}
	likes := func(preferences map[string][]string) *store.Profile {
		return &store.Profile{User: "u", Preferences: preferences, Segments: []string{"vip", "new"}, Attributes: map[string]string{"range": "p2", "x": "p1"}}
	}
	for _, tt := range []struct {
		name       string
		stage      stage.Stage
		list, want string
		query      stage.Query // the catalogue is set by the test
	}{
		{"boost", &stage.Boost{Where: acme, By: 1.5}, "b a d c f", "a b c d f", stage.Query{N: 3}},
		{"boost, ties stay", &stage.Boost{Where: acme, By: 1}, "b a d c f", "b a d c f", stage.Query{N: 3}},
		{"bury", &stage.Boost{Where: acme, By: -10}, "a b c d e f", "b d f a c e", stage.Query{N: 3}},
		{"boost around fixed", &stage.Boost{Where: acme, By: 10}, "b d! f a! c", "c d! b a! f", stage.Query{N: 3}},
		{"boost of what does not exist", &stage.Boost{Where: catalog.Equals("brand", "Zeta"), By: 10}, "a b", "a b", stage.Query{N: 1}},
		{"boost that makes no sense", &stage.Boost{Where: catalog.Equals("colour", "red"), By: 10}, "a b", "a b", stage.Query{N: 1}},

		{"pin", &stage.Pin{Slots: map[int]string{1: "d", 3: "a"}}, "a b c d e", "d! b a! c e", stage.Query{N: 3}},
		{"pin a newcomer", &stage.Pin{Slots: map[int]string{2: "f"}}, "a b c", "a f! b c", stage.Query{N: 3}},
		{"pin downwards", &stage.Pin{Slots: map[int]string{4: "a"}}, "a b c d e", "b c d a! e", stage.Query{N: 3}},
		{"pin behind the end", &stage.Pin{Slots: map[int]string{9: "f", 8: "a"}}, "a b", "b a! f!", stage.Query{N: 3}},
		{"pin into nothing", &stage.Pin{Slots: map[int]string{2: "f", 5: "a"}}, "", "f! a!", stage.Query{N: 3}},
		{"pin several, in their order", &stage.Pin{Slots: map[int]string{13: "e", 5: "a", 11: "d", 2: "f", 9: "c", 7: "b"}}, "", "f! a! b! c! d! e!", stage.Query{N: 3}},
		{"pin where it is", &stage.Pin{Slots: map[int]string{2: "b"}}, "a b c", "a b! c", stage.Query{N: 3}},
		{"pin a fixed one", &stage.Pin{Slots: map[int]string{1: "c"}}, "a b c!", "a b c!", stage.Query{N: 3}},
		{"pin at a fixed place", &stage.Pin{Slots: map[int]string{1: "d", 2: "c"}}, "a! b c d", "a! d! c! b", stage.Query{N: 3}},
		{"pin past fixed ones", &stage.Pin{Slots: map[int]string{1: "e"}}, "a b! c d! e", "e! b! a d! c", stage.Query{N: 3}},
		{"pin down past fixed ones", &stage.Pin{Slots: map[int]string{5: "a"}}, "a b! c d! e", "c b! e d! a!", stage.Query{N: 3}},
		{"pin among fixed ones only", &stage.Pin{Slots: map[int]string{1: "c"}}, "a! b!", "a! b! c!", stage.Query{N: 3}},
		{"pin in front of a fixed end", &stage.Pin{Slots: map[int]string{9: "a"}}, "a b c!", "b a! c!", stage.Query{N: 3}},
		{"pin unknown", &stage.Pin{Slots: map[int]string{1: "zzz", 2: "c"}}, "a b c", "a c! b", stage.Query{N: 3}},
		{"pin not allowed", &stage.Pin{Slots: map[int]string{1: "d", 2: "c"}}, "a b c", "a c! b", stage.Query{N: 3, Allow: not("d")}},
		{"pin twice", &stage.Pin{Slots: map[int]string{1: "c", 2: "c"}}, "a b c", "c! a b", stage.Query{N: 3}},

		{"promote", &stage.Promote{Where: acme, Every: 2}, "b d f a c e", "b a! d c! f e", stage.Query{N: 4}},
		{"promote few", &stage.Promote{Where: acme, Every: 2, Max: 1}, "b d f a c e", "b a! d f c e", stage.Query{N: 4}},
		{"promote what is there", &stage.Promote{Where: acme, Every: 2}, "b a d f c e", "b a d c! f e", stage.Query{N: 4}},
		{"promote only from below", &stage.Promote{Where: acme, Every: 2}, "a b d f", "a b d f", stage.Query{N: 4}},
		{"promote not allowed", &stage.Promote{Where: acme, Every: 2}, "b d f a c e", "b c! d e! f a", stage.Query{N: 4, Allow: not("a")}},
		{"promote past the fixed", &stage.Promote{Where: acme, Every: 2}, "b d! f a c e", "b d! a! c! f e", stage.Query{N: 4}},
		{"promote no fixed", &stage.Promote{Where: acme, Every: 2}, "b d f a! c e", "b c! d a! f e", stage.Query{N: 4}},
		{"promote nothing on a full block", &stage.Promote{Where: acme, Every: 3}, "b d f! c! e! a", "b d f! c! e! a", stage.Query{N: 5}},
		{"promote nothing more after a full block", &stage.Promote{Where: acme, Every: 2}, "d b! c! f a e", "d b! c! a! f e", stage.Query{N: 6}},
		{"promote what makes no sense", &stage.Promote{Where: catalog.Equals("colour", "red"), Every: 1}, "a b", "a b", stage.Query{N: 2}},
		{"promote every fifth", &stage.Promote{Where: acme}, "b d f b d c e", "b d f b c! d e", stage.Query{N: 7}},
		{"promote on a short page", &stage.Promote{Where: acme, Every: 3}, "b d a", "b d a", stage.Query{N: 2}},

		{"cap", &stage.Cap{Field: "brand", Max: 2}, "a c e b d f", "a c b d f e", stage.Query{N: 4}},
		{"cap of one", &stage.Cap{Field: "brand"}, "a c e b d f", "a b d f c e", stage.Query{N: 4}},
		{"cap fills in order", &stage.Cap{Field: "brand"}, "a c e", "a c e", stage.Query{N: 3}},
		{"cap counts the fixed first", &stage.Cap{Field: "brand"}, "a b c e!", "b a c e!", stage.Query{N: 4}},
		{"cap does not count behind the page", &stage.Cap{Field: "brand"}, "a b c e!", "a b c e!", stage.Query{N: 3}},
		{"cap of several values", &stage.Cap{Field: "category"}, "d c f a", "d a c f", stage.Query{N: 2}},
		{"cap of an attribute nobody has", &stage.Cap{Field: "attr.zzz"}, "a b c", "a b c", stage.Query{N: 2}},
		{"cap of no field", &stage.Cap{Field: "colour"}, "a c b", "a c b", stage.Query{N: 2}},
		{"once", &stage.Once{Field: "attr.product"}, "a b c d e f", "a c e f b d", stage.Query{N: 2}},

		{"no profile", &stage.Preferences{}, "a b c", "a b c", stage.Query{N: 2}},
		{"like", &stage.Preferences{Like: 2.5}, "b a d c e", "a b c e d", stage.Query{N: 2, Profile: likes(map[string][]string{"brand": {"Acme"}})}},
		{"like by default", &stage.Preferences{}, "b d a f", "b d a f", stage.Query{N: 2, Profile: likes(map[string][]string{"brand": {"Acme"}})}},
		{"like a category", &stage.Preferences{Like: 2.5}, "c f a b", "a c b f", stage.Query{N: 2, Profile: likes(map[string][]string{"category": {"Tea"}})}},
		{"like twice", &stage.Preferences{Like: 1.1}, "f d a", "a f d", stage.Query{N: 2, Profile: likes(map[string][]string{"category": {"Tea"}, "brand": {"Acme", "Bolt"}})}},
		{"like one of", &stage.Preferences{Like: 0.6}, "f d a", "f d a", stage.Query{N: 2, Profile: likes(map[string][]string{"brand": {"Acme", "Bolt"}})}},
		{"dislike", &stage.Preferences{}, "a b c d", "b d a c", stage.Query{N: 2, Profile: likes(map[string][]string{"not:brand": {"Acme"}})}},
		{"dislike and like", &stage.Preferences{Like: 5}, "a c b d", "c b d a", stage.Query{N: 2, Profile: likes(map[string][]string{"brand": {"Acme"}, "not:category": {"Tea > Green"}})}},
		{"like of what is disliked", &stage.Preferences{Like: 5}, "a c b", "b c a", stage.Query{N: 2, Profile: likes(map[string][]string{"category": {"Mugs"}, "not:brand": {"Acme"}})}},
		{"dislike a little", &stage.Preferences{Dislike: 1.5}, "a b c d", "b a d c", stage.Query{N: 2, Profile: likes(map[string][]string{"not:brand": {"Acme"}})}},
		{"dislike around fixed", &stage.Preferences{}, "a! c b", "a! b c", stage.Query{N: 2, Profile: likes(map[string][]string{"not:brand": {"Acme"}})}},
		{"no such field, no values", &stage.Preferences{}, "a b", "a b", stage.Query{N: 2, Profile: likes(map[string][]string{"": nil, "brand": {}, "not:brand": nil, "colour": {"red"}, "not:": {"x"}})}},
		{"attribute", &stage.Preferences{Like: 9, Attributes: map[string]string{"range": "attr.product", "none": "brand"}}, "a b d", "d a b", stage.Query{N: 2, Profile: likes(nil)}},
		{"segment", &stage.Preferences{Like: 1.5, Segments: map[string]catalog.Filter{"vip": catalog.Equals("brand", "Bolt"), "old": acme}}, "a d b", "a b d", stage.Query{N: 2, Profile: likes(nil)}},

		{"diverse", &stage.Diverse{Lambda: 0.4}, "a:5 c:4.9 e:4.8 b:4.5 f:4.4", "a b f c e", stage.Query{N: 3}},
		{"diverse by default", &stage.Diverse{}, "a:5 c:4.9 b:4.6", "a c b", stage.Query{N: 2}},
		{"diverse, ties stay", &stage.Diverse{}, "a:5 d:4 f:4", "a d f", stage.Query{N: 3}},
		{"diverse in what one has several of", &stage.Diverse{Lambda: 0.5, Fields: []string{"category"}}, "c:5 d:4.9 a:4.8", "c a d", stage.Query{N: 3}},
		{"diverse the other way round", &stage.Diverse{Lambda: 0.5, Fields: []string{"category"}}, "d:5 c:4.9 a:4.8", "d a c", stage.Query{N: 3}},
		{"diverse in no field", &stage.Diverse{Lambda: 0.1, Fields: []string{"brand", "title"}}, "a:5 c:4.9 b:4.8", "a c b", stage.Query{N: 3}},
		{"diverse without sense", &stage.Diverse{Lambda: 2}, "a:5 b:4.9 c:4.8", "a b c", stage.Query{N: 3}},
		{"diverse, relevance only", &stage.Diverse{Lambda: 1}, "a c e b", "a c e b", stage.Query{N: 3}},
		{"diverse around fixed", &stage.Diverse{Lambda: 0.4, Fields: []string{"brand"}}, "a:5 c:4.9 d!:4.8 b:4.5 f:4.4 e!", "a b d! c f e!", stage.Query{N: 3}},
		{"explore one", &stage.Explore{Temperature: 1, Depth: 1}, "a b! c e", "a b! c e", stage.Query{N: 4, Rand: rand.New(rand.NewPCG(1, 1))}},
		{"explore without draws", &stage.Explore{Epsilon: 1}, "a c e b", "a c e b", stage.Query{N: 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.query.Catalog = tea
			got := tt.stage.Apply(ranked(tea, tt.list), &tt.query)
			if diff := cmp.Diff(tt.want, spell(tea, got)); diff != "" {
				t.Error(diff)
			}
			if _, places := tt.stage.(*stage.Pin); !places && !descends(got) {
				t.Errorf("scores do not descend: %v", got)
			}
		})
	}
}

// A stage that is asked about another catalogue asks that one.
func TestOtherCatalog(t *testing.T) {
	t.Parallel()
	boost, capped := &stage.Boost{Where: catalog.Equals("brand", "Acme"), By: 5}, &stage.Cap{Field: "brand"}
	for _, tt := range []struct {
		brands              []string
		boosted, cappedList string
	}{
		{[]string{"Bolt", "Acme", "Acme"}, "b c a", "a b c"},
		{[]string{"Bolt", "Bolt", "Acme"}, "c a b", "a c b"},
	} {
		c := shop(t, tt.brands...)
		q := &stage.Query{Catalog: c, N: 2}
		if got := spell(c, boost.Apply(ranked(c, "a b c"), q)); got != tt.boosted {
			t.Errorf("%v boosted: %s", tt.brands, got)
		}
		if got := spell(c, capped.Apply(ranked(c, "a b c"), q)); got != tt.cappedList {
			t.Errorf("%v capped: %s", tt.brands, got)
		}
	}
}

func TestSourceNames(t *testing.T) {
	t.Parallel()
	c := shop(t, "Acme", "Bolt", "Acme")
	q := stage.Query{Catalog: c, N: 3, Sources: []string{"blend"}}
	list := (&stage.Promote{Where: catalog.Equals("brand", "Acme"), Every: 2}).Apply(ranked(c, "b b c"), &q)
	list = (&stage.Pin{Slots: map[int]string{1: "a"}}).Apply(list, &q)
	var got []string
	for _, e := range list {
		got = append(got, c.ID(e.Item)+" "+q.Sources[e.Source])
	}
	if diff := cmp.Diff([]string{"a pinned", "c promoted", "b blend", "b blend"}, got); diff != "" {
		t.Error(diff)
	}
	for i := range 400 {
		if at := q.Source(fmt.Sprint("s", i)); int(at) != min(i+3, 255) {
			t.Fatalf("source %d is %d", i, at)
		}
	}
	if q.Source("pinned") != 2 || len(q.Sources) != 256 {
		t.Errorf("%d sources", len(q.Sources))
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	brand, none := catalog.Equals("brand", "Acme"), catalog.Equals("colour", "red")
	for _, tt := range []struct {
		name  string
		valid bool
		stage stage.Checked
	}{
		{"boost", true, &stage.Boost{Where: brand, By: -2}},
		{"boost everything", false, &stage.Boost{By: 1}},
		{"boost no field", false, &stage.Boost{Where: none, By: 1}},
		{"boost NaN", false, &stage.Boost{Where: brand, By: nan}},
		{"boost inf", false, &stage.Boost{Where: brand, By: inf}},
		{"pin", true, &stage.Pin{Slots: map[int]string{1: "never heard of"}}},
		{"pin at 0", false, &stage.Pin{Slots: map[int]string{0: "a"}}},
		{"pin nothing", false, &stage.Pin{Slots: map[int]string{1: ""}}},
		{"pin too long", false, &stage.Pin{Slots: map[int]string{1: strings.Repeat("x", catalog.IDMax+1)}}},
		{"promote", true, &stage.Promote{Where: brand}},
		{"promote everything", false, &stage.Promote{}},
		{"promote less than nothing", false, &stage.Promote{Where: brand, Every: -1}},
		{"promote at most less", false, &stage.Promote{Where: brand, Max: -1}},
		{"cap", true, &stage.Cap{Field: "attr.never seen"}},
		{"cap without a field", false, &stage.Cap{}},
		{"cap of a title", false, &stage.Cap{Field: "title"}},
		{"cap of less than nothing", false, &stage.Cap{Field: "brand", Max: -1}},
		{"once", true, &stage.Once{Field: "attr.product"}},
		{"once without a field", false, &stage.Once{}},
		{"preferences", true, &stage.Preferences{Segments: map[string]catalog.Filter{"vip": brand}, Attributes: map[string]string{"a": "brand"}}},
		{"preferences, like NaN", false, &stage.Preferences{Like: nan}},
		{"preferences, like less", false, &stage.Preferences{Like: -1}},
		{"preferences, dislike inf", false, &stage.Preferences{Dislike: inf}},
		{"preferences, dislike less", false, &stage.Preferences{Dislike: -1}},
		{"preferences, no field", false, &stage.Preferences{Attributes: map[string]string{"a": "title"}}},
		{"preferences, no filter", false, &stage.Preferences{Segments: map[string]catalog.Filter{"vip": nil}}},
		{"diverse", true, &stage.Diverse{Fields: []string{"brand", "attr.x"}}},
		{"diverse in a title", false, &stage.Diverse{Fields: []string{"brand", "title"}}},
		{"diverse NaN", false, &stage.Diverse{Lambda: math.NaN()}},
		{"diverse too much", false, &stage.Diverse{Lambda: 1.1}},
		{"diverse too little", false, &stage.Diverse{Lambda: -0.1}},
		{"explore", true, &stage.Explore{Epsilon: 1, Temperature: 3}},
		{"explore NaN", false, &stage.Explore{Epsilon: math.NaN()}},
		{"explore more than all", false, &stage.Explore{Epsilon: 1.01}},
		{"explore less than nothing", false, &stage.Explore{Epsilon: -0.01}},
		{"explore cold", false, &stage.Explore{Temperature: -1}},
		{"explore hot", false, &stage.Explore{Temperature: math.Inf(1)}},
		{"explore lukewarm", false, &stage.Explore{Temperature: math.NaN()}},
		{"explore no depth", false, &stage.Explore{Depth: -1}},
		{"seen", true, &stage.Seen{Hide: map[store.Kind]time.Duration{store.View: 0}, Again: brand}},
		{"seen in the future", false, &stage.Seen{Hide: map[store.Kind]time.Duration{store.View: -1}}},
		{"seen in no way", false, &stage.Seen{Hide: map[store.Kind]time.Duration{77: 0}}},
		{"seen again before", false, &stage.Seen{AgainAfter: -1}},
		{"seen again nowhere", false, &stage.Seen{Again: none}},
	} {
		err := tt.stage.Validate()
		if (err == nil) != tt.valid || err != nil && !errors.Is(err, stage.ErrInvalid) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
