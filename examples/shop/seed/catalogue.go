package seed

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v7"
	"github.com/goldrec/gold/catalog"
)

const brandsPerDepartment = 8

// brand is a maker of products in one department.
type brand struct {
	name        string
	level       float64 // what its products cost against the usual price: 0.75 to 1.6
	collections []string
}

// product is an item and what a taste looks at, which the library is never told.
type product struct {
	item   catalog.Item
	leaf   int     // index into shop.leaves
	place  float64 // of its price among its leaf's prices: 0 the cheapest, 1 the dearest
	appeal float64 // how well it sells, whoever looks
	hot    bool    // talked about in the last days
}

// shop is the made-up catalogue.
type shop struct {
	leaves   []leaf
	paths    []string    // of each leaf
	brands   [][]brand   // of each leaf
	products [][]product // of each leaf
	byName   map[string]int
}

func newShop(opt Options) *shop {
	rng := rand.New(rand.NewPCG(opt.Seed, 0))
	fake := gofakeit.NewFaker(rand.NewPCG(opt.Seed, 1), false)
	s := &shop{byName: map[string]int{}}
	for _, d := range tree() {
		makers := newBrands(rng, fake)
		for _, l := range d.leaves {
			s.byName[l.name] = len(s.leaves)
			s.leaves = append(s.leaves, l)
			s.paths = append(s.paths, d.name+catalog.PathSeparator+l.name)
			s.brands = append(s.brands, makers)
		}
	}
	s.products = make([][]product, len(s.leaves))
	titles := map[string]bool{}
	for i := range opt.Items {
		l := i % len(s.leaves)
		s.products[l] = append(s.products[l], s.newProduct(i, l, titles, rng, fake, opt.Now))
	}
	return s
}

func newBrands(rng *rand.Rand, fake *gofakeit.Faker) []brand {
	makers := make([]brand, brandsPerDepartment)
	for i := range makers {
		makers[i] = brand{
			name:        fake.LastName() + pick(rng, []string{"", " & Co", " & Daughters", " Works", " Studio"}),
			level:       0.75 + 0.85*rng.Float64(),
			collections: []string{fake.FirstName(), fake.FirstName(), fake.FirstName(), fake.FirstName()},
		}
	}
	return makers
}

func (s *shop) newProduct(n, l int, titles map[string]bool, rng *rand.Rand, fake *gofakeit.Faker, now time.Time) product {
	kind, maker := s.leaves[l], pick(rng, s.brands[l])
	var collection, material, noun, colour, title string
	for title == "" || titles[title] {
		collection, material = pick(rng, maker.collections), pick(rng, kind.materials)
		noun, colour = pick(rng, kind.nouns), pick(rng, colours())
		title = fmt.Sprintf("%s %s %s, %s", collection, strings.ReplaceAll(material, "-", " "), noun, colour)
		if titles[title] && rng.IntN(4) == 0 { // a catalogue so large that the words run out
			title += fmt.Sprintf(" no. %d", n)
		}
	}
	titles[title] = true

	place := rng.Float64()
	price := float64(kind.low) * math.Pow(float64(kind.high)/float64(kind.low), place) * maker.level
	stock := rng.IntN(60)
	if rng.IntN(25) == 0 {
		stock = 0
	}
	hot, appeal := rng.IntN(60) == 0, math.Exp(0.9*rng.NormFloat64())
	return product{
		leaf: l, place: place, hot: hot,
		appeal: appeal,
		item: catalog.Item{
			ID:          fmt.Sprintf("p%05d", n+1),
			Title:       title,
			Description: describe(noun, material, colour, maker.name, collection, fake),
			Categories:  []string{s.paths[l]},
			Brand:       maker.name,
			Price:       catalog.Money{Minor: shelfPrice(price), Currency: "EUR"},
			Attributes: map[string][]string{
				"rating": {rating(appeal)},
				"colour": {colour}, "material": {material}, "collection": {collection}, "kind": {noun},
			},
			Stock:     stock,
			Available: stock > 0,
			Created:   now.AddDate(0, 0, -rng.IntN(700)).Truncate(time.Second),
		},
	}
}

// rating is what people think of a product, in halves out of five: the more it appeals, the more.
func rating(appeal float64) string {
	stars := min(5, max(1, 3.8+0.6*math.Log(appeal)/0.9))
	return strconv.FormatFloat(math.Round(2*stars)/2, 'f', 1, 64)
}

// shelfPrice rounds to what a price tag says: x.90 below 100 euros, whole euros above.
func shelfPrice(euros float64) int64 {
	if euros >= 100 {
		return int64(math.Round(euros)) * 100
	}
	return int64(max(1, math.Floor(euros)))*100 + 90
}

func describe(noun, material, colour, maker, collection string, fake *gofakeit.Faker) string {
	return fmt.Sprintf("A %s in %s and %s, from the %s collection by %s. Good for %s; people praise its %s.",
		noun, strings.ReplaceAll(material, "-", " "), colour, collection, maker, fake.ProductUseCase(), fake.ProductBenefit())
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }
