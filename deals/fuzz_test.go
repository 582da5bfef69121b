package deals_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/deals"
)

func FuzzNewWindow(f *testing.F) {
	f.Add("18:00", "19:00", "Europe/Berlin", "2026-01-01", "2026-12-31", int64(1_790_000_000))
	f.Add("22:00:30", "02:00", "America/St_Johns", "", "", int64(0))
	f.Add("00:00", "00:00", "Pacific/Apia", "2011-12-01", "", int64(1_325_239_200))
	f.Add("24:00", "9:00", "Local", "2026-02-30", "x", int64(-1<<63))
	f.Fuzz(func(t *testing.T, start, end, zone, from, until string, unix int64) {
		d := deals.Daily{Start: start, End: end, Zone: zone, From: from, Until: until}
		w, err := deals.NewWindow(d)
		if err != nil {
			return
		}
		if diff := cmp.Diff(d, w.Daily()); diff != "" {
			t.Errorf("window of another description:\n%s", diff)
		}
		when := time.Unix(unix, 0)
		begin, stop, ok := w.Current(when)
		if ok != w.LiveAt(when) || ok && (when.Before(begin) || !when.Before(stop)) {
			t.Errorf("%+v at %v: Current %v to %v, %t", d, when, begin, stop, ok)
		}
		if begin, stop, ok := w.Next(when); ok && (!begin.After(when) || !stop.After(begin) || !w.LiveAt(begin)) {
			t.Errorf("%+v at %v: Next %v to %v", d, when, begin, stop)
		}
	})
}

// What is read as a window is written as one that reads the same, and opens before it closes.
func FuzzWindowJSON(f *testing.F) {
	for _, text := range []string{`{"start":"18:00","end":"19:00","zone":"Europe/Berlin","days":[5],"byClock":true}`, `{"start":"19:00","end":"20:00","zone":"user"}`,
		`{"start":"2026-11-27T18:00","end":"2026-12-01T12:00:30","zone":"UTC"}`, `{"start":"2026-11-27T18:00","end":"2026-11-27T18:00","zone":"UTC"}`,
		`{"start":"0001-01-01T00:00","end":"9999-12-31T23:59","zone":"Pacific/Apia"}`, `null`, `[]`} {
		f.Add([]byte(text), int64(1_790_000_000))
	}
	f.Fuzz(func(t *testing.T, text []byte, unix int64) {
		var w, again deals.Window
		if err := json.Unmarshal(text, &w); err != nil || w == again {
			return
		}
		out, err := json.Marshal(w)
		if err != nil {
			t.Fatalf("%s was read but not written: %v", text, err)
		}
		if err := json.Unmarshal(out, &again); err != nil {
			t.Fatalf("%s does not read: %v", out, err)
		}
		if diff := cmp.Diff(w.Daily(), again.Daily()); diff != "" || w.Span() != again.Span() {
			t.Errorf("%s reads as another window:\n%s", out, diff)
		}
		for _, loc := range []*time.Location{time.UTC, time.FixedZone("odd", 14*3600+1)} {
			in, when := w.In(loc), time.Unix(unix, 0)
			if start, end, ok := in.Next(when); ok && (!start.After(when) || !end.After(start) || !in.LiveAt(start)) {
				t.Errorf("%s at %v: Next %v to %v", text, when, start, end)
			}
		}
	})
}
