package pebblestore

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
)

// logger passes Pebble's messages on. Where Pebble wants the process to end, onFatal is called instead.
type logger struct {
	*slog.Logger
	onFatal func(error)
}

func newLogger(log *slog.Logger) *logger {
	return &logger{Logger: cmp.Or(log, slog.New(slog.DiscardHandler))}
}

func (l *logger) log(level slog.Level, format string, args []any) {
	if ctx := context.Background(); l.Enabled(ctx, level) {
		l.LogAttrs(ctx, level, "pebble", slog.String("message", fmt.Sprintf(format, args...)))
	}
}

// Infof implements pebble.Logger.
func (l *logger) Infof(format string, args ...any) { l.log(slog.LevelDebug, format, args) }

// Errorf implements pebble.Logger.
func (l *logger) Errorf(format string, args ...any) { l.log(slog.LevelError, format, args) }

// Fatalf implements pebble.Logger, and returns.
func (l *logger) Fatalf(format string, args ...any) {
	l.onFatal(fmt.Errorf(format, args...))
}

// listener passes on the events worth a message.
func (l *logger) listener() *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: func(err error) { l.Errorf("background: %v", err) },
		DataCorruption:  func(info pebble.DataCorruptionInfo) { l.Errorf("%v", info) },
		CompactionEnd:   func(info pebble.CompactionInfo) { l.Infof("%v", info) },
		FlushEnd:        func(info pebble.FlushInfo) { l.Infof("%v", info) },
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) { l.Infof("%v", info) },
	}
}
