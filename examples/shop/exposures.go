package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"sync"

	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/recommend"
)

// exposureLog writes down who was shown what the experiment's variant chose, once for each user and variant: a JSON
// object a line, on the disk before the page goes out.
type exposureLog struct {
	live *experiment.Live
	log  *experiment.Exposures
	file *exposureFile
	slog *slog.Logger
}

func openExposures(path string, live *experiment.Live, log *slog.Logger) (*exposureLog, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	file := &exposureFile{f: f}
	return &exposureLog{live: live, log: experiment.NewExposures(file, experiment.ExposuresOptions{}), file: file, slog: log}, nil
}

// Observe is called by the engine for each page.
func (l *exposureLog) Observe(ctx context.Context, seen recommend.Exposure) {
	if seen.User == "" || seen.Page.Variant == "" {
		return
	}
	exposure, ok := l.live.Assign(ranking, experiment.Subject{Unit: seen.User}).Exposure(seen.User, seen.Time)
	if !ok {
		return
	}
	if err := l.log.Record(ctx, exposure); err != nil && ctx.Err() == nil {
		l.slog.ErrorContext(ctx, "exposure not recorded", "error", err)
	}
}

func (l *exposureLog) Close() error { return l.file.f.Close() }

// exposureFile is the sink.
type exposureFile struct {
	mu sync.Mutex
	f  *os.File
}

// WriteExposures appends the batch and waits for the disk.
func (s *exposureFile) WriteExposures(_ context.Context, batch []experiment.Exposure) error {
	var lines bytes.Buffer
	out := json.NewEncoder(&lines)
	for i := range batch {
		if err := out.Encode(&batch[i]); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.f.Write(lines.Bytes())
	return errors.Join(err, s.f.Sync())
}
