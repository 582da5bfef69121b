package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
)

// heldOut is the part of each user's items that is tested when there is no file for it.
const heldOut = 0.2

// interaction is a line, or a part of one, of any layout.
type interaction struct {
	user, item string
	rating     float64 // +Inf when the file has none
	unix       int64
}

// layout reads a file of one kind and hands on what it says; it returns whether the file has times.
type layout struct {
	name string
	read func(r io.Reader, add func(interaction)) (timed bool, err error)
}

func layouts() []layout {
	return []layout{{"adjacency", readAdjacency}, {"sequence", readSequence}, {"triples", readTriples}}
}

func layoutOf(name string) (layout, error) {
	for _, l := range layouts() {
		if l.name == name {
			return l, nil
		}
	}
	return layout{}, fmt.Errorf("-layout is %q, want adjacency, sequence or triples", name)
}

// load reads the files and splits them.
func (opt options) load() (train, test *model.Dataset, err error) {
	var b model.Builder
	timed, err := opt.read(&b, opt.train)
	if err != nil {
		return nil, nil, err
	}
	if opt.items != "" {
		if err := readItems(&b, opt.items); err != nil {
			return nil, nil, err
		}
	}
	data := withoutNewest(b.Build(), opt.forget)
	switch {
	case opt.test != "":
		var b model.Builder
		if _, err := opt.read(&b, opt.test); err != nil {
			return nil, nil, err
		}
		train, test = data, b.Build()
	case opt.layout.name == "sequence":
		train, test = eval.SplitLast(data)
	case timed:
		train, test = eval.SplitTime(data, heldOut)
	default:
		train, test = eval.SplitRandom(data, heldOut, opt.seed)
	}
	if train.Len() == 0 || test.Len() == 0 {
		return nil, nil, fmt.Errorf("%s: %d interactions to train on and %d to test on", opt.train, train.Len(), test.Len())
	}
	return train, test, nil
}

// withoutNewest leaves out each user's newest n events.
func withoutNewest(d *model.Dataset, n int) *model.Dataset {
	if n == 0 {
		return d
	}
	return d.Before(func(_ uint32, history []model.Event) int { return max(0, len(history)-n) })
}

func (opt options) read(b *model.Builder, path string) (timed bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	timed, err = opt.layout.read(f, func(i interaction) {
		if i.rating >= opt.ratingMin {
			b.Add(i.user, i.item, 1, i.unix)
		}
	})
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	return timed, nil
}

// readItems adds a catalogue. Items that nobody touched become known, and may be ranked.
func readItems(b *model.Builder, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	items := catalog.ReadJSONLines(f)
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".csv":
		items = catalog.ReadCSV(f)
	case ".jsonl", ".ndjson":
	default:
		return fmt.Errorf("%s: -items reads .csv and .jsonl, not %q", path, ext)
	}
	for item, err := range items {
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		b.AddItem(&item)
	}
	return nil
}

// identifiers checks what will name a user or an item.
func identifiers(ids ...string) error {
	const most = 512
	for _, id := range ids {
		switch {
		case id == "":
			return errors.New("empty identifier")
		case len(id) > most:
			return fmt.Errorf("identifier of %d bytes, at most %d are allowed", len(id), most)
		case !utf8.ValidString(id):
			return fmt.Errorf("identifier %q is not UTF-8", id)
		}
	}
	return nil
}

// unrated is the rating of an interaction without one: no minimum leaves it out.
var unrated = math.Inf(1) // read-only
