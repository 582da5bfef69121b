package deals_test

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/deals"
)

const daySeconds = 24 * 60 * 60

// Each local date of a zone from 1970 to 2037 has exactly one window of an hour for each of 48 starts, of 3,600 s, none
// before the last one ends, and a date that the zone skips has none. GOLD_DST_ALL=1 takes every zone and start, which are some 7e8
// windows; otherwise it is some zones, and a few starts of each.
func TestEveryDate(t *testing.T) {
	t.Parallel()
	every := 13
	zones := []string{"Europe/Berlin", "America/New_York", "Pacific/Apia", "Pacific/Kwajalein", "Pacific/Kiritimati", "Australia/Lord_Howe",
		"Antarctica/Troll", "Asia/Beirut", "America/St_Johns", "Africa/Casablanca", "America/Sao_Paulo", "Africa/Monrovia", "UTC"}
	if os.Getenv("GOLD_DST_ALL") != "" {
		zones, every = everyZone(t), 1
	}
	for i, zone := range zones {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Skip(err)
			}
			dates := datesOf(loc)
			if len(dates) < 24_835 || len(dates) > 24_837 {
				t.Fatalf("%d dates", len(dates))
			}
			for half := i % every; half < 48; half += every {
				everyDate(t, zone, loc, half*1800, dates)
			}
		})
	}
}

// everyZone lists what the machine has, or the shorter list above stands for all.
func everyZone(t *testing.T) []string {
	t.Helper()
	source, version := deals.ZoneData()
	var zones []string
	root := os.DirFS(source)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name[0] < 'A' || name[0] > 'Z' || strings.Contains(name, ".") {
			return err
		}
		if head, err := fs.ReadFile(root, name); err == nil && strings.HasPrefix(string(head), "TZif") {
			zones = append(zones, name)
		}
		return nil
	})
	if err != nil || len(zones) < 300 {
		t.Skipf("%d zones in %s, %v", len(zones), source, err)
	}
	t.Logf("%d zones of version %s in %s", len(zones), version, source)
	return zones
}

// datesOf lists the dates that clocks in loc show, in days from 1970-01-01, by looking each quarter of an hour.
func datesOf(loc *time.Location) []int64 {
	var dates []int64
	end := time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	for t := int64(-daySeconds); t < end+daySeconds; t += 900 {
		wall := t + offsetAt(t, loc)
		if d := wall / daySeconds; wall >= 0 && wall < end && (len(dates) == 0 || d > dates[len(dates)-1]) {
			dates = append(dates, d)
		}
	}
	return dates
}

// everyDate walks through the windows that start at a second of the day, and pairs each with a date.
func everyDate(t *testing.T, zone string, loc *time.Location, clock int, dates []int64) {
	t.Helper()
	text := func(s int) string { return fmt.Sprintf("%02d:%02d", s/3600%24, s/60%60) }
	w := window(t, deals.Daily{Start: text(clock), End: text(clock + 3600), Zone: zone, From: "1970-01-01", Until: "2037-12-31"})
	var i int
	var last time.Time
	for start, end := range w.Between(time.Unix(-2*daySeconds, 0), time.Unix(dates[len(dates)-1]*daySeconds+3*daySeconds, 0)) {
		if i == len(dates) {
			t.Fatalf("%s %s: one more at %v", zone, text(clock), start)
		}
		wall := dates[i]*daySeconds + int64(clock)
		late := start.Unix() + offsetAt(start.Unix(), loc) - wall
		if late < 0 || late >= daySeconds || late > 0 && shown(wall, start.Unix(), loc) {
			t.Fatalf("%s: %s of %v starts at %v", zone, text(clock), time.Unix(wall, 0).UTC().Format(time.DateOnly), start)
		}
		if end.Sub(start) != time.Hour || start.Before(last) {
			t.Errorf("%s: from %v to %v, after one until %v", zone, start, end, last)
		}
		last = end
		i++
	}
	if i != len(dates) {
		t.Errorf("%s %s: %d windows on %d dates", zone, text(clock), i, len(dates))
	}
}

// shown reports whether clocks in loc show a wall time near an instant.
func shown(wall, near int64, loc *time.Location) bool {
	for _, at := range []int64{near - daySeconds, near + daySeconds} {
		if t := wall - offsetAt(at, loc); t+offsetAt(t, loc) == wall {
			return true
		}
	}
	return false
}
