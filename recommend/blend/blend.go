// Package blend makes one ranking of several models: a weighted sum of their scores, with weights that depend on how long
// the user's history is, since what works for a newcomer is not what works for a regular.
//
//	score(user, item) = Σ over parts p of  weight[p, length(user)] · score_p(user, item) / σ_p(user)
//
// σ_p(user) is the standard deviation of the part's scores for this user over all items. A sum over a history grows with
// the history and an inner product does not; divided by how far they lie apart they are in one unit, for every user, so
// that weights mean the same for all users and hardly depend on what a part's scores look like. The weights of a class of
// users sum up to one, so that scores of the blend lie about one standard deviation apart too.
//
// [Learn] finds the weights from what users did after what the parts were trained on, [Fit] trains and learns where there
// are no parts yet, and [Blend] answers with parts and weights. The package has no Trainer and holds no files of parts:
// who trains, keeps and loads models does so with each of them, and with the [Weights] beside.
//
//	parts, weights, report, err := blend.Fit(ctx, trainers, data, blend.Options{Seed: 1})
//	mixed, err := blend.New(parts, weights)
//	answer := mixed.Answer(&user)
//	defer answer.Close()
//	best := answer.Propose(nil, 20, allow, model.Thorough)
//
// An engine does this by itself; the package is for those who train and serve without one, or measure.
//
// # How weights are learned
//
// Each of some hundred points, combinations of a few levels of weight, is tried on every example, a user with items that
// are known to have come next; how well they rank is measured by nDCG@50, of which small differences in order move less
// than of nDCG@10. A class of lengths is judged by its own users, and by those of the neighbouring classes for as much as
// fifty more each. Its weights are the mean of all points that come within one standard error, over users, of the best: not the best
// itself, which is the luckiest (the one-standard-error rule of Breiman, Friedman, Olshen and Stone, Classification and
// Regression Trees, 1984).
//
// What this gives is compared with the best part alone, in five folds, on users that neither was learned from. Where the
// part is better by more than one standard error the weights move half way to it, by more than two all the way.
//
// # Cost and concurrency
//
// A Blend is immutable and safe for concurrent use; an [Answer] is one user's, for one goroutine, and must be closed.
// Learn costs about as much as 1,500 requests for pages and 0.2 seconds of one processor, and some ten MB, however
// much data there is. Fit costs up to one and a half times as much as training the parts.
//
// # Caveats
//
// What everybody likes ranks newcomers well on paper, because most of them come for just that. It would be wrong all the
// same to answer a first click with what everybody gets: an impersonal part, one that tells users of a history nothing
// that it does not tell a stranger, has at most two fifths of the weight of the leading personal one.
package blend

import (
	"errors"
	"slices"
	"sync"

	"github.com/goldrec/gold/recommend/model"
)

// Blend is several models as one: a [model.Scorer], [model.Proposer], [model.Follower] and [model.Explainer]. It is
// immutable and safe for concurrent use.
type Blend struct {
	parts   []model.Model
	weights [Classes][]float32 // by class of length and part
	items   float64            // over which sums are spread
	dims    []int              // of each part's vector
	answers sync.Pool          // of *Answer
}

// New makes a blend of the parts, which must have different names. Weights know parts by their names: one that they do not
// have is left out, and one of parts that they do not know counts nothing. Where none of them counts, all count alike, so
// that a blend of any one part is that part.
func New(parts []model.Model, w *Weights) (*Blend, error) {
	b := &Blend{parts: slices.Clone(parts), items: float64(w.Items), dims: make([]int, len(parts))}
	for i, p := range parts {
		if slices.ContainsFunc(parts[:i], func(q model.Model) bool { return q.Name() == p.Name() }) {
			return nil, errors.New("blend: two parts are called " + p.Name())
		}
		if e, ok := p.(model.Embedder); ok {
			b.dims[i] = len(e.Embed(nil, nil, 0))
		}
	}
	for c := range b.weights {
		b.weights[c] = make([]float32, len(parts))
		for i, p := range parts {
			b.weights[c][i] = w.of(p.Name(), c)
		}
		normalise(b.weights[c])
	}
	b.answers.New = func() any { return newAnswer(b) }
	return b, nil
}

// Select returns the blend of some of the parts, with the same weights for them, or alike where those are zero. It takes
// the same vectors.
func (b *Blend) Select(names []string) *Blend {
	out := &Blend{parts: b.parts, items: b.items, dims: b.dims}
	for c := range out.weights {
		out.weights[c] = make([]float32, len(b.parts))
		var sum float32
		for i, p := range b.parts {
			if slices.Contains(names, p.Name()) {
				out.weights[c][i] = b.weights[c][i]
				sum += b.weights[c][i]
			}
		}
		for i, p := range b.parts {
			if sum == 0 && slices.Contains(names, p.Name()) {
				out.weights[c][i] = 1
			}
		}
		normalise(out.weights[c])
	}
	out.answers.New = func() any { return newAnswer(out) }
	return out
}

// Parts returns the models that are blended.
func (b *Blend) Parts() []model.Model { return slices.Clone(b.parts) }

// Score sets dst[i] to the blend's score of items[i]. A score does not depend on what else is asked.
func (b *Blend) Score(dst []float32, u *model.User, items []uint32) {
	a := b.Answer(u)
	defer a.Close()
	a.Score(dst, items)
}

// Rank appends the items with their scores to dst, the best first and ties by handle: the quick way where few may come,
// since every part's look at the history serves all of them.
func (b *Blend) Rank(dst []model.Scored, u *model.User, items []uint32) []model.Scored {
	a := b.Answer(u)
	defer a.Close()
	return a.Rank(dst, items)
}

// Propose ranks what the parts propose.
func (b *Blend) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, effort model.Effort) []model.Scored {
	a := b.Answer(u)
	defer a.Close()
	return a.Propose(dst, n, allow, effort)
}

// Explain says why one item scored as it did; see [Answer.Explain] for a whole page.
func (b *Blend) Explain(dst []model.Reason, u *model.User, item uint32, n int) []model.Reason {
	a := b.Answer(u)
	defer a.Close()
	return a.Explain(dst, item, n)
}

// Embed appends the parts' vectors, one after the other, to dst.
func (b *Blend) Embed(dst []float32, history []model.Event, now int64) []float32 {
	for i, d := range b.dims {
		if d > 0 {
			dst = b.parts[i].(model.Embedder).Embed(dst, history, now)
		}
	}
	return dst
}

// Follow changes a vector that the blend's Embed made of almost this history, each part going on from its own where it
// can and starting anew where it cannot. A vector of another length is left alone.
func (b *Blend) Follow(vector []float32, history []model.Event, now int64) {
	if len(vector) != b.dim() {
		return
	}
	for i, d := range b.dims {
		mine := vector[:d:d]
		if f, ok := b.parts[i].(model.Follower); ok {
			f.Follow(mine, history, now)
		} else if d > 0 {
			copy(mine, b.parts[i].(model.Embedder).Embed(nil, history, now))
		}
		vector = vector[d:]
	}
}

func (b *Blend) dim() int {
	n := 0
	for _, d := range b.dims {
		n += d
	}
	return n
}
