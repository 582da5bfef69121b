package golden

import (
	"testing"
	"time"

	"github.com/goldrec/gold/catalog"
)

func TestDemonstrate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, now, start string }{
		{"in the morning", "2026-05-01T06:00:00.5Z", "2026-05-01T06:01:00Z"},
		{"while the daily one is live", "2026-05-01T16:30:00Z", ""},
		{"just before the daily one", "2026-05-01T15:58:00Z", ""},
		{"well before the daily one", "2026-05-01T15:55:00Z", "2026-05-01T15:56:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := hour(t, stocked(t, 100), "18:00")
			now, err := time.Parse(time.RFC3339, tt.now)
			if err != nil {
				t.Fatal(err)
			}
			h.Demonstrate(now)
			o, live, ok := h.At(now)
			if tt.start == "" {
				if !ok || IsDemonstration(o.Deal) {
					t.Errorf("a demonstration: %+v", o)
				}
				return
			}
			if !ok || live || !IsDemonstration(o.Deal) || o.Start.UTC().Format(time.RFC3339) != tt.start || o.End.Sub(o.Start) != 3*time.Minute {
				t.Errorf("%+v, live %v", o, live)
			}
		})
	}
}

// A demonstration is planned once, is followed by a rest, and leaves the daily hour where it is.
func TestDemonstrationsFollowOneAnother(t *testing.T) {
	t.Parallel()
	h := hour(t, stocked(t, 100), "18:00")
	now := time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC)
	h.Demonstrate(now)
	first, _, _ := h.At(now)
	h.Demonstrate(now.Add(30 * time.Second))
	if again, _, _ := h.At(now); !again.Start.Equal(first.Start) {
		t.Errorf("planned anew: %s, then %s", first.Start, again.Start)
	}
	h.Demonstrate(first.End)
	if next, live, _ := h.At(first.End); live || !next.Start.Equal(first.End.Add(2*time.Minute)) {
		t.Errorf("the next one is at %s, live %v; the first ended at %s", next.Start, live, first.End)
	}
	evening := time.Date(2026, 5, 1, 16, 0, 0, 0, time.UTC)
	if o, live, _ := h.At(evening); !live || IsDemonstration(o.Deal) {
		t.Errorf("the daily hour: %+v", o)
	}
	empty, err := New(catalog.New(), "18:00", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	empty.Demonstrate(now) // nothing to show, and no harm
}
