package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// show prints the first of a page, by title and genre.
func show(out io.Writer, what string, cat *catalog.Catalog, page *recommend.Page, err error) error {
	if err != nil {
		return err
	}
	fmt.Fprintln(out, what)
	for _, r := range page.Items[:min(3, len(page.Items))] {
		handle, _ := cat.Lookup(r.Item)
		movie := cat.Item(handle)
		fmt.Fprintf(out, "  %s: %s\n", movie.Title, strings.Join(movie.Attributes["genre"], ", "))
	}
	return nil
}

func personal(ctx context.Context, out io.Writer, s *shop) error {
	page, err := s.engine.Recommend(ctx, recommend.Request{User: "42", N: 3, Explain: true})
	if err := show(out, "For user 42:", s.catalog, page, err); err != nil {
		return err
	}
	for _, reason := range page.Items[0].Reasons {
		fmt.Fprintf(out, "  the first: %.0f %% by %s", 100*reason.Share, reason.Model)
		if handle, ok := s.catalog.Lookup(reason.Because); ok {
			fmt.Fprintf(out, ", because of %s", s.catalog.Item(handle).Title)
		}
		fmt.Fprintln(out)
	}
	return nil
}

func related(ctx context.Context, out io.Writer, s *shop) error {
	page, err := s.engine.Similar(ctx, "1", 3)
	if err := show(out, "Like movie 1:", s.catalog, page, err); err != nil {
		return err
	}
	page, err = s.engine.Together(ctx, []string{"1", "8"}, 3)
	if err := show(out, "Seen by those who saw 1 and 8:", s.catalog, page, err); err != nil {
		return err
	}
	hits, _, err := s.catalog.Search("the", catalog.Available(), 0, 50)
	if err != nil {
		return err
	}
	var found []string
	for _, hit := range hits {
		found = append(found, hit.Item.ID)
	}
	page, err = s.engine.Rank(ctx, "42", found)
	return show(out, "Of what a search found, for user 42:", s.catalog, page, err)
}

func filtered(ctx context.Context, out io.Writer, s *shop) error {
	request := recommend.Request{
		User: "42", N: 3,
		Filter:  catalog.And(catalog.In("attr.genre", "Comedy", "Adventure"), catalog.Range("attr.year", 1990, 1998)),
		Exclude: []string{"1"},
	}
	for _, what := range []string{"Comedies and adventures of the nineties:", "The next page:"} {
		page, err := s.engine.Recommend(ctx, request)
		if err := show(out, what, s.catalog, page, err); err != nil {
			return err
		}
		request.Cursor = page.Next
	}
	return nil
}

func stranger(ctx context.Context, out io.Writer, s *shop) error {
	page, err := s.engine.Recommend(ctx, recommend.Request{User: "new", N: 3})
	if err := show(out, "For somebody new, what is trending:", s.catalog, page, err); err != nil {
		return err
	}
	if err := s.engine.Record(ctx, store.Interaction{User: "new", Item: "1", Kind: store.Like}); err != nil {
		return err
	}
	page, err = s.engine.Recommend(ctx, recommend.Request{User: "new", N: 3})
	if err := show(out, "The same user after one like, without training:", s.catalog, page, err); err != nil {
		return err
	}
	page, err = s.engine.Recommend(ctx, recommend.Request{User: "new", N: 3, Seeds: []string{"11", "12"}})
	return show(out, "With seeds, whatever the user did:", s.catalog, page, err)
}

func preferences(ctx context.Context, out io.Writer, s *shop) error {
	_, err := s.engine.PutProfile(ctx, store.Profile{
		User:        "new",
		Preferences: map[string][]string{"attr.genre": {"Animation"}, "not:attr.genre": {"Action", "Crime"}},
	})
	if err != nil {
		return err
	}
	page, err := s.engine.Recommend(ctx, recommend.Request{User: "new", N: 3})
	return show(out, "Who says to like animation, and neither action nor crime:", s.catalog, page, err)
}

func home(ctx context.Context, out io.Writer, s *shop) error {
	page, err := s.engine.Recommend(ctx, recommend.Request{User: "new", N: 3, Placement: "home"})
	return show(out, "The home page of the same user:", s.catalog, page, err)
}
