package main

import (
	"context"
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
	return []layout{{"adjacency", readAdjacency}, {"sequence", readSequence}, {"triples", readTriples}, {"sessions", readSessions}}
}

func layoutOf(name string) (layout, error) {
	for _, l := range layouts() {
		if l.name == name {
			return l, nil
		}
	}
	return layout{}, fmt.Errorf("-layout is %q, want adjacency, sequence, triples or sessions", name)
}

// exam is what models learn from and what they are asked: about users, or in sessions about cases.
type exam struct {
	train, test *model.Dataset
	cases       []eval.Case
	layout      string
	timed       bool // the order of events is known
	catalogue   bool // something is known of the items
}

// questions is how many there are.
func (x exam) questions() int {
	if x.test == nil {
		return len(x.cases)
	}
	return x.test.Len()
}

// rank asks a model that was trained on what it may know.
func (x exam) rank(ctx context.Context, m model.Scorer, opt eval.Options) (eval.Report, error) {
	if x.test == nil {
		return eval.EvaluateCases(ctx, m, x.train, x.cases, opt)
	}
	return eval.Evaluate(ctx, m, x.train, x.test, opt)
}

// holdOut makes an exam of a part of data: of visits the newest or drawn, of users the last event, the newest fifth of their times,
// or a fifth drawn.
func (x exam) holdOut(data *model.Dataset, seed uint64) exam {
	switch {
	case x.layout == "sessions":
		// Visits without times: which are held out is drawn.
		drawn := eval.Sample(data, 10, seed)
		x.test, x.cases = nil, nil
		for u := range uint32(data.UserCount()) {
			history := data.History(u)
			for i := 1; drawn(u) && i < len(history); i++ {
				x.cases = append(x.cases, eval.Case{History: history[:i], Next: history[i].Item, Now: history[i].Time})
			}
		}
		x.train = keeping(data, func(u uint32) bool { return !drawn(u) })
	case x.layout == "sequence":
		x.train, x.test = eval.SplitLast(data)
	case x.timed:
		x.train, x.test = eval.SplitTime(data, heldOut)
	default:
		x.train, x.test = eval.SplitRandom(data, heldOut, seed)
	}
	return x
}

// keeping empties the histories of those whom of does not take.
func keeping(d *model.Dataset, of func(user uint32) bool) *model.Dataset {
	return d.Before(func(u uint32, history []model.Event) int {
		if of(u) {
			return len(history)
		}
		return 0
	})
}

// load reads the files and splits them.
func (opt options) load() (exam, error) {
	var b model.Builder
	timed, err := opt.read(&b, opt.train)
	if err != nil {
		return exam{}, err
	}
	if opt.items != "" {
		if err := readItems(&b, opt.items); err != nil {
			return exam{}, err
		}
	}
	data := withoutNewest(b.Build(), opt.forget)
	x := exam{layout: opt.layout.name, timed: timed, catalogue: opt.items != "", train: data}
	switch {
	case opt.test == "":
		x = x.holdOut(data, opt.seed)
	case x.layout == "sessions":
		x.cases, err = opt.readCases(data)
	default:
		var b model.Builder
		_, err = opt.read(&b, opt.test)
		x.test = b.Build()
	}
	if err == nil && (x.train.Len() == 0 || x.questions() == 0) {
		err = fmt.Errorf("%s: %d interactions to train on and %d to test on", opt.train, x.train.Len(), x.questions())
	}
	return x, err
}

// readCases reads the test of sessions; items of a prefix that training does not know are left out of it.
func (opt options) readCases(train *model.Dataset) (cases []eval.Case, err error) {
	f, err := os.Open(opt.test)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	handle := func(id string) uint32 {
		if h, ok := train.Items.Lookup(id); ok {
			return h
		}
		return model.NoItem
	}
	err = readCases(f, func(prefix []string, next string) {
		c := eval.Case{Next: handle(next), Now: train.Now}
		for i, id := range prefix {
			if item := handle(id); item != model.NoItem {
				c.History = append(c.History, model.Event{Item: item, Weight: 1, Time: int64(i + 1)})
			}
		}
		cases = append(cases, c)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", opt.test, err)
	}
	return cases, nil
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
