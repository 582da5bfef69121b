package stock

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/store"
)

// Dir is the directory that keeps a shop:
//
//	shop.json        where the stock comes from, and the shoppers
//	catalogue.jsonl  the products, one a line
//	store/           interactions, profiles and models
//
// The store appears last, in one step: a shop whose filling was interrupted has none, and is filled again.
type Dir string

// ErrDamaged says that the directory has a store but not what belongs to it.
var ErrDamaged = errors.New("stock: the directory is not whole")

const batch = 2000 // interactions a write

// StorePath is the directory of the store.
func (d Dir) StorePath() string { return filepath.Join(string(d), "store") }

// Filled reports whether the directory holds a shop.
func (d Dir) Filled() (bool, error) {
	_, err := os.Stat(d.StorePath())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Fill makes a shop of the stock in a directory that has none. open opens a store in a directory.
func (d Dir) Fill(ctx context.Context, s *Stock, open func(path string) (store.Store, error)) error {
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return err
	}
	half := d.StorePath() + ".filling"
	if err := os.RemoveAll(half); err != nil {
		return err
	}
	if err := fillStore(ctx, half, s.Interactions, open); err != nil {
		return fmt.Errorf("stock: fill the store: %w", err)
	}
	if err := d.writeFile("catalogue.jsonl", func(w *json.Encoder) error {
		for i := range s.Items {
			if err := w.Encode(&s.Items[i]); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := d.writeFile("shop.json", func(w *json.Encoder) error { return w.Encode(about{s.Source, s.Shoppers}) }); err != nil {
		return err
	}
	if err := os.Rename(half, d.StorePath()); err != nil {
		return err
	}
	return syncDir(string(d))
}

type about struct {
	Source   string    `json:"source"`
	Shoppers []Shopper `json:"shoppers"`
}

func fillStore(ctx context.Context, path string, log []store.Interaction, open func(string) (store.Store, error)) error {
	st, err := open(path)
	if err != nil {
		return err
	}
	for len(log) > 0 && err == nil {
		n := min(batch, len(log))
		entries := make([]store.Entry, n)
		for i := range entries {
			entries[i].Interaction = log[i]
		}
		err = st.Append(ctx, entries)
		log = log[n:]
	}
	return errors.Join(err, st.Close())
}

// writeFile puts a file in place whole, and on the disk.
func (d Dir) writeFile(name string, write func(*json.Encoder) error) error {
	f, err := os.CreateTemp(string(d), name+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	buf := bufio.NewWriter(f)
	err = errors.Join(write(json.NewEncoder(buf)), buf.Flush(), f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("stock: write %s: %w", name, err)
	}
	return os.Rename(f.Name(), filepath.Join(string(d), name))
}

// syncDir puts renamings on the disk.
func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Load reads what Fill wrote, without the interactions, which the store has.
func (d Dir) Load() (*Stock, error) {
	var a about
	text, err := os.ReadFile(filepath.Join(string(d), "shop.json"))
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	f, err := os.Open(filepath.Join(string(d), "catalogue.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer f.Close()
	s := &Stock{Source: a.Source, Shoppers: a.Shoppers}
	for item, err := range catalog.ReadJSONLines(f) {
		if err != nil {
			return nil, fmt.Errorf("%w: catalogue.jsonl: %w", ErrDamaged, err)
		}
		s.Items = append(s.Items, item)
	}
	return s, nil
}
