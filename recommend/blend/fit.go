package blend

import (
	"context"
	"fmt"

	"github.com/goldrec/gold/recommend/model"
)

// Learning is to take less time than training. What that takes goes by events, and by users and items, which weigh as much as
// some twenty events each; Fit learns from one user for so many, within bounds. On MovieLens-100k 400 users find weights as
// good as 1,200 do; on Beauty, whose parts take seven times as long, they find worse ones.
const (
	fitFew    = 400
	fitWeight = 20
	fitPart   = 600
)

// fitUsers is how many users Fit learns from at most.
func fitUsers(data *model.Dataset) int {
	work := data.Len() + fitWeight*(data.UserCount()+data.ItemCount())
	return min(max(fitFew, work/fitPart), examplesMax)
}

// Fit trains the parts and learns their weights where there are no models yet: it withholds what a sample of users did
// last, trains the parts on the rest, learns the weights there, and trains the parts on all of the data from what they
// were. Parts and weights keep the trainers' order. It costs up to one and a half times as much as training the parts,
// less when they gain from [model.TrainOptions.Previous].
//
// Where there are models in service there is no need for it: [Learn] takes them, and what users did since.
func Fit(ctx context.Context, trainers []model.Trainer, data *model.Dataset, opt Options) ([]model.Model, *Weights, Report, error) {
	progress := steps{total: 2*len(trainers) + 1, report: opt.Progress}
	early, truth := withhold(data, opt.Seed)
	drafts, err := trainAll(ctx, trainers, early, opt, nil, &progress)
	if err != nil {
		return nil, nil, Report{}, err
	}
	learning := opt
	learning.Progress = progress.part
	weights, report, err := learn(ctx, drafts, early, truth, fitUsers(data), learning)
	if err != nil {
		return nil, nil, Report{}, err
	}
	progress.next()
	parts, err := trainAll(ctx, trainers, data, opt, drafts, &progress)
	if err != nil {
		return nil, nil, Report{}, err
	}
	return parts, weights, report, nil
}

// trainAll trains drafts when previous is nil, else what they become; what they were is let go of one by one.
func trainAll(
	ctx context.Context, trainers []model.Trainer, data *model.Dataset, opt Options, previous []model.Model, progress *steps,
) ([]model.Model, error) {
	parts := make([]model.Model, len(trainers))
	for i, tr := range trainers {
		o := model.TrainOptions{Seed: opt.Seed, Workers: opt.Workers, Progress: progress.part, Draft: previous == nil}
		if previous != nil {
			o.Previous, previous[i] = previous[i], nil
		}
		m, err := tr.Train(ctx, data, o)
		if err != nil {
			return nil, fmt.Errorf("blend: train %s: %w", tr.Name(), err)
		}
		parts[i] = m
		progress.next()
	}
	return parts, nil
}

// steps makes one progress of several: each counts for a hundred, and nothing is said twice.
type steps struct {
	done, total int
	said        int
	report      func(done, total int)
}

func (s *steps) part(done, total int) {
	if s.report == nil || total == 0 {
		return
	}
	if now := 100*s.done + 100*done/total; now > s.said {
		s.said = now
		s.report(now, 100*s.total)
	}
}

func (s *steps) next() {
	s.done++
	s.part(0, 1)
}
