package web

import "github.com/goldrec/gold/store"

// deeds is the most telling thing that a visitor did to each product.
type deeds map[string]deed

type deed store.Kind

func deedsOf(past []store.Entry) deeds {
	did := deeds{}
	for i := range past {
		if in := &past[i].Interaction; deed(in.Kind).rank() > did[in.Item].rank() {
			did[in.Item] = deed(in.Kind)
		}
	}
	return did
}

// rank says how telling a deed is; 0 for one that speaks for nothing.
func (d deed) rank() int {
	switch store.Kind(d) {
	case store.Purchase:
		return 4
	case store.Like, store.Rating:
		return 3
	case store.Cart:
		return 2
	case store.View, store.Click:
		return 1
	}
	return 0
}

func (d deed) words() string {
	switch store.Kind(d) {
	case store.Purchase:
		return "you bought"
	case store.Like, store.Rating:
		return "you like"
	case store.Cart:
		return "you put into the cart"
	}
	return "you viewed"
}

// opinionOf is what the visitor last said of a product: like, dislike, or nothing. The newest entry comes first.
func opinionOf(past []store.Entry, item string) string {
	for i := range past {
		if in := &past[i].Interaction; in.Item == item && (in.Kind == store.Like || in.Kind == store.Dislike) {
			return in.Kind.String()
		}
	}
	return ""
}
