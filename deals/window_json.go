package deals

import (
	"encoding/json"
	"fmt"
	"strings"
)

// MarshalJSON writes the description: that of a Daily, or of a Span. The zero Window is an error.
func (w Window) MarshalJSON() ([]byte, error) {
	switch {
	case w.w == nil:
		return nil, fmt.Errorf("%w: zero window", ErrWindow)
	case w.w.span != Span{}:
		return json.Marshal(w.w.span)
	}
	return json.Marshal(w.w.daily)
}

// UnmarshalJSON reads a description: a Span when its start has a date, else a Daily. The errors are those of NewWindow and
// NewSpan, or ErrWindow when it is not JSON of that form.
func (w *Window) UnmarshalJSON(text []byte) error {
	var d Daily
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("%w: %w", ErrWindow, err)
	}
	read, err := d.window()
	if err != nil {
		return err
	}
	*w = read
	return nil
}

// window makes a window of what was read, which may be a Span: the fields of one are fields of the other too.
func (d *Daily) window() (Window, error) {
	if !strings.Contains(d.Start, "T") {
		return NewWindow(*d)
	}
	if len(d.Days) > 0 || d.From != "" || d.Until != "" || d.ByClock {
		return Window{}, fmt.Errorf("%w: a span from %s with days, dates or byClock", ErrWindow, d.Start)
	}
	return NewSpan(Span{d.Start, d.End, d.Zone})
}
