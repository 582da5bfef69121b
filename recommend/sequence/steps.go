package sequence

import (
	"math"

	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/recommend/model"
)

// appendSteps appends the steps of a history, oldest first, each with √c. Row says which row an item has, if any.
func appendSteps(dst []sparse.Entry, history []model.Event, row func(item uint32) (uint32, bool)) []sparse.Entry {
	against := refused(history)
	from := len(dst)
	sum := 0.0
	for _, e := range history {
		r, ok := row(e.Item)
		if !ok || e.Weight <= 0 || against[e.Item] {
			continue
		}
		if n := len(dst); n > from && dst[n-1].Col == r {
			sum += float64(e.Weight)
		} else {
			dst, sum = append(dst, sparse.Entry{Col: r}), float64(e.Weight)
		}
		dst[len(dst)-1].Value = loudness(sum)
	}
	return dst
}

func loudness(sum float64) float32 {
	if sum == 1 {
		return 1
	}
	return float32(math.Sqrt(float64(model.Confidence(float32(min(sum, math.MaxFloat32))))))
}

// refused is the items that the history does not speak for: views are taken back by a dislike. It is nil where nothing is
// disliked.
func refused(history []model.Event) map[uint32]bool {
	var sums map[uint32]float64
	for _, e := range history {
		if e.Weight < 0 {
			if sums == nil {
				sums = map[uint32]float64{}
			}
			sums[e.Item] = 0
		}
	}
	if sums == nil {
		return nil
	}
	for _, e := range history {
		if sum, ok := sums[e.Item]; ok {
			sums[e.Item] = sum + float64(e.Weight)
		}
	}
	against := make(map[uint32]bool, len(sums))
	for item, sum := range sums {
		against[item] = sum <= 0
	}
	return against
}
