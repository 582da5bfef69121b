package howto

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// Watch counts pages, those that were empty, and those on which the models had too little to say, so that trending or any
// items made up the length. It is a recommend.Observer.
type Watch struct{ Pages, Empty, Filled atomic.Int64 }

// Observe is called for every page, from many goroutines.
func (w *Watch) Observe(_ context.Context, e recommend.Exposure) {
	w.Pages.Add(1)
	if len(e.Page.Items) == 0 {
		w.Empty.Add(1)
		return
	}
	if last := e.Page.Items[len(e.Page.Items)-1].Source; last == recommend.Trending || last == recommend.Any {
		w.Filled.Add(1)
	}
}

// Health says what is wrong with an engine: no models, models that are too old, or a log that it does not keep up with.
func Health(ctx context.Context, eng *recommend.Engine, log store.Log, oldest time.Duration, now time.Time) error {
	status := eng.Status()
	if status.Version == 0 {
		return errors.New("no models in service")
	}
	if age := now.Sub(status.Report.Time); age > oldest {
		return fmt.Errorf("models of version %d are %v old", status.Version, age)
	}
	var at store.Place
	if err := at.UnmarshalText([]byte(status.Entries)); err != nil {
		return err
	}
	end, err := log.End(ctx)
	if err != nil {
		return err
	}
	if !at.Covers(end) {
		return fmt.Errorf("the engine is at %v of the log, which ends at %v", at, end)
	}
	return nil
}
