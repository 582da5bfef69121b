package content

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

const (
	itemsMax  = 50  // different items of a history that count, the last ones
	eventsMax = 500 // events looked at to find them
)

// Model scores by lists of neighbours. It is safe for concurrent use, and costs 8 bytes a neighbour, of which an item has
// up to twice as many as the Trainer says, and 16 bytes for every handle up to the highest that has content.
type Model struct {
	offsets []uint64  // the neighbours of item i are near[offsets[i]:offsets[i+1]]
	near    []uint32  // each once in a list, and no item in its own
	similar []float32 // of each neighbour, above 0 to 1
	prints  []uint64  // of the content that an item was compared by; 0: it had none
	listed  int       // items that have neighbours
	k       int       // Trainer.Neighbors
	whole   int       // items that had content when all pairs were last looked at,
	since   int       // and how many have been compared anew or have gone since
	scratch sync.Pool // of *scratch
}

// scratch is what one call needs.
type scratch struct {
	liked []liked
	sums  model.Sums
	best  topk.Selector
}

// liked is an item of the history and its part of all weight.
type liked struct {
	item  uint32
	share float64
}

// newModel makes a model of one list for each print; items behind the last print that is not 0 are left out.
func newModel(lists [][]model.Scored, prints []uint64, k int) *Model {
	for len(prints) > 0 && prints[len(prints)-1] == 0 {
		prints = prints[:len(prints)-1]
	}
	m := &Model{offsets: make([]uint64, len(prints)+1), prints: slices.Clip(prints), k: k}
	for i := range prints {
		m.offsets[i+1] = m.offsets[i] + uint64(len(lists[i]))
	}
	m.near, m.similar = make([]uint32, m.offsets[len(prints)]), make([]float32, m.offsets[len(prints)])
	for i, from := range m.offsets[:len(prints)] {
		for j, s := range lists[i] {
			m.near[from+uint64(j)], m.similar[from+uint64(j)] = s.Item, s.Score
		}
	}
	m.count()
	return m
}

// count counts the items that have neighbours.
func (m *Model) count() {
	m.listed = 0
	for i := range m.prints {
		if m.offsets[i] < m.offsets[i+1] {
			m.listed++
		}
	}
}

// Name returns "content".
func (m *Model) Name() string { return Name }

// list returns the neighbours of an item and how similar they are, none for an item that the model does not know.
func (m *Model) list(item uint32) (near []uint32, similar []float32) {
	if int64(item) >= int64(len(m.prints)) {
		return nil, nil
	}
	from, to := m.offsets[item], m.offsets[item+1]
	return m.near[from:to], m.similar[from:to]
}

// Accumulate adds the scores of all items near to the history.
func (m *Model) Accumulate(sums *model.Sums, u *model.User) {
	s := m.begin()
	defer m.scratch.Put(s)
	m.accumulate(sums, s, u.History)
}

// Score sums up the lists of the history once and then looks each item up.
func (m *Model) Score(dst []float32, u *model.User, items []uint32) {
	s := m.begin()
	defer m.scratch.Put(s)
	m.accumulate(&s.sums, s, u.History)
	for i, item := range items {
		dst[i] = s.sums.Get(item)
	}
}

// Scale is the standard deviation of the scores over all items that resemble any.
func (m *Model) Scale(u *model.User) float32 {
	s := m.begin()
	defer m.scratch.Put(s)
	m.accumulate(&s.sums, s, u.History)
	if s.sums.Len() == 0 {
		return 0
	}
	sum, squares := s.sums.Moments()
	mean := sum / float64(m.listed)
	return float32(math.Sqrt(max(0, squares/float64(m.listed)-mean*mean)))
}

// Propose proposes the items near to the history whose scores are above zero. It meets all of them whatever the effort.
func (m *Model) Propose(
	dst []model.Scored, u *model.User, n int, allow model.Allow, _ model.Effort,
) []model.Scored {
	s := m.begin()
	defer m.scratch.Put(s)
	m.accumulate(&s.sums, s, u.History)
	s.best.Reset(n)
	for item, score := range s.sums.All() {
		if score > 0 && s.best.Wants(score) && (allow == nil || allow.Contains(item)) {
			s.best.Push(item, score)
		}
	}
	for _, b := range s.best.Sorted() {
		dst = append(dst, model.Scored(b))
	}
	return dst
}

func (m *Model) begin() *scratch {
	s, ok := m.scratch.Get().(*scratch)
	if !ok {
		s = new(scratch)
	}
	s.sums.Reset()
	return s
}

func (m *Model) accumulate(sums *model.Sums, s *scratch, history []model.Event) {
	s.liked = appendLiked(s.liked[:0], history)
	for _, l := range s.liked {
		share := float32(l.share)
		if share == 0 {
			continue
		}
		near, similar := m.list(l.item)
		sums.AddRow(near, share, similar)
	}
}

// appendLiked appends the last different items of a history, the latest first, with weights whose magnitudes sum up to
// one: scores are finite whatever the weights. Events that say nothing take no room.
func appendLiked(dst []liked, history []model.Event) []liked {
	looked := 0
	for _, e := range slices.Backward(history) {
		if e.Weight == 0 {
			continue
		}
		if looked++; looked > eventsMax {
			break
		}
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
func (m *Model) Explain(dst []model.Reason, u *model.User, item uint32, n int) []model.Reason {
	from, total := len(dst), float32(0)
	for _, l := range appendLiked(nil, u.History) {
		near, similar := m.list(l.item)
		at := slices.Index(near, item)
		if at < 0 {
			continue
		}
		if part := float32(l.share) * similar[at]; part > 0 {
			dst = append(dst, model.Reason{Model: Name, Because: l.item, Share: part})
			total += part
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
