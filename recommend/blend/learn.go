package blend

import (
	"context"
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

const (
	examplesMax = 1200 // users that weights are learned from, at most
	examplesMin = 20   // fewer teach nothing
	// ownPart is one over the share of them that each class has at least where longer histories can be cut short.
	ownPart = 15
	// cutTruth is how many withheld items a history cut short keeps: who has done little is not known to do much next.
	cutTruth = 5
)

// Options is how to learn. The zero value works.
type Options struct {
	Seed     uint64                // the same seed and data give the same weights
	Workers  int                   // goroutines; 0 means GOMAXPROCS; weights do not depend on it
	Progress func(done, total int) // called from one goroutine at a time; may be nil
}

// Withheld is what a user turned to after the history that parts and Learn know.
type Withheld struct {
	User  uint32   // handle in the data's table
	Items []uint32 // in the order in which the user came to them, each once
}

// Report is what learning found out, on users that the weights it speaks of were not learned from.
type Report struct {
	Examples int     // users learned from, those cut short counted again; fewer than 20 teach nothing
	Blend    float64 // mean nDCG@50 of the blend
	Best     float64 // and of the part that was best alone, class by class
	Error    float64 // the standard error of the difference between them
	// Alone is the nDCG@50 of each part alone on all examples, in the order of the weights' parts.
	Alone []float64
}

// Learn finds the weights for parts that have learned from no more than the histories of from, by what users did then.
// Items that are in the user's history do not count. With too few users for anything to be learned all parts count alike,
// impersonal ones a tenth. It costs about as much as 1,500 requests for pages and 0.2 seconds of one processor, and some
// ten MB, however much data there is. It returns ctx's error when that ends first.
func Learn(ctx context.Context, parts []model.Model, from *model.Dataset, truth []Withheld, opt Options) (*Weights, Report, error) {
	return learn(ctx, parts, from, truth, examplesMax, opt)
}

// learn learns from so many users at most.
func learn(ctx context.Context, parts []model.Model, from *model.Dataset, truth []Withheld, most int, opt Options) (*Weights, Report, error) {
	w := &Weights{Items: from.ItemCount()}
	for _, p := range parts {
		w.Parts = append(w.Parts, p.Name())
	}
	for c := range w.ByClass {
		w.ByClass[c] = make([]float32, len(parts))
	}
	b, err := New(parts, w)
	if err != nil {
		return nil, Report{}, err
	}
	l := &lesson{blend: b, from: from, opt: opt, impersonal: impersonal(b, from, truth)}
	if err := l.collect(ctx, choose(from, truth, most)); err != nil {
		return nil, Report{}, err
	}
	report := Report{Examples: len(l.examples), Alone: make([]float64, len(parts))}
	if len(l.examples) < examplesMin || len(l.active) == 0 {
		for c := range w.ByClass {
			w.ByClass[c] = l.even()
		}
		return w, report, nil
	}
	if err := l.study(ctx, w, &report); err != nil {
		return nil, Report{}, err
	}
	return w, report, nil
}

// pick is an example to be made: a user of a class, as far as the newest so many events go.
type pick struct {
	truth *Withheld
	class int
	cut   bool
}

// choose picks the users to learn from: an equal number of each class of length, as far as it has them, and of a class that
// has few, longer histories cut short.
func choose(from *model.Dataset, truth []Withheld, most int) []pick {
	var own [Classes][]pick
	for i := range truth {
		if c := class(length(from.History(truth[i].User))); len(truth[i].Items) > 0 {
			own[c] = append(own[c], pick{truth: &truth[i], class: c})
		}
	}
	least := most / ownPart
	var all []pick
	for c, most := range shares(own, most) {
		all = append(all, spread(own[c], most)...)
		if len(own[c]) < least {
			longer := spread(slices.Concat(own[c+1:]...), least-len(own[c]))
			for _, p := range longer {
				all = append(all, pick{truth: p.truth, class: c, cut: true})
			}
		}
	}
	return all
}

// shares divides a number of users up between the classes: alike, but that what a small one leaves goes to the others.
func shares(own [Classes][]pick, total int) [Classes]int {
	var out [Classes]int
	order := make([]int, Classes)
	for c := range order {
		order[c] = c
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(own[a]) - len(own[b]) })
	for i, c := range order {
		out[c] = min(len(own[c]), total/(Classes-i))
		total -= out[c]
	}
	return out
}

// spread returns at most so many of the list, from all along it.
func spread[T any](list []T, most int) []T {
	if len(list) <= most {
		return list
	}
	out := make([]T, most)
	for i := range out {
		out[i] = list[i*len(list)/most]
	}
	return out
}

// newest is the shortest end of the history that is n long.
func newest(history []model.Event, n int) []model.Event {
	from, last := len(history), model.NoItem
	for seen := 0; from > 0; from-- {
		if e := history[from-1]; e.Weight > 0 && e.Item != last {
			if seen == n {
				break
			}
			seen, last = seen+1, e.Item
		}
	}
	return history[from:]
}
