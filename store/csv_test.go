package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/store"
)

func ExampleReadCSV() {
	file := "user,item,kind\nann,tea,purchase\nbob,mug,stare\nbob,tea,\n"
	for in, err := range store.ReadCSV(strings.NewReader(file)) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(in.User, in.Item, in.Kind)
	}
	// Output:
	// ann tea purchase
	// store: line 3: store: invalid: unknown kind "stare"
	// bob tea view
}

func TestReadCSV(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name, file string
		want       []store.Interaction
		lines      []int // of bad rows
	}{
		{name: "empty file"},
		{name: "header alone", file: "user,item\n"},
		{name: "no header", file: "1,2,3\n", lines: []int{1}},
		{name: "ratings as MovieLens has them", file: "userId,movieId,rating,timestamp\n1,1193,5,1772452800\n",
			want: []store.Interaction{{User: "1", Item: "1193", Kind: store.Rating, Value: 5, Time: noon}}},
		{name: "byte-order mark, CRLF, other columns, quotes over lines",
			file: "\ufeffnote,ITEM_ID,user_id,time\r\n\"a\r\nb\",tea,ann,2026-03-02T12:00:00Z\r\n,\"green \"\"tea\"\"\",bob,2026-03-02 12:00:00\r\n",
			want: []store.Interaction{
				{User: "ann", Item: "tea", Kind: store.View, Time: noon},
				{User: "bob", Item: `green "tea"`, Kind: store.View, Time: noon},
			}},
		{name: "bad rows among good ones",
			file:  "user,item,value,time\nann,tea,x,\n\n\nann,tea\nann,tea,1,yesterday\n,tea,1,\nann,mug,2,2026-03-02 12:00:00\nann,\xff,1,\nann,NaN,NaN,\n",
			want:  []store.Interaction{{User: "ann", Item: "mug", Kind: store.View, Value: 2, Time: noon}},
			lines: []int{2, 5, 6, 7, 9, 10}},
		{name: "a quote never closed", file: "user,item\nann,\"tea\nbob,mug\n", lines: []int{2}},
		{name: "two columns for one field", file: "user,userid,item\n", lines: []int{1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []store.Interaction
			var lines []int
			for in, err := range store.ReadCSV(strings.NewReader(tt.file)) {
				var bad *store.RowError
				switch {
				case err == nil:
					got = append(got, in)
				case errors.As(err, &bad) && errors.Is(err, store.ErrInvalid):
					lines = append(lines, bad.Line)
				default:
					t.Fatalf("error %v is no RowError", err)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("interactions (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.lines, lines); diff != "" {
				t.Errorf("bad lines (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("user,item,kind,value,time\nann,tea,view,1,2026-03-02\n")
	f.Add("user,item\n\"\n")
	f.Fuzz(func(t *testing.T, file string) {
		for in, err := range store.ReadCSV(strings.NewReader(file)) {
			if err == nil && (in.User == "" || in.Item == "" || !in.Kind.Valid()) {
				t.Fatalf("accepted %+v", in)
			}
		}
	})
}
