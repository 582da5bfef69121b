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
	item uint32
}

// holdOut withholds the latest item of a sample of the fresh users: those who took to at least two and came to the
// latest one last. The sample is chosen by a hash of the user and the seed.
func holdOut(snap *snapshot, seed uint64) (*model.Dataset, []held) {
	var sample []held
	part := gatePart(snap.data)
	kept := snap.data.Before(func(user uint32, history []model.Event) int {
		id := snap.data.Users.ID(user)
		if snap.fresh[id] == 0 || !inGate(id, seed, part) {
			return len(history)
		}
		before, item, ok := withoutLatest(history)
		if !ok {
			return len(history)
		}
		sample = append(sample, held{user, item})
		return before
	})
	return kept, sample
}

// gatePart is one over the share of users in the sample.
func gatePart(data *model.Dataset) uint64 { return uint64(max(heldPart, data.UserCount()/heldMax)) }

func inGate(user string, seed, part uint64) bool { return mix64(seed^uint64(hashID(user)))%part == 0 }

// withoutLatest says where the events of the item that the user came to last begin, provided that it spoke for itself, had
// not been there before, and leaves another that does.
func withoutLatest(history []model.Event) (before int, item uint32, ok bool) {
	before = len(history)
	if before == 0 {
		return 0, 0, false
	}
	item = history[before-1].Item
	positive := false
	for before > 0 && history[before-1].Item == item {
		before--
		positive = positive || history[before].Weight > 0
	}
	rest := false
	for _, ev := range history[:before] {
		if ev.Item == item {
			return 0, 0, false
		}
		rest = rest || ev.Weight > 0
	}
	return before, item, positive && rest
}

// compare ranks for every user in the sample with both models.
func compare(now, then model.Proposer, data *model.Dataset, sample []held) Gate {
	g := Gate{Users: len(sample)}
	if g.Users == 0 {
		return g
	}
	var sum, squares float64
	for _, h := range sample {
		a, b := gain(now, data, h), gain(then, data, h)
		g.NDCG += a
		g.NDCGBefore += b
		sum += a - b
		squares += (a - b) * (a - b)
	}
	n := float64(g.Users)
	g.NDCG /= n
	g.NDCGBefore /= n
	g.StdErr = math.Sqrt(max(0, squares/n-(sum/n)*(sum/n)) / n)
	return g
}

// gain is the nDCG@10 of one user: 1/log2(rank+1) of the one withheld item.
func gain(m model.Proposer, data *model.Dataset, h held) float64 {
	history := data.History(h.user)
	u := model.User{Now: data.Now, History: model.Recent(history, historyMax)}
	if e, ok := m.(model.Embedder); ok {
		u.Vector = e.Embed(nil, u.History, u.Now)
	}
	seen := make(map[uint32]bool, len(history))
	for _, ev := range history {
		seen[ev.Item] = true
	}
	top := m.Propose(nil, &u, gateK, model.AllowFunc(func(item uint32) bool { return !seen[item] }), model.Thorough)
	for rank, c := range top {
		if c.Item == h.item {
			return 1 / math.Log2(float64(rank+2))
		}
	}
	return 0
}
