package als_test

import (
	"slices"
	"testing"

	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/model"
)

// A shortlist gives the best of its items, and only those.
func TestShortlist(t *testing.T) {
	t.Parallel()
	d := clusters(400, 3000, 30)
	m := train(t, als.Trainer{Factors: 17, Iterations: 6}, d, model.TrainOptions{Seed: 1})
	var list []uint32
	for item := uint32(0); item < 3010; item += 3 { // some of which the model does not know
		list = append(list, item)
	}
	short := m.Shortlist(list)
	odd := model.AllowFunc(func(item uint32) bool { return item%2 == 1 })
	for _, allow := range []model.Allow{nil, odd} {
		for user := range 50 {
			u := &model.User{History: d.History(uint32(user))}
			u.Vector = m.Embed(nil, u.History, 0)
			got := short.Best(nil, u, 20, allow)
			best := m.Propose(nil, u, 20, model.AllowFunc(func(item uint32) bool {
				return slices.Contains(list, item) && (allow == nil || allow.Contains(item))
			}), model.Thorough)
			for _, s := range best {
				if !slices.Contains(got, s.Item) {
					t.Errorf("user %d: %d, of score %v, is not among %d", user, s.Item, s.Score, len(got))
				}
			}
			for i, item := range got {
				if item%3 != 0 || item >= 3000 || allow != nil && item%2 == 0 || slices.Contains(got[:i], item) {
					t.Fatalf("user %d: item %d is not on the list, refused or there twice", user, item)
				}
			}
		}
	}
	u := &model.User{Vector: m.Embed(nil, d.History(1), 0)}
	if got := m.Shortlist([]uint32{1, 2, 3, 5000, 5001}).Best(nil, u, 5, nil); len(got) != 3 {
		t.Errorf("of three items that are known and two that are not, %v", got)
	}
	if got := short.Best(nil, &model.User{Vector: make([]float32, 17)}, 20, nil); len(got) != 0 {
		t.Errorf("somebody unknown gets %v", got)
	}
}
