package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar shows progress on a terminal and nothing anywhere else.
type bar struct {
	to   io.Writer
	what string
	bar  *progressbar.ProgressBar
}

func newBar(to io.Writer, what string) *bar {
	b := &bar{what: what}
	if f, ok := to.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.to = to
	}
	return b
}

// Set shows that so much of the total is done. It is called from one goroutine at a time.
func (b *bar) Set(done, total int) {
	if b.to == nil {
		return
	}
	if b.bar == nil || b.bar.GetMax() != total {
		b.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(b.to), progressbar.OptionSetDescription(b.what),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	}
	_ = b.bar.Set(done) // a bar that cannot be drawn is no reason to stop
}

// Close wipes the bar off.
func (b *bar) Close() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}
