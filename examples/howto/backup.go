package howto

import (
	"context"
	"encoding/gob"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/goldrec/gold/store"
)

// Record is a part of a backup: an entry of the log, or a profile.
type Record struct {
	Entry   *store.Entry
	Profile *store.Profile
}

// Backup writes the log and the profiles, one Record after another, while others go on writing. Models are not in it: training
// makes them again.
func Backup(ctx context.Context, st store.Store, w io.Writer) error {
	out, stated := gob.NewEncoder(w), map[string]bool{}
	for entry, err := range st.Scan(ctx, store.Place{}) {
		if err != nil {
			return err
		}
		switch entry.Fact {
		case store.Interacted, store.Exposed:
			if err := out.Encode(Record{Entry: &entry}); err != nil {
				return err
			}
		case store.ProfileChanged:
			stated[entry.Interaction.User] = true
		}
	}
	for _, user := range slices.Sorted(maps.Keys(stated)) {
		profile, err := st.Profile(ctx, user)
		if errors.Is(err, store.ErrNotFound) {
			continue // deleted since
		}
		if err != nil {
			return err
		}
		if err := out.Encode(Record{Profile: &profile}); err != nil {
			return err
		}
	}
	return nil
}

// Restore puts a backup into an empty store.
func Restore(ctx context.Context, st store.Store, r io.Reader) error {
	var batch []store.Entry
	for in := gob.NewDecoder(r); ; {
		var rec Record
		err := in.Decode(&rec)
		if err != nil && err != io.EOF {
			return err
		}
		if rec.Entry != nil {
			batch = append(batch, store.Entry{Fact: rec.Entry.Fact, Interaction: rec.Entry.Interaction})
		}
		if len(batch) == 10_000 || err == io.EOF {
			if err := st.Append(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
		if rec.Profile != nil {
			rec.Profile.Version = 0 // the store has none yet
			if _, err := st.PutProfile(ctx, *rec.Profile); err != nil {
				return err
			}
			told := store.Interaction{User: rec.Profile.User, Time: time.Now()}
			batch = append(batch, store.Entry{Fact: store.ProfileChanged, Interaction: told})
		}
		if err == io.EOF {
			return nil
		}
	}
}
