package blend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
)

// trainer notes what it is asked, and makes models that know which data they were made from.
type trainer struct {
	name  string
	score func(u, item uint64) float64
	fails error
	calls *[]call
}

type call struct {
	events   int
	draft    bool
	previous model.Model
	now      int64
}

type trained struct {
	scaled
	from *model.Dataset
}

func (t trainer) Name() string { return t.name }

func (t trainer) Load(*codec.Reader, []uint32) (model.Model, error) {
	return nil, errors.ErrUnsupported
}

func (t trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	if opt.Progress != nil {
		opt.Progress(1, 2)
		opt.Progress(2, 2)
	}
	*t.calls = append(*t.calls, call{data.Len(), opt.Draft, opt.Previous, data.Now})
	if t.fails != nil {
		return nil, t.fails
	}
	return &trained{scaled{plain(t.name, t.score)}, data}, ctx.Err()
}

// diary is data in which every user does n things, one after the other, and the items of the shelf come last.
func diary(users, n int) *model.Dataset {
	var b model.Builder
	for i := range shelf + known {
		b.Item(fmt.Sprint("item", i))
	}
	for u := range users {
		for k := range n {
			item := uint32(shelf + k%known)
			if k >= n-n/5 {
				item = uint32(u+k) % shelf
			}
			b.AddEvent(fmt.Sprint("user", u), model.Event{Item: item, Weight: 1, Time: int64(1000*k + u + 1)})
		}
	}
	return b.Build()
}

func TestFit(t *testing.T) {
	t.Parallel()
	data := diary(200, 10)
	var calls []call
	// It knows what a user does next, by who they were when they did the eighth thing.
	knows := trainer{name: "knows", calls: &calls, score: func(at, i uint64) float64 {
		u := (at - 1) % 1000
		return float64((i-u-8)%shelf) * -1
	}}
	noise := trainer{name: "noise", calls: &calls, score: func(u, i uint64) float64 { return voice(2, u, i) }}
	last, total := 0, 0
	parts, w, report, err := blend.Fit(t.Context(), []model.Trainer{noise, knows}, data, blend.Options{Progress: func(done, all int) {
		if done <= last || total != 0 && all != total {
			t.Errorf("progress goes from %d of %d to %d of %d", last, total, done, all)
		}
		last, total = done, all
	}})
	if err != nil {
		t.Fatal(err)
	}
	if last != total || total == 0 {
		t.Errorf("progress ends at %d of %d", last, total)
	}
	if v := w.Of("knows", 8); v < 0.9 || report.Examples < 200 {
		t.Errorf("weight %v of the part that knows; report %+v", v, report)
	}
	if diff := cmp.Diff([]string{"noise", "knows"}, []string{parts[0].Name(), parts[1].Name()}); diff != "" || !slices.Equal(w.Parts, []string{"noise", "knows"}) {
		t.Errorf("parts %v, weights' %v", diff, w.Parts)
	}
	if len(calls) != 4 {
		t.Fatalf("%d trainings", len(calls))
	}
	for i, c := range calls {
		if draft := i < 2; c.draft != draft || (c.previous == nil) != draft || (c.events < data.Len()) != draft {
			t.Errorf("training %d of %d events: %+v", i, data.Len(), c)
		}
	}
	for i, p := range parts {
		if p.(*trained).from != data {
			t.Errorf("part %d was not trained on all data", i)
		}
		if calls[2+i].previous.Name() != p.Name() {
			t.Errorf("part %d was made from %s", i, calls[2+i].previous.Name())
		}
	}
}

// TestFitLearnsFromAsManyAsItPays: the less parts are trained on, the fewer users weights are learned from.
func TestFitLearnsFromAsManyAsItPays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ users, events, want int }{
		{2000, 5, blend.FitFew}, // 10,000 events
		{2000, 157, 600},        // 314,000 events and 2,300 users and items of 20 each, by 600
		{4000, 170, blend.ExamplesMax},
	} {
		var calls []call
		good := trainer{name: "good", calls: &calls, score: func(u, i uint64) float64 { return voice(1, u, i) }}
		_, _, report, err := blend.Fit(t.Context(), []model.Trainer{good}, diary(tt.users, tt.events), blend.Options{})
		if err != nil {
			t.Fatal(err)
		}
		// All histories are of one class; those cut short for shorter ones come to less than half as many again.
		if n := report.Examples; n < tt.want || n > tt.want+tt.want/2 {
			t.Errorf("users of %d events teach by %d examples, want %d", tt.events, n, tt.want)
		}
	}
}

func TestFitFails(t *testing.T) {
	t.Parallel()
	var calls []call
	broken := errors.New("out of luck")
	bad := trainer{name: "bad", calls: &calls, fails: broken}
	if _, _, _, err := blend.Fit(t.Context(), []model.Trainer{bad}, diary(3, 10), blend.Options{}); !errors.Is(err, broken) || !strings.Contains(err.Error(), "bad") {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	good := trainer{name: "good", calls: &calls, score: func(u, i uint64) float64 { return 1 }}
	if _, _, _, err := blend.Fit(ctx, []model.Trainer{good}, diary(3, 10), blend.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	parts, w, _, err := blend.Fit(t.Context(), []model.Trainer{good}, new(model.Builder).Build(), blend.Options{})
	if err != nil || len(parts) != 1 || w.Of("good", 0) != 1 {
		t.Errorf("without data: %v, %v, %v", parts, w, err)
	}
}

// TestWithheld looks at what is taken from histories, which are written as items at times.
func TestWithheld(t *testing.T) {
	t.Parallel()
	var b model.Builder
	add := func(user string, times []int64, items ...int) {
		for k, i := range items {
			weight := float32(1)
			if i < 0 {
				i, weight = -i, -1
			}
			b.AddEvent(user, model.Event{Item: b.Item(fmt.Sprint(i)), Weight: weight, Time: times[k]})
		}
	}
	steps := []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	add("ten", steps, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	add("two", steps, 1, 2)
	add("one", steps, 1)
	add("baskets", []int64{1, 1, 1, 1, 2, 2, 2, 3, 3, 3}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	add("large last basket", []int64{1, 1, 2, 2, 2, 2, 2, 2}, 1, 2, 3, 4, 5, 6, 7, 8)
	add("small last basket", []int64{1, 1, 1, 1, 1, 1, 1, 1, 1, 2}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	add("at once", []int64{1, 1, 1, 1, 1}, 1, 2, 3, 4, 5)
	add("again", steps, 1, 2, 3, 4, 5, 6, 7, 8, 2, 9)
	add("dislikes", steps, 1, 2, 3, 4, 5, 6, 7, 8, -9, 10)
	data := b.Build()
	early, truth := blend.Hide(data, 1)
	got := map[string]string{}
	for _, w := range truth {
		var text strings.Builder
		text.WriteString(fmt.Sprint(len(early.History(w.User))))
		for _, i := range w.Items {
			text.WriteString(" " + data.Items.ID(i))
		}
		got[data.Users.ID(w.User)] = text.String()
	}
	want := map[string]string{
		"ten": "8 9 10", "two": "1 2", "baskets": "7 8 9 10", "large last basket": "2 3 4 5 6 7 8", "small last basket": "9 10",
		"again": "8 9", "dislikes": "8 10",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for u := range uint32(data.UserCount()) {
		if history := data.History(u); !slices.Equal(early.History(u), history[:len(early.History(u))]) {
			t.Errorf("%s keeps %v", data.Users.ID(u), early.History(u))
		}
	}
	if early.Now != 8 {
		t.Errorf("the present is %d", early.Now)
	}
}

// TestWithheldWithoutTimes: a fifth of the items is drawn, others with another seed, with all of their events.
func TestWithheldWithoutTimes(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for u := range 50 {
		for i := range 20 {
			b.Add(fmt.Sprint("u", u), fmt.Sprint(i/2), 1, 0) // ten items, twice each
		}
	}
	b.Add("single", "1", 1, 0)
	b.Add("same", "1", 1, 0)
	b.Add("same", "1", 1, 0)
	data := b.Build()
	early, truth := blend.Hide(data, 1)
	places := map[uint32]int{}
	for _, w := range truth {
		if data.Users.ID(w.User) == "same" {
			if len(w.Items) > 0 || len(early.History(w.User)) != 2 {
				t.Errorf("who has one item keeps %v and turned to %v", early.History(w.User), w.Items)
			}
			continue
		}
		if len(w.Items) != 2 || len(early.History(w.User)) != 16 {
			t.Errorf("withheld %v of %d left", w.Items, len(early.History(w.User)))
		}
		for _, i := range w.Items {
			places[i]++
		}
		for _, e := range early.History(w.User) {
			if slices.Contains(w.Items, e.Item) {
				t.Errorf("item %d is withheld and there", e.Item)
			}
		}
	}
	if len(places) < 10 {
		t.Errorf("drawn are only %v", places)
	}
	_, other := blend.Hide(data, 2)
	_, same := blend.Hide(data, 1)
	if cmp.Diff(truth, same) != "" || cmp.Diff(truth, other) == "" {
		t.Error("what is drawn does not follow the seed")
	}
}

func TestWithheldFromManyUsers(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for u := range 5 * blend.SliceUsers {
		for k := range 1 + u%5/4 { // one in five does two things
			b.Add(fmt.Sprint("u", u), fmt.Sprint(k), 1, int64(k))
		}
	}
	if _, truth := blend.Hide(b.Build(), 1); len(truth) != blend.SliceUsers {
		t.Errorf("%d users of %d who came back", len(truth), blend.SliceUsers)
	}
	data := diary(2*blend.SliceUsers, 5)
	early, truth := blend.Hide(data, 1)
	if len(truth) != blend.SliceUsers || early.Len() != data.Len()-len(truth) {
		t.Errorf("%d events of %d users withheld", data.Len()-early.Len(), len(truth))
	}
	if last := truth[len(truth)-1].User; int(last) < data.UserCount()-10 {
		t.Errorf("the last of them is number %d", last)
	}
	if one := diary(1, 200); true {
		if early, _ := blend.Hide(one, 1); early.Len() != 180 {
			t.Errorf("%d events of 200 are left", early.Len())
		}
	}
}

// TestWithheldFromPairs: two items are enough for one of them to be drawn, where the data has no times.
func TestWithheldFromPairs(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for u := range 30 {
		b.Add(fmt.Sprint("u", u), "tea", 1, 0)
		b.Add(fmt.Sprint("u", u), "mug", 1, 0)
	}
	early, truth := blend.Hide(b.Build(), 1)
	if len(truth) != 30 || early.Len() != 30 {
		t.Errorf("withheld from %d users, and %d events are left, of 30 pairs", len(truth), early.Len())
	}
}
