package eval

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/recommend/model"
)

// Held is an item that was withheld from a user.
type Held struct{ User, Item uint32 }

// Latest withholds the item that a user came to last, from each user that of takes; nil takes all. It does so when the
// item was new to the user then and spoke for itself (an event of it is above zero), and when something else that does is
// left; other users keep their histories. Kept is a view of d, held in the order of users.
//
// It is the hold-out of a service that trains anew: the question that matters is what people come to next.
func Latest(d *model.Dataset, of func(user uint32) bool) (kept *model.Dataset, held []Held) {
	kept = d.Before(func(user uint32, history []model.Event) int {
		if of != nil && !of(user) {
			return len(history)
		}
		end, ok := withoutLatest(history)
		if ok {
			held = append(held, Held{user, history[end].Item})
		}
		return end
	})
	return kept, held
}

// withoutLatest says where the events of the item that the user came to last begin, or the length of the history and
// false when it cannot be withheld.
func withoutLatest(history []model.Event) (end int, ok bool) {
	end = len(history)
	if end == 0 {
		return end, false
	}
	item, liked := history[end-1].Item, false
	for end > 0 && history[end-1].Item == item {
		end--
		liked = liked || history[end].Weight > 0
	}
	rest := false
	for _, e := range history[:end] {
		if e.Item == item {
			return len(history), false
		}
		rest = rest || e.Weight > 0
	}
	if !liked || !rest {
		return len(history), false
	}
	return end, true
}

// Sample draws one user in part, by a hash of the identifier and the seed: a user is drawn or not whatever other users
// there are, and whatever their handles. A part of 0 or 1 draws all.
func Sample(d *model.Dataset, part, seed uint64) func(user uint32) bool {
	return func(user uint32) bool {
		if part <= 1 {
			return true
		}
		h := uint64(0xcbf29ce484222325) ^ seed*0x9e3779b97f4a7c15
		for _, c := range []byte(d.Users.ID(user)) {
			h = (h ^ uint64(c)) * 0x100000001b3 // FNV-1a
		}
		h = (h ^ h>>32) * 0xd6e8feb86659fd93
		return (h^h>>32)%part == 0
	}
}

// Gains returns of each withheld item the nDCG@k of the user whom it was withheld from, which is 1/log₂(1+rank), or 0 for an
// item that m does not propose among k that are not in the history. K is the first of opt.Cutoffs, data what [Latest]
// kept, and data.Now the time of the requests. It asks for proposals as a page does, and so costs what as many pages do.
func Gains(ctx context.Context, m model.Proposer, data *model.Dataset, held []Held, opt Options) ([]float64, error) {
	opt, err := opt.checked()
	if err != nil {
		return nil, err
	}
	k, gains := opt.Cutoffs[0], make([]float64, len(held))
	progress := parallel.NewProgress(len(held), opt.Progress)
	err = parallel.For(ctx, opt.Workers, len(held), func(_, i int) {
		gains[i] = gain(m, data, held[i], k, opt.recent(data.History(held[i].User)))
		progress.Add(1)
	})
	return gains, err
}

func gain(m model.Proposer, data *model.Dataset, h Held, k int, history []model.Event) float64 {
	u := &model.User{History: history, Now: data.Now}
	if e, ok := m.(model.Embedder); ok {
		u.Vector = e.Embed(nil, u.History, u.Now)
	}
	seen := make(map[uint32]bool, len(data.History(h.User)))
	for _, e := range data.History(h.User) {
		seen[e.Item] = true
	}
	fresh := model.AllowFunc(func(item uint32) bool { return !seen[item] })
	var ranking []uint32
	for _, s := range m.Propose(nil, u, k, fresh, model.Thorough) {
		ranking = append(ranking, s.Item)
	}
	return Measure(ranking, 1, func(item uint32) bool { return item == h.Item }, k).NDCG
}

// Difference is how two measurements of the same users compare.
type Difference struct {
	Users  int
	A, B   float64 // means
	StdErr float64 // of A - B, from the differences user by user
}

// Paired compares what was measured of the same users in two ways, such as the [Gains] of two models. The standard error
// is that of the mean of the differences dᵢ = aᵢ - bᵢ of n users,
//
//	√(Σ(dᵢ - d̄)² / (n-1) / n)
//
// and for one user the magnitude of the only difference: nothing can be said from one. It panics when the lengths differ.
func Paired(a, b []float64) Difference {
	if len(a) != len(b) {
		panic(fmt.Sprintf("eval: %d users paired with %d", len(a), len(b)))
	}
	d, n := Difference{Users: len(a)}, float64(len(a))
	if n == 0 {
		return d
	}
	for i := range a {
		d.A += a[i] / n
		d.B += b[i] / n
	}
	mean, squares := d.A-d.B, 0.0
	for i := range a {
		squares += (a[i] - b[i] - mean) * (a[i] - b[i] - mean)
	}
	if d.StdErr = math.Abs(mean); n > 1 {
		d.StdErr = math.Sqrt(squares / (n - 1) / n)
	}
	return d
}

// checked fills in what is not said, and refuses cutoffs below 1.
func (o Options) checked() (Options, error) {
	if len(o.Cutoffs) == 0 {
		o.Cutoffs = []int{10}
	}
	if k := slices.Min(o.Cutoffs); k < 1 {
		return o, fmt.Errorf("eval: cutoff %d", k)
	}
	return o, nil
}

// recent is the part of a history that a model is shown.
func (o Options) recent(history []model.Event) []model.Event {
	if o.Recent > 0 {
		return model.Recent(history, o.Recent)
	}
	return history
}
