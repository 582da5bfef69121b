package model_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
)

// baskets is a dataset of three users.
func baskets() *model.Dataset {
	var b model.Builder
	for user, items := range []string{"tea mug", "tea mug pot", "pot lamp"} {
		at := int64(0)
		for item := range strings.FieldsSeq(items) {
			at++
			b.Add(fmt.Sprint("user-", user), item, 1, at)
		}
	}
	return b.Build()
}

// counts is the smallest Scorer and Proposer there can be: items by how many events they had, whoever asks.
type counts []float32

func count(data *model.Dataset) counts {
	m := make(counts, data.ItemCount())
	for u := range uint32(data.UserCount()) {
		for _, e := range data.History(u) {
			m[e.Item] += e.Weight
		}
	}
	return m
}

func (m counts) Propose(dst []model.Scored, _ *model.User, n int, allow model.Allow, _ model.Effort) []model.Scored {
	for item, score := range m {
		if score > 0 && (allow == nil || allow.Contains(uint32(item))) {
			dst = append(dst, model.Scored{Item: uint32(item), Score: score})
		}
	}
	slices.SortFunc(dst, func(a, b model.Scored) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
	return dst[:min(n, len(dst))]
}

// What a trainer sees, and what a page asks a model for. A whole model, with files, is the Example of recommendtest.
func Example() {
	data := baskets()
	pot, _ := data.Items.Lookup("pot")
	user := &model.User{History: []model.Event{{Item: pot, Weight: 1}}}
	notPot := model.AllowFunc(func(item uint32) bool { return item != pot })
	for _, s := range count(data).Propose(nil, user, 2, notPot, model.Thorough) {
		fmt.Println(data.Items.ID(s.Item), s.Score)
	}
	// Output:
	// tea 2
	// mug 2
}

// Rows that cannot be taken are left out, and Err says why the first one was.
func ExampleBuilder() {
	var b model.Builder
	b.AddItem(&catalog.Item{ID: "tea", Title: "Green tea"}) // known, though nobody has it yet
	b.Add("ann", "mug", 1, 100)
	b.Add("", "pot", 1, 200)
	data := b.Build()
	fmt.Println(data.UserCount(), data.ItemCount(), data.Len(), data.Content(0).Title)
	fmt.Println(b.Err() != nil)
	// Output:
	// 1 3 1 Green tea
	// true
}

// Histories of a dataset that is split: each without its newest event.
func ExampleDataset_Before() {
	data := baskets()
	early := data.Before(func(_ uint32, history []model.Event) int { return len(history) - 1 })
	fmt.Println(data.Len(), early.Len())
	// Output: 7 4
}

// Nobody shouts: a sum of a million counts as 236.
func ExampleConfidence() {
	for _, sum := range []float32{1, 20, 100, 1e6} {
		fmt.Printf("%.0f ", model.Confidence(sum))
	}
	fmt.Println()
	// Output: 1 20 52 236
}

// What Load is told: the first item has the handle 2 now, the second is gone, the third stayed.
func ExamplePlaces() {
	size, same, err := model.Places([]uint32{5, model.NoItem, 2})
	fmt.Println(size, same, err)
	_, _, err = model.Places([]uint32{1, 1}) // two items cannot be one
	fmt.Println(errors.Is(err, model.ErrCorrupt))
	// Output:
	// 6 false <nil>
	// true
}

// A model that looks at two events of a history looks at the newest.
func ExampleRecent() {
	history := []model.Event{{Item: 1, Time: 10}, {Item: 2, Time: 20}, {Item: 3, Time: 30}}
	for _, e := range model.Recent(history, 2) {
		fmt.Println(e.Item)
	}
	// Output:
	// 2
	// 3
}

// Sessions are told apart by number.
func ExampleSessionOf() {
	monday := model.SessionOf("monday")
	fmt.Println(model.SessionOf(""), monday == model.SessionOf("mon"+"day"), monday == model.SessionOf("friday"))
	// Output: 0 true false
}

// What may be proposed, by a rule.
func ExampleAllowFunc() {
	even := model.AllowFunc(func(item uint32) bool { return item%2 == 0 })
	fmt.Println(even.Contains(2), even.Contains(3))
	// Output: true false
}

// Scores of few of many items are added up without an array of all.
func ExampleSums() {
	var sums model.Sums
	sums.Add(1_000_000, 0.5)
	sums.Add(7, 1)
	sums.Add(1_000_000, 0.25)
	for item, score := range sums.All() {
		fmt.Println(item, score)
	}
	total, squares := sums.Moments()
	fmt.Println(sums.Len(), total, squares)
	// Output:
	// 1000000 0.75
	// 7 1
	// 2 1.75 1.5625
}
