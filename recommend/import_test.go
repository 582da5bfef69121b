package recommend_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

func TestRecordAll(t *testing.T) {
	rows := func(n int) string { return "user,item\n" + strings.Repeat("ann,tea\n", n) }
	tests := []struct {
		name, file string
		want       int
		err        error
	}{
		{name: "nothing", err: store.ErrNoRows},
		{name: "fewer than a batch", file: rows(7), want: 7},
		{name: "two batches and a part", file: rows(2345), want: 2345},
		{name: "a bad row", file: rows(1500) + "ann,\nann,tea\n", want: 1500, err: store.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := memory()
			n, err := open(t, st, recommend.Options{}).RecordAll(t.Context(), store.ReadCSV(strings.NewReader(tt.file)))
			if n != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("RecordAll = %d, %v, want %d, %v", n, err, tt.want, tt.err)
			}
			stored := 0
			for _, err := range st.Scan(t.Context(), store.Place{}) {
				if err != nil {
					t.Fatal(err)
				}
				stored++
			}
			if stored != tt.want {
				t.Errorf("%d stored, want %d", stored, tt.want)
			}
		})
	}
}
