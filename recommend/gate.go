package recommend

import (
	"context"

	"github.com/goldrec/gold/recommend/eval"
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

// Worse reports whether the new model is worse than the old by more than a fiftieth of what that reaches and two and a half
// standard errors besides. A model trained on more of the same is now and then a hair below the one in service, on any
// sample, and is to take service all the same, with all that is new in it; one that is broken loses most of what there is.
func (g Gate) Worse() bool {
	return g.Users > 0 && (1-tolerated)*g.NDCGBefore-g.NDCG > 2.5*g.StdErr
}

const (
	tolerated = 0.02 // of NDCGBefore
	gateK     = 10
	heldPart  = 10   // one user in so many is in the sample,
	heldMax   = 2000 // or fewer, so that it has about so many,
	heldMin   = 400  // or more, so that it has about so many where there are few users,
	heldMost  = 4    // but no more than one in so many: the weights are learned from the others
)

// holdOut withholds the latest item of a sample of the fresh users, chosen by a hash of the user and the seed.
func holdOut(snap *snapshot, seed uint64) (*model.Dataset, []eval.Held) {
	part := gatePart(snap.data)
	return eval.Latest(snap.data, func(user uint32) bool {
		id := snap.data.Users.ID(user)
		return snap.fresh[id] > 0 && inGate(id, seed, part)
	})
}

// gatePart is one over the share of users in the sample.
func gatePart(data *model.Dataset) uint64 {
	users := data.UserCount()
	return uint64(max(heldMost, min(users/heldMin, heldPart), users/heldMax))
}

func inGate(user string, seed, part uint64) bool { return mix64(seed^uint64(hashID(user)))%part == 0 }

// compare ranks for every user in the sample with both models.
func (e *Engine) compare(ctx context.Context, now, then model.Proposer, data *model.Dataset, sample []eval.Held) (Gate, error) {
	opt := eval.Options{Cutoffs: []int{gateK}, Recent: historyMax, Workers: e.opts.Workers}
	a, err := eval.Gains(ctx, now, data, sample, opt)
	if err != nil {
		return Gate{}, err
	}
	b, err := eval.Gains(ctx, then, data, sample, opt)
	if err != nil {
		return Gate{}, err
	}
	d := eval.Paired(a, b)
	return Gate{Users: d.Users, NDCG: d.A, NDCGBefore: d.B, StdErr: d.StdErr}, nil
}
