package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/goldrec/gold/catalog"
)

const facetLinks = 12

// below keeps the categories right below the chosen one, the chosen one, and those above it.
func below(counts []catalog.FacetCount, chosen string) []catalog.FacetCount {
	depth := 0
	if chosen != "" {
		depth = 1 + strings.Count(chosen, catalog.PathSeparator)
	}
	return slices.DeleteFunc(slices.Clone(counts), func(c catalog.FacetCount) bool {
		above := chosen == c.Value || strings.HasPrefix(chosen, c.Value+catalog.PathSeparator)
		child := strings.Count(c.Value, catalog.PathSeparator) == depth && (depth == 0 || strings.HasPrefix(c.Value, chosen+catalog.PathSeparator))
		return !above && !child
	})
}

// last is the last name of a category path.
func last(path string) string { return path[strings.LastIndex(path, ">")+1:] }

// facetLinksOf makes links that choose a value, or drop it when it is chosen.
func facetLinksOf(values url.Values, name string, counts []catalog.FacetCount) []link {
	var out []link
	for _, c := range counts[:min(len(counts), facetLinks)] {
		l := link{Text: last(c.Value), Count: c.Count, Chosen: values.Get(name) == c.Value, URL: with(values, name, c.Value)}
		if l.Chosen {
			l.URL = with(values, name, parent(c.Value))
		}
		out = append(out, l)
	}
	return out
}

func parent(path string) string {
	if i := strings.LastIndex(path, catalog.PathSeparator); i >= 0 {
		return path[:i]
	}
	return ""
}

// with is the address of the search with one parameter changed, from its first page on.
func with(values url.Values, name, value string) string {
	out := url.Values{}
	for key, all := range values {
		if key != "offset" && all[0] != "" {
			out.Set(key, all[0])
		}
	}
	if out.Del(name); value != "" {
		out.Set(name, value)
	}
	return "/search?" + out.Encode()
}

// decimal reads a price as people write it, such as 12.50 or 12,50, into the minor unit.
func decimal(text string) (int64, error) {
	whole, cents, _ := strings.Cut(strings.Replace(strings.TrimSpace(text), ",", ".", 1), ".")
	if len(cents) > 2 || strings.HasPrefix(cents, "-") || strings.HasPrefix(cents, "+") {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(whole+(cents + "00")[:2], 10, 64)
}
