package recommend

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/goldrec/gold/experiment/interleave"
	"github.com/goldrec/gold/store"
)

// pipeline is what a variant's pages come from.
type pipeline struct {
	models []string
	marks  []string // of a mix: what stands on the items that each model picks, "mix/als"
}

func newPipelines(options map[string][]string) (map[string]*pipeline, error) {
	out := make(map[string]*pipeline, len(options))
	for variant, models := range options {
		p := &pipeline{models: slices.Clone(models)}
		for i, name := range models {
			mark := variant + "/" + name
			if err := store.ValidateID("variant", mark); err != nil || slices.Contains(models[:i], name) ||
				i == interleave.RankersMax {
				return nil, fmt.Errorf("%w: pipeline of variant %q: %q twice, too long, or one too many", ErrInvalid, variant, name)
			}
			p.marks = append(p.marks, mark)
		}
		out[variant] = p
	}
	return out, nil
}

// choose names the model in the request when the pipeline is one, and returns the pipeline when it is a mix; nil when
// the page comes from one model. What is not wholly in service chooses nothing.
func (p *pipeline) choose(svc *service, req *Request) (mix *pipeline) {
	if p == nil || len(p.models) == 0 || req.Model != "" {
		return nil
	}
	for _, name := range p.models {
		if !svc.has(name) {
			return nil
		}
	}
	if len(p.models) > 1 {
		return p
	}
	req.Model = p.models[0]
	return nil
}

// cacheable reports whether a mix depends on nothing but the user's state and the model; no mix does not either.
func (p *pipeline) cacheable() bool {
	return p == nil || !slices.Contains(p.models, Trending)
}

// draft mixes the pages that the models of the mix would give by team draft. Each is a whole page, with what fills it
// up: a model that has little to say is not credited with less than its pages would get.
func (q *query) draft(req *Request, now int64) error {
	pages := make([][]ranked, len(q.mix.models))
	rankings := make([][]string, len(q.mix.models))
	for team, name := range q.mix.models {
		q.ranked = q.ranked[:0]
		if err := q.rank(name, req, now); err != nil {
			return err
		}
		pages[team] = slices.Clone(q.ranked)
		for _, r := range q.ranked {
			rankings[team] = append(rankings[team], q.engine.catalog.ID(r.item))
		}
	}
	list, err := interleave.Mix(interleave.TeamDraft, q.chance(req), min(req.N+1, interleave.LengthMax), rankings...)
	if err != nil {
		return fmt.Errorf("recommend: mix: %w", err)
	}
	q.ranked = q.ranked[:0]
	next := make([]int, len(pages)) // a team picks down its page
	for i, team := range list.Teams {
		for rankings[team][next[team]] != list.Items[i] {
			next[team]++
		}
		r := pages[team][next[team]]
		r.team, r.score = team, 1/float32(i+1)
		q.ranked = append(q.ranked, r)
	}
	return nil
}

// chance is what a mixed page draws from: the same for the same seed, user, history, model and cursor, so that a page
// asked for again comes again, here or on another replica.
func (q *query) chance(req *Request) *rand.Rand {
	newest := int64(0)
	if n := len(q.state.history); n > 0 {
		newest = q.state.history[n-1].time
	}
	visit := uint64(newest) ^ q.svc.version<<48 ^ uint64(hashID(req.Cursor))<<24
	return rand.New(rand.NewPCG(sampleHash(req.User, q.engine.opts.Seed), visit))
}

// picksMax is how many items of a user's mixed pages are kept in memory to stamp interactions with who picked them.
const picksMax = 200

type pick struct {
	item uint32 // catalogue handle
	mark string
}

// picked keeps who picked the items of a new page.
func (u *user) picked(page []ranked, mix *pipeline) {
	u.mu.Lock()
	defer u.mu.Unlock()
	r := u.rare()
	for i := range min(len(page), picksMax) {
		r.picks = append(r.picks, pick{page[i].item, mix.marks[page[i].team]})
	}
	if drop := len(r.picks) - picksMax; drop > 0 {
		r.picks = slices.Delete(r.picks, 0, drop)
	}
}

// pick is who picked the item, by the newest page that has it, or "".
func (u *user) pick(item uint32) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.aside == nil {
		return ""
	}
	for _, p := range slices.Backward(u.aside.picks) {
		if p.item == item {
			return p.mark
		}
	}
	return ""
}
