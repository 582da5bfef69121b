package session

import (
	"context"
	"fmt"
	"slices"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/internal/links"
	"github.com/goldrec/gold/recommend/model"
)

// Train puts the newest visits into an index. It holds 20 bytes a click besides the model while it does, and takes some seconds
// for ten million.
func (t Trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	t, err := t.withDefaults()
	if err != nil {
		return nil, err
	}
	v, err := visitsOf(ctx, data)
	if err != nil {
		return nil, err
	}
	r := learnReturns(v, links.Reach(t.Decay))
	from, n := 0, 0
	for visit := range v.len() {
		to := v.offsets[visit+1]
		n += copy(v.clicks[n:], once(v.clicks[from:to]))
		from, v.offsets[visit+1] = to, n
	}
	x, err := newIndex(ctx, t.Recent, t.ClicksMax, opt.Workers, v.offsets, v.clicks[:n], opt.Progress)
	if err != nil {
		return nil, err
	}
	return newModel(t, r, x), nil
}

// once leaves of each item in clicks the first, in place.
func once(clicks []uint32) []uint32 {
	n := 0
	for _, item := range clicks {
		if !slices.Contains(clicks[:n], item) {
			clicks[n] = item
			n++
		}
	}
	return clicks[:n]
}

const fileVersion = 1

// Save puts how visits are looked at, and the visits, those that were added too.
func (m *Model) Save(w *codec.Writer) {
	w.Section(Name, fileVersion)
	w.Uint64(uint64(m.how.Recent))
	w.Uint64(uint64(m.how.Neighbors))
	w.Float64(m.how.Decay)
	w.Float64(m.how.Length)
	w.Float64(m.how.Repeat)
	w.Uint64(uint64(m.how.ClicksMax))
	for _, shares := range m.returns {
		w.Float32s(shares[:])
	}
	now := m.index.now.Load()
	lengths, items := make([]uint32, 0, now.visits), make([]uint32, 0, now.clicks)
	for _, s := range now.segments {
		for visit := range s.len() {
			lengths = append(lengths, s.offsets[visit+1]-s.offsets[visit])
		}
		items = append(items, s.items...)
	}
	w.Uint32s(lengths)
	w.Uint32s(items)
}

// Load reads what Save put. The trainer's fields do not matter.
func (t Trainer) Load(r *codec.Reader, at []uint32) (model.Model, error) {
	r.Section(Name, fileVersion)
	how := Trainer{Recent: count(r), Neighbors: count(r), Decay: r.Float64(), Length: r.Float64(), Repeat: r.Float64(), ClicksMax: count(r)}
	back := getReturns(r)
	lengths, items := r.Uint32s(), r.Uint32s()
	if r.Err() == nil {
		if err := how.check(); err != nil {
			r.Fail("%v", err)
		}
		checkVisits(r, lengths, items, len(at))
	}
	_, _, err := model.Places(at)
	if r.Err() != nil {
		err = r.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("session: load: %w", err)
	}
	for i, item := range items {
		if item != model.NoItem {
			items[i] = at[item]
		}
	}
	offsets := make([]int, len(lengths)+1)
	for visit, n := range lengths {
		offsets[visit+1] = offsets[visit] + int(n)
	}
	x, err := newIndex(context.Background(), how.Recent, how.ClicksMax, 0, offsets, items, nil)
	if err != nil {
		return nil, fmt.Errorf("session: load: %w", err)
	}
	return newModel(how, back, x), nil
}

// getReturns reads how often visits go back.
func getReturns(r *codec.Reader) *returns {
	back := new(returns)
	for s := range back {
		shares := r.Float32s()
		if len(shares) != agesMax || slices.ContainsFunc(shares, func(v float32) bool { return !(v >= 0 && v <= 1) }) {
			r.Fail("session: shares of returns")
			return back
		}
		copy(back[s][:], shares)
	}
	return back
}

// count reads a whole number, of one too great for any use the greatest that any use could have.
func count(r *codec.Reader) int { return int(min(r.Uint64(), roomMax+1)) }

// checkVisits fails r for what no training makes.
func checkVisits(r *codec.Reader, lengths, items []uint32, handles int) {
	left := items
	for _, n := range lengths {
		if n < 1 || n > visitMax || int(n) > len(left) {
			r.Fail("session: a visit of %d items", n)
			return
		}
		visit := left[:n]
		left = left[n:]
		for i, item := range visit {
			if item != model.NoItem && (uint64(item) >= uint64(handles) || slices.Contains(visit[:i], item)) {
				r.Fail("session: item %d of %d is not there, or twice in a visit", item, handles)
				return
			}
		}
	}
	if len(left) > 0 {
		r.Fail("session: items of no visit")
	}
}
