package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// genres are those that the flags of u.item stand for, in their order.
func genres() []string {
	return []string{"unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama",
		"Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"}
}

// readMovies fills a catalogue from u.item, whose lines are: id|title (year)|date||link|19 flags of genres.
func readMovies(file io.Reader) (*catalog.Catalog, error) {
	latin1, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	for _, b := range latin1 {
		text.WriteRune(rune(b)) // the catalogue wants UTF-8
	}
	cat := catalog.New()
	for line := range strings.Lines(text.String()) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		if len(fields) != 5+len(genres()) {
			return nil, fmt.Errorf("a line of %d fields: %q", len(fields), line)
		}
		movie := catalog.Item{ID: fields[0], Title: fields[1], Available: true, Attributes: map[string][]string{}}
		if date, err := time.Parse("02-Jan-2006", fields[2]); err == nil { // some have none
			movie.Created = date
			movie.Attributes["year"] = []string{date.Format("2006")}
		}
		for i, flag := range fields[5:] {
			if flag == "1" {
				movie.Attributes["genre"] = append(movie.Attributes["genre"], genres()[i])
			}
		}
		if _, err := cat.Upsert(movie); err != nil {
			return nil, err
		}
	}
	return cat, nil
}

// importRatings records u.data, whose columns are user, item, rating and time, and returns how many ratings it has.
func importRatings(ctx context.Context, eng *recommend.Engine, file io.Reader) (int, error) {
	return eng.RecordAll(ctx, numbered(store.ReadCSVWith(file, store.CSVOptions{
		NoHeader: true,
		Columns:  store.CSVColumns{User: "1", Item: "2", Value: "3", Time: "4"},
		Kind:     store.Rating,
	})))
}

// numbered gives each row an ID, by which the store knows it again: what is imported twice counts once.
func numbered(rows iter.Seq2[store.Interaction, error]) iter.Seq2[store.Interaction, error] {
	return func(yield func(store.Interaction, error) bool) {
		n := 0
		for row, err := range rows {
			n++
			row.ID = fmt.Sprint("u.data:", n)
			if !yield(row, err) {
				return
			}
		}
	}
}
