package allot_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/allot"
)

func ids(offers []allot.Offer) string {
	var text strings.Builder
	for _, o := range offers {
		text.WriteString(o.ID)
	}
	return text.String()
}

func TestOrder(t *testing.T) {
	t.Parallel()
	minutes := 5 * time.Minute
	tests := []struct {
		name   string
		offers []allot.Offer
		want   string
	}{
		{"chance times value", []allot.Offer{{ID: "a", Buy: 0.1, Value: 100}, {ID: "b", Buy: 0.5, Value: 30}, {ID: "c", Buy: 0.01, Value: 1400}}, "bca"},
		{"ties by id", []allot.Offer{{ID: "b", Buy: 0.1, Value: 10}, {ID: "a", Buy: 0.2, Value: 5}}, "ab"},
		{"what will be gone is worth less", []allot.Offer{{ID: "a", Buy: 0.5, Value: 10, Limited: true, Left: 2, Rate: 0.02, Acts: minutes}, {ID: "b", Buy: 0.3, Value: 10}}, "ba"},
		{"what is sold out is worth nothing", []allot.Offer{{ID: "a", Buy: 1, Value: 10, Limited: true}, {ID: "b", Buy: 0.1, Value: 1}}, "ba"},
		{"few left is no merit", []allot.Offer{{ID: "b", Buy: 0.5, Value: 10, Limited: true, Left: 1}, {ID: "a", Buy: 0.5, Value: 10}}, "ab"},
		{"a price for the place", []allot.Offer{{ID: "a", Buy: 0.5, Value: 10, Price: 3}, {ID: "b", Buy: 0.25, Value: 10}}, "ba"},
	}
	for _, tt := range tests {
		if err := allot.Order(tt.offers); err != nil || ids(tt.offers) != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.name, ids(tt.offers), err, tt.want)
		}
	}
	nan := math.NaN()
	for _, bad := range []allot.Offer{{Buy: -0.1}, {Buy: 1.1}, {Buy: nan}, {Value: -1}, {Value: nan}, {Value: math.Inf(1)}, {Price: -1}, {Price: nan},
		{Limited: true, Left: -1}, {Limited: true, Rate: -1}, {Limited: true, Rate: nan}, {Limited: true, Acts: -1}} {
		list := []allot.Offer{{ID: "z"}, bad}
		if err := allot.Order(list); !errors.Is(err, allot.ErrOffer) || list[0].ID != "z" {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// The chance that stock lasts is the sum of the chances that none, one, … or one less than all are taken.
func TestLasts(t *testing.T) {
	t.Parallel()
	for _, left := range []int64{1, 2, 7, 50} {
		for _, rate := range []float64{0.001, 0.01, 0.1, 0.3} {
			o := allot.Offer{Limited: true, Left: left, Rate: rate, Acts: 100 * time.Second}
			mean := rate * 100
			sum, term := 0.0, math.Exp(-mean)
			for k := range left {
				sum += term
				term *= mean / float64(k+1)
			}
			if got := o.Lasts(); math.Abs(got-sum) > 1e-9 {
				t.Errorf("%d left at %v: %v, want %v", left, rate, got, sum)
			}
		}
	}
}

func TestUrgent(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 19, 0, 0, 0, time.UTC)
	card := func(left int64) deals.Card {
		return deals.Card{Occurrence: deals.Occurrence{Start: start, End: start.Add(time.Hour)}, Limited: left >= 0, Left: max(left, 0)}
	}
	tests := []struct {
		name string
		left int64 // -1: not limited
		rate float64
		at   time.Duration
		want allot.Urgency
	}{
		{"nothing is urgent", -1, 1, 0, allot.Urgency{}},
		{"near the end", -1, 1, 45 * time.Minute, allot.Urgency{EndsIn: 15 * time.Minute}},
		{"not so near", -1, 1, 45*time.Minute - 1, allot.Urgency{}},
		{"over", -1, 1, time.Hour, allot.Urgency{}},
		{"not yet", 3, 1, -1, allot.Urgency{}},
		{"few, and wanted", 3, 0.01, 0, allot.Urgency{FewLeft: 3}},
		{"few, and not wanted", 3, 0.0001, 0, allot.Urgency{}},
		{"one, and nobody comes", 1, 0, 0, allot.Urgency{}},
		{"many, and wanted more", 1000, 1, 0, allot.Urgency{FewLeft: 1000}},
		{"sold out", 0, 1, 50 * time.Minute, allot.Urgency{}},
		{"both", 1, 0.01, 50 * time.Minute, allot.Urgency{EndsIn: 10 * time.Minute, FewLeft: 1}},
	}
	for _, tt := range tests {
		if got := allot.Urgent(card(tt.left), tt.rate, start.Add(tt.at)); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func ExampleOrder() {
	offers := []allot.Offer{
		{ID: "tea", Buy: 0.04, Value: 300},
		{ID: "cup", Buy: 0.10, Value: 200, Limited: true, Left: 3, Rate: 0.02, Acts: 5 * time.Minute}, // gone, probably, when the user acts
		{ID: "pot", Buy: 0.03, Value: 900},
	}
	if err := allot.Order(offers); err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range offers {
		fmt.Printf("%s %.2f\n", o.ID, o.Worth())
	}
	// Output:
	// pot 27.00
	// tea 12.00
	// cup 1.24
}

// Three users would like the same deal best, of which there are two places.
func ExampleShare() {
	plan, err := allot.Share([][]float64{{9, 1}, {9, 5}, {8, 1}}, 1, []int{2, 9})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(plan.Shown, plan.Total)
	// Output: [[0] [1] [0]] 22
}
