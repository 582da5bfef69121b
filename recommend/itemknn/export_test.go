package itemknn

import "github.com/goldrec/gold/recommend/model"

// Neighbors is how many candidates the items of the history speak for.
func Neighbors(m model.Model, history []model.Event) (n int) {
	km := m.(*Model)
	for _, e := range km.tally(new(serving), history) {
		index, _ := km.goes.Row(int(e.Col))
		n += len(index)
	}
	return n
}
