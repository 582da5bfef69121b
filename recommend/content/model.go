package content

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/goldrec/gold/internal/accum"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

const (
	itemsMax  = 50  // different items of a history that count, the last ones
	eventsMax = 500 // events looked at to find them
)

// content scores by neighbour lists: those of item i are neighbours[offsets[i]:offsets[i+1]].
type content struct {
	items      *model.IDs
	offsets    []int
	neighbours []model.Scored // of similarity above 0 to 1
	scratch    sync.Pool      // of *scratch
}

// scratch is what one call needs.
type scratch struct {
	liked []liked
	sums  accum.Map
	best  topk.Selector
}

// liked is an item of the history and its part of all weight.
type liked struct {
	item  uint32
	share float64
}

func newContent(items *model.IDs, lists [][]model.Scored) *content {
	c := &content{items: items, offsets: make([]int, len(lists)+1), neighbours: slices.Concat(lists...)}
	for i, list := range lists {
		c.offsets[i+1] = c.offsets[i] + len(list)
	}
	return c
}

func (c *content) Name() string      { return Name }
func (c *content) Items() *model.IDs { return c.items }

func (c *content) list(item uint32) []model.Scored {
	return c.neighbours[c.offsets[item]:c.offsets[item+1]]
}

// Accumulate adds the scores of all items near to the history to acc: Score and Candidates in one pass, for those who
// need both.
func (c *content) Accumulate(acc *accum.Map, u *model.User) {
	s := c.begin()
	defer c.scratch.Put(s)
	c.accumulate(acc, s, u.History)
}

// Score sums up the neighbour lists of the history once and then looks each item up.
func (c *content) Score(dst []float32, u *model.User, items []uint32) {
	s := c.begin()
	defer c.scratch.Put(s)
	c.accumulate(&s.sums, s, u.History)
	for i, item := range items {
		dst[i] = s.sums.Get(item)
	}
}

// Candidates proposes the items near to the history whose scores are above zero.
func (c *content) Candidates(dst []model.Scored, u *model.User, n int, allow func(uint32) bool) []model.Scored {
	s := c.begin()
	defer c.scratch.Put(s)
	c.accumulate(&s.sums, s, u.History)
	s.best.Reset(n)
	for item, score := range s.sums.All() {
		if score > 0 && s.best.Wants(score) && (allow == nil || allow(item)) {
			s.best.Push(item, score)
		}
	}
	for _, b := range s.best.Sorted() {
		dst = append(dst, model.Scored(b))
	}
	return dst
}

func (c *content) begin() *scratch {
	s, ok := c.scratch.Get().(*scratch)
	if !ok {
		s = new(scratch)
	}
	s.sums.Reset()
	return s
}

func (c *content) accumulate(acc *accum.Map, s *scratch, history []model.Event) {
	s.liked = appendLiked(s.liked[:0], history)
	for _, l := range s.liked {
		share := float32(l.share)
		for _, near := range c.list(l.item) {
			acc.Add(near.Item, share*near.Score)
		}
	}
}

// appendLiked appends the last different items of a history, the latest first, with weights whose magnitudes sum up to
// one: scores are finite whatever the weights.
func appendLiked(dst []liked, history []model.Event) []liked {
	history = history[max(0, len(history)-eventsMax):]
	for _, e := range slices.Backward(history) {
		at := slices.IndexFunc(dst, func(l liked) bool { return l.item == e.Item })
		if at < 0 && len(dst) == itemsMax {
			continue
		}
		if at < 0 {
			at = len(dst)
			dst = append(dst, liked{item: e.Item})
		}
		dst[at].share += float64(e.Weight)
	}
	var total float64
	for _, l := range dst {
		total += math.Abs(l.share)
	}
	if total == 0 {
		return dst[:0]
	}
	for i := range dst {
		dst[i].share /= total
	}
	return dst
}

// Explain names the items of the history that the item resembles.
func (c *content) Explain(dst []model.Reason, u *model.User, item uint32, n int) []model.Reason {
	from, total := len(dst), float32(0)
	for _, l := range appendLiked(nil, u.History) {
		for _, near := range c.list(l.item) {
			if part := float32(l.share) * near.Score; near.Item == item && part > 0 {
				dst = append(dst, model.Reason{Model: Name, Because: l.item, Share: part})
				total += part
			}
		}
	}
	for i := range dst[from:] {
		dst[from+i].Share /= total
	}
	slices.SortFunc(dst[from:], func(a, b model.Reason) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Because, b.Because))
	})
	return dst[:min(len(dst), from+max(0, n))]
}
