package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/recommend"
)

// exposureLog writes down who was shown what the experiment's variant chose, once for each user and variant, and on the
// disk before the page goes out.
type exposureLog struct {
	live *experiment.Live
	once *experiment.Exposures
	file *experiment.FileLog
	log  *slog.Logger
}

func openExposures(path string, live *experiment.Live, log *slog.Logger) (*exposureLog, error) {
	file, err := experiment.OpenFileLog(path)
	if err != nil {
		return nil, err
	}
	once := experiment.NewExposures(file, experiment.ExposuresOptions{})
	if err := once.Load(file.All()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &exposureLog{live: live, once: once, file: file, log: log}, nil
}

// Observe is called by the engine for each page. A page is shown even if its exposure cannot be written down.
func (l *exposureLog) Observe(ctx context.Context, seen recommend.Exposure) {
	if seen.User == "" || seen.Page.Variant == "" {
		return
	}
	exposure, ok := l.live.Assign(ranking, experiment.Subject{Unit: seen.User}).Exposure(seen.User, seen.Time)
	if !ok {
		return
	}
	if err := l.once.Record(ctx, exposure); err != nil && ctx.Err() == nil {
		l.log.ErrorContext(ctx, "exposure not recorded", "error", err)
	}
}

func (l *exposureLog) Close() error { return l.file.Close() }
