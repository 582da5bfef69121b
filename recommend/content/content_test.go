package content_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/model"
	"github.com/google/go-cmp/cmp"
)

// shelf is a model and the data that it was trained on.
type shelf struct {
	model.Model
	data *model.Dataset
}

func train(t testing.TB, trainer content.Trainer, items ...*catalog.Item) shelf {
	t.Helper()
	var b model.Builder
	for _, item := range items {
		b.AddItem(item)
	}
	return trainOn(t, trainer, b.Build())
}

func trainOn(t testing.TB, trainer content.Trainer, data *model.Dataset) shelf {
	t.Helper()
	m, err := trainer.Train(t.Context(), data, model.TrainOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return shelf{m, data}
}

func (s shelf) handle(id string) uint32 {
	h, ok := s.data.Items.Lookup(id)
	if !ok {
		panic("no item " + id)
	}
	return h
}

// like is a user who liked some items.
func like(items ...uint32) *model.User {
	u := &model.User{}
	for _, h := range items {
		u.History = append(u.History, model.Event{Item: h, Weight: 1})
	}
	return u
}

// all is everything that is proposed to a user.
func (s shelf) all(u *model.User) []model.Scored {
	return s.Propose(nil, u, math.MaxInt, nil, model.Thorough)
}

// similar returns what is recommended to somebody who liked one item, best first.
func (s shelf) similar(id string) (ids []string) {
	for _, c := range s.all(like(s.handle(id))) {
		ids = append(ids, s.data.Items.ID(c.Item))
	}
	return ids
}

func TestSimilar(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	for _, tt := range []struct {
		name  string
		items []*catalog.Item // what is similar to the first
		want  []string
	}{{
		name: "the title says more than the description",
		items: []*catalog.Item{{ID: "a", Title: "teapot"}, {ID: "b", Description: "holds a teapot and much else"},
			{ID: "c", Title: "teapot blue"}, {ID: "d", Title: "chair"}},
		want: []string{"c", "b"},
	}, {
		name:  "a rare word says more than a common one",
		items: []*catalog.Item{{ID: "a", Title: "red samovar"}, {ID: "b", Title: "old samovar"}, {ID: "c", Title: "red cup"}, {ID: "d", Title: "red hat"}},
		want:  []string{"b", "c", "d"},
	}, {
		name: "words are those of search: without case, accents and English inflections",
		items: []*catalog.Item{{ID: "a", Title: "ΣΊΣΥΦΟΣ straße Чай cup"}, {ID: "b", Title: "σίσυφος"}, {ID: "c", Title: "STRASSE cups"},
			{ID: "d", Title: "чАЙ"}, {ID: "e", Title: "Cup,"}, {ID: "f", Title: "cupboard"}},
		want: []string{"c", "b", "d", "e"},
	}, {
		name:  "words beside scripts without spaces",
		items: []*catalog.Item{{ID: "a", Title: "緑茶Cups緑茶"}, {ID: "b", Title: "cup"}, {ID: "c", Title: "茶緑"}, {ID: "d", Title: "茶Cup緑"}},
		want:  []string{"b", "d"},
	}, {
		name:  "scripts without spaces by pairs of characters",
		items: []*catalog.Item{{ID: "a", Title: "緑茶セット"}, {ID: "b", Title: "上質な緑茶"}, {ID: "c", Title: "緑の茶碗"}},
		want:  []string{"b"},
	}, {
		name: "a brand is not a word, categories count by prefix",
		items: []*catalog.Item{{ID: "a", Brand: "Apple", Categories: []string{"Home > Kitchen > Mugs"}}, {ID: "b", Title: "apple home"},
			{ID: "c", Brand: "APPLE"}, {ID: "d", Categories: []string{"Home > Garden"}}, {ID: "e", Categories: []string{"Home > Kitchen"}},
			{ID: "f", Categories: []string{"Kitchen"}}},
		want: []string{"e", "c", "d"},
	}, {
		name: "an attribute is its name and value",
		items: []*catalog.Item{{ID: "a", Attributes: map[string][]string{"colour": {"red", "blue"}}}, {ID: "b", Attributes: map[string][]string{"colour": {"Blue"}}},
			{ID: "c", Attributes: map[string][]string{"mood": {"blue"}}}, {ID: "d", Title: "colour blue"}},
		want: []string{"b"},
	}, {
		name:  "vectors alone",
		items: []*catalog.Item{{ID: "a", Vector: []float32{1, 0}}, {ID: "b", Vector: []float32{3, 1}}, {ID: "c", Vector: []float32{0.1, 0.1}}, {ID: "d", Vector: []float32{-1, 0}}},
		want:  []string{"b", "c"},
	}, {
		name: "text and vector count half each",
		items: []*catalog.Item{{ID: "a", Title: "tea", Vector: []float32{1, 0}}, {ID: "b", Title: "tea", Vector: []float32{1, 0}},
			{ID: "c", Title: "cup", Vector: []float32{1, 0.1}}, {ID: "d", Title: "tea", Vector: []float32{0, 1}}, {ID: "e", Title: "tea"}},
		want: []string{"b", "e", "d", "c"},
	}, {
		name: "vectors that are no use",
		items: []*catalog.Item{{ID: "a", Title: "tea", Vector: []float32{1, 0}}, {ID: "b", Title: "tea", Vector: []float32{nan, 0}},
			{ID: "c", Title: "tea", Vector: []float32{1, 0, 0}}, {ID: "d", Title: "tea", Vector: []float32{0, 0}},
			{ID: "e", Title: "mug", Vector: []float32{float32(math.Inf(1)), 1}}, {ID: "f", Title: "mug", Vector: []float32{math.MaxFloat32, math.MaxFloat32}},
			{ID: "g", Title: "tea", Vector: []float32{float32(math.Inf(1)), 1}}},
		want: []string{"b", "c", "d", "g", "f"},
	}, {
		name: "of two dimensions the smaller",
		items: []*catalog.Item{{ID: "a", Vector: []float32{1, 0}}, {ID: "b", Vector: []float32{1, 0, 0}},
			{ID: "c", Vector: []float32{1, 0, 0}}, {ID: "d", Vector: []float32{1, 0}}},
		want: []string{"d"},
	}, {
		name:  "nothing known",
		items: []*catalog.Item{{ID: "a"}, {ID: "b"}, {ID: "c", Title: "tea"}},
	}} {
		t.Run(tt.name, func(t *testing.T) {
			m := train(t, content.Trainer{}, tt.items...)
			if diff := cmp.Diff(tt.want, m.similar(tt.items[0].ID)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestColdItem has an item that nobody touched among many that are nearer to each other than to it.
func TestColdItem(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for i := range 120 {
		id := fmt.Sprintf("tea%03d", i)
		b.AddItem(&catalog.Item{ID: id, Title: "green tea sencha"})
		b.Add("ann", id, 1, int64(i))
	}
	b.AddItem(&catalog.Item{ID: "new", Title: "white tea"})
	data := b.Build()
	m := trainOn(t, content.Trainer{Neighbors: 20}, data)
	cold, _ := data.Items.Lookup("new")
	listed := make([]int, data.ItemCount())
	for h := range uint32(data.ItemCount()) {
		for _, s := range m.all(like(h)) {
			listed[s.Item]++
		}
	}
	if least := slices.Min(listed); least < 5 || listed[cold] < 5 {
		t.Errorf("the new item is in %d lists, another in %d, want 5", listed[cold], least)
	}
	u := &model.User{History: data.History(0)[:50]}
	got := m.Propose(nil, u, 5, model.AllowFunc(func(h uint32) bool { return h == cold }), model.Thorough)
	if len(got) != 1 || got[0].Score <= 0 {
		t.Errorf("an item nobody touched is not proposed: %v", got)
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	m := train(t, content.Trainer{},
		&catalog.Item{ID: "pot", Title: "tea pot"}, &catalog.Item{ID: "kettle", Title: "tea kettle"},
		&catalog.Item{ID: "shirt", Title: "linen shirt"}, &catalog.Item{ID: "skirt", Title: "linen skirt"})
	score := func(id string, history ...model.Event) float32 {
		dst := []float32{7}
		m.Score(dst, &model.User{History: history}, []uint32{m.handle(id)})
		return dst[0]
	}
	pot, shirt := model.Event{Item: m.handle("pot"), Weight: 1}, model.Event{Item: m.handle("shirt"), Weight: 1}
	against := pot
	against.Weight = -1
	if a, b := score("kettle", pot), score("kettle", pot, shirt); !(a > b && b > 0) {
		t.Errorf("one of one liked %v, one of two liked %v", a, b)
	}
	if got := score("kettle", against, shirt); got >= 0 {
		t.Errorf("an item like a disliked one scores %v", got)
	}
	if got := score("kettle", pot, against); got != 0 {
		t.Errorf("liked and disliked alike scores %v", got)
	}
	if got := score("kettle", model.Event{Item: pot.Item, Weight: math.MaxFloat32}); got != score("kettle", pot) {
		t.Errorf("a single event of huge weight scores %v", got)
	}
	if got := m.all(&model.User{History: []model.Event{against}}); len(got) > 0 {
		t.Errorf("for a disliked item, %v is proposed", got)
	}
	shown := append([]model.Event{pot}, slices.Repeat([]model.Event{{Item: shirt.Item}}, 600)...)
	if got := score("kettle", shown...); got != score("kettle", pot) {
		t.Errorf("behind much that was only shown, a liked item makes %v", got)
	}
	many := []model.Event{pot}
	for i := range uint32(49) {
		many = append(many, model.Event{Item: 100 + i, Weight: 1})
	}
	if score("kettle", many...) == 0 || score("kettle", append(many, shirt)...) != 0 {
		t.Error("not the last 50 different items count")
	}
	long := append([]model.Event{pot}, slices.Repeat([]model.Event{shirt}, 500)...)
	if score("kettle", long...) != 0 || score("skirt", long...) == 0 {
		t.Error("what was long ago counts")
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	m := train(t, content.Trainer{},
		&catalog.Item{ID: "a", Title: "tea pot"}, &catalog.Item{ID: "b", Title: "tea pot blue"},
		&catalog.Item{ID: "c", Title: "tea"}, &catalog.Item{ID: "d", Title: "chair"})
	u := &model.User{History: []model.Event{{Item: m.handle("c"), Weight: 1}, {Item: m.handle("d"), Weight: 1}, {Item: m.handle("a"), Weight: 1}}}
	reasons := m.Model.(model.Explainer).Explain(nil, u, m.handle("b"), 5)
	if len(reasons) != 2 || reasons[0].Because != m.handle("a") || reasons[1].Because != m.handle("c") {
		t.Fatalf("got %v", reasons)
	}
	if sum := reasons[0].Share + reasons[1].Share; math.Abs(float64(sum)-1) > 1e-6 || reasons[0].Share < reasons[1].Share {
		t.Errorf("shares %v", reasons)
	}
	if got := m.Model.(model.Explainer).Explain(nil, u, m.handle("b"), 1); len(got) != 1 {
		t.Errorf("n = 1 gave %v", got)
	}
}

func TestNeighborsRefused(t *testing.T) {
	t.Parallel()
	for _, k := range []int{-1, 1001} {
		if _, err := (content.Trainer{Neighbors: k}).Train(t.Context(), new(model.Builder).Build(), model.TrainOptions{}); err == nil {
			t.Errorf("took %d neighbours", k)
		}
	}
}

// shop generates a catalogue with topics, of words that follow Zipf's law.
func shop(items, words int, vectors bool) *model.Dataset {
	rng := rand.New(rand.NewPCG(9, 9))
	zipf := rand.NewZipf(rng, 1.2, 5, 50_000)
	var b model.Builder
	for i := range items {
		topic := rng.IntN(200)
		text := func(n int) string {
			var s strings.Builder
			for range n {
				if rng.IntN(3) == 0 {
					fmt.Fprintf(&s, "topic%dword%d ", topic, rng.IntN(60))
				} else {
					fmt.Fprintf(&s, "word%d ", zipf.Uint64())
				}
			}
			return s.String()
		}
		item := &catalog.Item{
			ID: fmt.Sprint("item", i), Title: text(6), Description: text(words), Brand: fmt.Sprint("brand", rng.IntN(500)),
			Categories: []string{fmt.Sprintf("All > Part %d > Topic %d", topic%12, topic)},
			Attributes: map[string][]string{"colour": {fmt.Sprint(rng.IntN(12))}},
		}
		if vectors {
			for d := range 64 {
				item.Vector = append(item.Vector, float32(rng.NormFloat64())+3*float32((topic>>(d%8))&1))
			}
		}
		b.AddItem(item)
	}
	return b.Build()
}

// TestRecall compares the neighbours with those of all pairs, in a catalogue large enough for every short cut.
func TestRecall(t *testing.T) {
	t.Parallel()
	const k = 10
	data := shop(4200, 10, true)
	m := trainOn(t, content.Trainer{Neighbors: k}, data)
	exact := content.NewExact(t, data)
	found, wanted := 0, 0
	for item := uint32(0); item < 4200; item += 400 {
		got := map[uint32]bool{}
		for _, s := range m.Propose(nil, like(item), 2*k, nil, model.Thorough) {
			got[s.Item] = true
			if want := exact.Similarity(item, s.Item); math.Abs(float64(want-s.Score)) > 1e-5 {
				t.Fatalf("similarity %v, exactly %v", s.Score, want)
			}
		}
		for _, s := range exact.Nearest(item, k) {
			wanted++
			if got[s.Item] {
				found++
			}
		}
	}
	recall := float64(found) / float64(wanted)
	t.Logf("recall@%d %.4f", k, recall)
	if recall < 0.9 {
		t.Errorf("recall@%d %.4f, want at least 0.9", k, recall)
	}
}

func BenchmarkTrain(b *testing.B) {
	for _, items := range []int{10_000, 100_000} {
		for _, vectors := range []bool{false, true} {
			if testing.Short() && items > 10_000 {
				continue
			}
			b.Run(fmt.Sprintf("items=%d/words=50/vectors=%v", items, vectors), func(b *testing.B) {
				data := shop(items, 50, vectors)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := (content.Trainer{}).Train(b.Context(), data, model.TrainOptions{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkPropose(b *testing.B) {
	data := shop(10_000, 50, false)
	m, err := content.Trainer{}.Train(b.Context(), data, model.TrainOptions{})
	if err != nil {
		b.Fatal(err)
	}
	u := &model.User{}
	for i := range uint32(50) {
		u.History = append(u.History, model.Event{Item: i * 97, Weight: 1})
	}
	var dst []model.Scored
	b.ReportAllocs()
	for b.Loop() {
		dst = m.Propose(dst[:0], u, 100, nil, model.Thorough)
	}
}

func ExampleTrainer() {
	var b model.Builder
	b.AddItem(&catalog.Item{ID: "sencha", Title: "Sencha green tea"})
	b.AddItem(&catalog.Item{ID: "gyokuro", Title: "Gyokuro green tea"})
	b.AddItem(&catalog.Item{ID: "mug", Title: "Large mug"})
	b.Add("ann", "sencha", 1, 0)
	data := b.Build()
	m, err := content.Trainer{}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		panic(err)
	}
	for _, s := range m.Propose(nil, &model.User{History: data.History(0)}, 10, nil, model.Thorough) {
		fmt.Println(data.Items.ID(s.Item))
	}
	// Output: gyokuro
}
