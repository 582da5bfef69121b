package session

import "github.com/goldrec/gold/recommend/model"

// Present is what a history ends with, as answers see it.
func Present(history []model.Event) []uint32 {
	return present(nil, &model.User{History: history}, visitMax)
}

// Segments is how many parts the index has.
func (m *Model) Segments() int { return len(m.index.now.Load().segments) }
