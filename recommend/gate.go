package recommend

import (
	"math"

	"github.com/goldrec/gold/recommend/model"
)

// Gate is the comparison that decides whether a new model takes service: nDCG@10 of one withheld item for each of a
// sample of users, the latest that they took to, which neither model was trained on.
type Gate struct {
	Users      int     // in the sample; 0: nothing to compare on, and the new model takes service
	NDCG       float64 // of the new model
	NDCGBefore float64 // of the model in service; 0 when there was none
	StdErr     float64 // of the difference, from the users' paired differences
}

// Worse reports whether the new model is worse than the old by more than two standard errors, which a model as good as
// the old one is by chance in one training of forty.
func (g Gate) Worse() bool {
	return g.Users > 0 && g.NDCGBefore-g.NDCG > 2*g.StdErr
}

const (
	gateK    = 10
	heldPart = 10   // one user in so many is in the sample,
	heldMax  = 2000 // or fewer, so that it has about so many
)

// held is a user's withheld item.
type held struct {
	user uint32
	item string
}

// holdOut withholds the latest item of a sample of the fresh users: those who took to at least two and came to the
// latest one last. The sample is chosen by a hash of the user and the seed.
func holdOut(snap *snapshot, seed uint64) (*model.Dataset, []held) {
	var sample []held
	part := uint64(max(heldPart, snap.data.Users.Len()/heldMax))
	kept := snap.data.WithHistories(func(user uint32, history []model.Event) []model.Event {
		id := snap.data.Users.ID(user)
		if !snap.fresh[id] || sampleHash(id, seed)%part != 0 {
			return history
		}
		before, item, ok := withoutLatest(history)
		if !ok {
			return history
		}
		sample = append(sample, held{user, snap.data.Items.ID(item)})
		return before
	})
	return kept, sample
}

func sampleHash(id string, seed uint64) uint64 {
	h := seed ^ uint64(hashID(id))*0x9e3779b97f4a7c15
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	return h ^ h>>32
}

// withoutLatest cuts the events of the item that the user came to last off the end of the history, provided that it
// spoke for itself, had not been there before, and leaves another that does.
func withoutLatest(history []model.Event) (before []model.Event, item uint32, ok bool) {
	end := len(history)
	if end == 0 {
		return nil, 0, false
	}
	item = history[end-1].Item
	positive := false
	for end > 0 && history[end-1].Item == item {
		end--
		positive = positive || history[end].Weight > 0
	}
	rest := false
	for _, ev := range history[:end] {
		if ev.Item == item {
			return nil, 0, false
		}
		rest = rest || ev.Weight > 0
	}
	return history[:end], item, positive && rest
}

// compare ranks for every user in the sample with both models.
func compare(m model.Model, before *service, data *model.Dataset, sample []held) Gate {
	g := Gate{Users: len(sample)}
	if g.Users == 0 {
		return g
	}
	var sum, squares float64
	for _, h := range sample {
		now := gain(m, data, h)
		then := 0.0
		if before != nil {
			then = gain(before.model, data, h)
		}
		g.NDCG += now
		g.NDCGBefore += then
		sum += now - then
		squares += (now - then) * (now - then)
	}
	n := float64(g.Users)
	g.NDCG /= n
	g.NDCGBefore /= n
	g.StdErr = math.Sqrt(max(0, squares/n-(sum/n)*(sum/n)) / n)
	return g
}

// gain is the nDCG@10 of one user: 1/log2(rank+1) of the one withheld item.
func gain(m model.Model, data *model.Dataset, h held) float64 {
	u := model.User{Now: data.Now}
	seen := map[uint32]bool{}
	for _, ev := range data.History(h.user) {
		if item, ok := m.Items().Lookup(data.Items.ID(ev.Item)); ok {
			ev.Item = item
			u.History = append(u.History, ev)
			seen[item] = true
		}
	}
	u.Vector = embed(m, u.History, u.Now)
	top := m.Candidates(nil, &u, gateK, func(item uint32) bool { return !seen[item] })
	for rank, c := range top {
		if m.Items().ID(c.Item) == h.item {
			return 1 / math.Log2(float64(rank+2))
		}
	}
	return 0
}
