package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	sampleMovies = 160
	sampleUsers  = 250
)

// makeSample writes u.item and u.data of the form of MovieLens 100k: made-up movies of one or two genres, and made-up
// people who like some genres, watch mostly those and rate them higher. The same files come out each time.
func makeSample(dir string) error {
	rng := rand.New(rand.NewPCG(1, 0))
	var items, data strings.Builder
	movies := make([][]int, sampleMovies) // their genres, without the unknown one
	first := []string{"Silent", "Golden", "Last", "Hidden", "Crimson", "Long", "Paper", "Northern", "Broken", "Little"}
	second := []string{"River", "Winter", "Garden", "Letter", "Harbour", "Orchard", "Station", "Mirror", "Island", "Bridge",
		"Summer", "Road", "Lantern", "Voyage", "House", "Promise"}
	for i := range movies {
		movies[i] = []int{1 + rng.IntN(8), 1 + rng.IntN(8)}
		released := time.Date(1980+rng.IntN(18), time.Month(1+rng.IntN(12)), 1, 0, 0, 0, 0, time.UTC)
		title := fmt.Sprintf("%s %s, The (%d)", first[i%len(first)], second[i/len(first)], released.Year())
		fmt.Fprintf(&items, "%d|%s|%s||", i+1, title, released.Format("02-Jan-2006"))
		for g := range genres() {
			fmt.Fprintf(&items, "|%d", map[bool]int{true: 1}[slices.Contains(movies[i], g)])
		}
		items.WriteByte('\n')
	}
	begin := time.Date(1997, 9, 20, 0, 0, 0, 0, time.UTC)
	for u := range sampleUsers {
		taste := []int{1 + rng.IntN(8), 1 + rng.IntN(8)}
		likes := func(movie int) bool {
			return slices.ContainsFunc(movies[movie], func(g int) bool { return slices.Contains(taste, g) })
		}
		when := begin.Add(time.Duration(rng.IntN(200*24)) * time.Hour)
		for _, movie := range rng.Perm(sampleMovies) {
			popular := movie%7 == 0
			if chance := rng.Float64(); chance > 0.06 && !(likes(movie) && chance < 0.4) && !(popular && chance < 0.25) {
				continue
			}
			rating := 1 + rng.IntN(3)
			if likes(movie) {
				rating += 2
			}
			when = when.Add(time.Duration(1+rng.IntN(20)) * time.Hour)
			fmt.Fprintf(&data, "%d\t%d\t%d\t%d\n", u+1, movie+1, rating, when.Unix())
		}
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for name, text := range map[string]string{"u.item": items.String(), "u.data": data.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
