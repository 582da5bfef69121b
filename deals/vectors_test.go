package deals_test

import (
	"bufio"
	"cmp"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/goldrec/gold/deals"
)

// vector is a wall-clock time in a gap or an overlap, and when RFC 5545 takes it to be.
type vector struct {
	zone, wall        string
	transition        int64 // when the clocks change, Unix seconds
	before, after     int64 // offsets from UTC, in seconds
	compatible        int64 // the answer, Unix seconds
	line              int
	date, clock, kind string
}

// Every wall-clock time of the public sample, or of the file that DST_VECTORS names.
func TestVectors(t *testing.T) {
	t.Parallel()
	zones := map[string]*time.Location{}
	var passed, failed, other, differ int
	for _, v := range readVectors(t) {
		loc := zones[v.zone]
		if loc == nil {
			var err error
			if loc, err = time.LoadLocation(v.zone); err != nil {
				t.Fatal(err)
			}
			zones[v.zone] = loc
		}
		if !changes(v, loc) {
			other++ // the machine's zone data is of another year
		}
		wall, err := time.Parse("2006-01-02T15:04:05", v.wall)
		if err != nil {
			t.Fatalf("line %d: %v", v.line, err)
		}
		if got := deals.Instant(wall.Unix(), loc); got == v.compatible {
			passed++
		} else if failed++; failed <= 20 && changes(v, loc) {
			t.Errorf("line %d: %s %s in a %s is %d, want %d", v.line, v.zone, v.wall, v.kind, got, v.compatible)
		}
		// Some as windows too, since each reads its zone anew; a whole day skipped has no window that lasts a day.
		if v.line%8 == 0 && v.after-v.before < 24*60*60 && changes(v, loc) {
			checkStart(t, v)
		}
		y, m, d := wall.Date()
		if time.Date(y, m, d, wall.Hour(), wall.Minute(), wall.Second(), 0, loc).Unix() != v.compatible {
			differ++
		}
	}
	source, version := deals.ZoneData()
	t.Logf("%d passed, %d failed (%d of other zone data; time.Date misses %d; zones from %s, version %q)", passed, failed, other, differ, source, version)
	if passed == 0 || failed > other || other*50 > passed {
		t.Errorf("%d vectors passed, %d failed, %d are of other zone data", passed, failed, other)
	}
}

// checkStart takes the vector as the start of a window of a day, on that date alone.
func checkStart(t *testing.T, v vector) {
	t.Helper()
	w, err := deals.NewWindow(deals.Daily{Start: v.clock, End: v.clock, Zone: v.zone, From: v.date, Until: v.date})
	if err != nil {
		t.Fatalf("line %d: %v", v.line, err)
	}
	start, end, ok := w.Next(time.Unix(v.transition-72*3600, 0))
	if !ok || start.Unix() != v.compatible {
		t.Errorf("line %d: %s %s in a %s starts at %v (%t), want %d", v.line, v.zone, v.wall, v.kind, start, ok, v.compatible)
	}
	if !w.LiveAt(start) || w.LiveAt(start.Add(-time.Nanosecond)) || w.LiveAt(end) || !w.LiveAt(end.Add(-time.Nanosecond)) {
		t.Errorf("line %d: %s %s is not live from exactly its start to its end", v.line, v.zone, v.wall)
	}
}

// changes reports whether the zone's clocks change as the vector says.
func changes(v vector, loc *time.Location) bool {
	_, before := time.Unix(v.transition-1, 0).In(loc).Zone()
	_, after := time.Unix(v.transition, 0).In(loc).Zone()
	return int64(before) == v.before && int64(after) == v.after
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	named := os.Getenv("DST_VECTORS")
	file, err := os.Open(cmp.Or(named, filepath.Join(cmp.Or(os.Getenv("GOLD_DATA"), "../.data"), "dst", "dst_vectors_sample.tsv")))
	if err != nil && named != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("no data set dst:", err)
	}
	defer file.Close()
	var list []vector
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		f := strings.Split(lines.Text(), "\t")
		if len(f) != 9 {
			t.Fatalf("line %d: %d fields", n, len(f))
		}
		v := vector{zone: f[0], kind: f[1], wall: f[5], line: n}
		v.date, v.clock, _ = strings.Cut(f[5], "T")
		for i, into := range map[int]*int64{2: &v.transition, 3: &v.before, 4: &v.after, 6: &v.compatible} {
			if *into, err = strconv.ParseInt(f[i], 10, 64); err != nil {
				t.Fatalf("line %d: %v", n, err)
			}
		}
		list = append(list, v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
