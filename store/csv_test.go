package store_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
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
	// store: line 3, column "kind": "stare" is no kind: want one of view, click, cart, purchase, like, dislike, skip, impression, rating, or a name in Kinds
	// bob tea view
}

func TestReadCSV(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name, file string
		want       []store.Interaction
		lines      []int // of bad rows
	}{
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

// Files as they are published: their first rows, and what is to come of them.
func TestReadPublishedCSV(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		when, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	tests := []struct {
		name, file string
		opts       store.CSVOptions
		want       []store.Interaction
		bad        []string
	}{
		{name: "MovieLens 100k for RecBole", file: "user_id:token\titem_id:token\trating:float\ttimestamp:float\n196\t242\t3\t881250949\n",
			want: []store.Interaction{{User: "196", Item: "242", Kind: store.Rating, Value: 3, Time: at("1997-12-04T15:55:49Z")}}},
		{name: "Online Retail", file: "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n" +
			"536365,85123A,WHITE HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom\n" +
			"536414,22139,,56,12/1/2010 11:52,0,,United Kingdom\n" +
			"C536379,D,Discount,-1,12/1/2010 9:41,27.5,14527,United Kingdom\n" +
			"536365,71053,WHITE LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom\n",
			want: []store.Interaction{
				{User: "17850", Item: "85123A", Kind: store.Purchase, Value: 6, Session: "536365", Time: at("2010-12-01T08:26:00Z")},
				{User: "17850.0", Item: "71053", Kind: store.Purchase, Value: 6, Session: "536365", Time: at("2010-12-01T08:26:00Z")},
			},
			bad: []string{
				`store: line 3, column "CustomerID": no user`,
				`store: line 4, column "Quantity": -1 is below zero, which only a rating may be, not a purchase`,
			}},
		{name: "Retailrocket", file: "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,view,355908,\n" +
			"1433222276276,599528,addtocart,9,\n1433221955914,121688,transaction,15335,11117\n",
			want: []store.Interaction{
				{User: "257597", Item: "355908", Kind: store.View, Time: at("2015-06-02T05:02:12.117Z")},
				{User: "599528", Item: "9", Kind: store.Cart, Time: at("2015-06-02T05:17:56.276Z")},
				{User: "121688", Item: "15335", Kind: store.Purchase, Session: "11117", Time: at("2015-06-02T05:12:35.914Z")},
			}},
		{name: "Yoochoose, sessions for users", file: "SessionId\tItemId\tTime\n1\t214536502\t1396860669.277\n",
			opts: store.CSVOptions{Columns: store.CSVColumns{User: "session_id"}},
			want: []store.Interaction{{User: "1", Item: "214536502", Kind: store.View, Time: at("2014-04-07T08:51:09.277Z")}}},
		{name: "MovieLens 100k as it is, without a header", file: "196\t242\t3\t881250949\n186\t302\t3\t891717742\n",
			opts: store.CSVOptions{NoHeader: true, Kind: store.Rating, Columns: store.CSVColumns{User: "1", Item: "2", Value: "3", Time: "4"}},
			want: []store.Interaction{
				{User: "196", Item: "242", Kind: store.Rating, Value: 3, Time: at("1997-12-04T15:55:49Z")},
				{User: "186", Item: "302", Kind: store.Rating, Value: 3, Time: at("1998-04-04T19:22:22Z")},
			}},
		{name: "spreadsheet of the continent", file: "\ufeffKunde;Artikel;Wert;Datum\nann;tea;2,5;24.11.2026 18:30\n",
			opts: store.CSVOptions{Columns: store.CSVColumns{User: "kunde", Item: "2", Value: "Wert", Time: "Datum"}, Location: time.FixedZone("", 3600)},
			want: []store.Interaction{{User: "ann", Item: "tea", Kind: store.View, Value: 2.5, Time: at("2026-11-24T17:30:00Z")}}},
		{name: "kinds and a layout of its own", file: "who|what|did|when\nann|tea|Gucken|2026-328\nbob|mug|Add-To Cart|2026-329\n",
			opts: store.CSVOptions{Comma: '|', TimeLayout: "2006-002", Kinds: map[string]store.Kind{"gucken": store.View, "add_to_cart": store.Like},
				Columns: store.CSVColumns{User: "who", Item: "what", Kind: "did", Time: "when"}},
			want: []store.Interaction{
				{User: "ann", Item: "tea", Kind: store.View, Time: at("2026-11-24T00:00:00Z")},
				{User: "bob", Item: "mug", Kind: store.Like, Time: at("2026-11-25T00:00:00Z")},
			}},
		{name: "placement, session, and a column that is to be none", file: "user,item,placement,session,quantity,rating\nann,tea,home,s1,3,9\n",
			opts: store.CSVOptions{Columns: store.CSVColumns{Value: "-"}},
			want: []store.Interaction{{User: "ann", Item: "tea", Kind: store.View, Placement: "home", Session: "s1"}}},
		{name: "days since 1970", file: "user,item,time\nann,tea,20000\n", opts: store.CSVOptions{TimeUnit: 24 * time.Hour},
			want: []store.Interaction{{User: "ann", Item: "tea", Kind: store.View, Time: at("2024-10-04T00:00:00Z")}}},
		{name: "as many semicolons as commas", file: "user,item,a;b;c\nann,tea,\n", want: []store.Interaction{{User: "ann", Item: "tea", Kind: store.View}}},
		{name: "commas in a file of tabs", file: "user\titem\nann\ttea, green, large, hot\n",
			want: []store.Interaction{{User: "ann", Item: "tea, green, large, hot", Kind: store.View}}},
		{name: "spaces around", file: "user , item\n ann , tea\n", want: []store.Interaction{{User: "ann", Item: "tea", Kind: store.View}}},
		{name: "a rating below zero", file: "user,item,rating\nann,tea,-1\n", want: []store.Interaction{{User: "ann", Item: "tea", Kind: store.Rating, Value: -1}}},
		{name: "a layout in a place", file: "user,item,time\nann,tea,20261124 0130\n",
			opts: store.CSVOptions{TimeLayout: "20060102 1504", Location: time.FixedZone("", 2*3600)},
			want: []store.Interaction{{User: "ann", Item: "tea", Kind: store.View, Time: at("2026-11-23T23:30:00Z")}}},
		{name: "no number", file: "user,item,value\nann,tea,NaN\nann,tea,Inf\n",
			bad: []string{`store: line 2, column "value": "NaN" is no number`, `store: line 3, column "value": "Inf" is no number`}},
		{name: "column 0", file: "user,item\nann,tea\n", opts: store.CSVOptions{Columns: store.CSVColumns{Time: "0"}}, bad: []string{`store: line 1: no column "0"`}},
		{name: "number 0", file: "ann,tea\n", opts: store.CSVOptions{NoHeader: true, Columns: store.CSVColumns{User: "0", Item: "1"}},
			bad: []string{`store: line 1: the user is in column "0"`}},
		{name: "no number for the item", file: "ann,tea\n", opts: store.CSVOptions{NoHeader: true, Columns: store.CSVColumns{User: "1"}},
			bad: []string{"store: line 1: a file without a header: Columns must number those of the user and the item"}},
		{name: "no number for the user", file: "ann,tea\n", opts: store.CSVOptions{NoHeader: true, Columns: store.CSVColumns{Item: "1"}},
			bad: []string{"store: line 1: a file without a header: Columns must number those of the user and the item"}},
		{name: "thousands are not decimals", file: "user,item,value\nann,tea,\"1,234\"\n",
			bad: []string{`store: line 2, column "value": "1,234" is no number`}},
		{name: "errors of a row without a header", file: "ann,tea\n,tea\nann,\n", opts: store.CSVOptions{NoHeader: true, Columns: store.CSVColumns{User: "1", Item: "2"}},
			want: []store.Interaction{{User: "ann", Item: "tea", Kind: store.View}},
			bad:  []string{`store: line 2, column "1": no user`, `store: line 3, column "2": no item`}},
		{name: "a time that is none", file: "user,item,time\nann,tea,soon\n",
			bad: []string{`store: line 2, column "time": "soon" is no time: want RFC 3339, 2006-01-02 15:04:05, 2006/01/02, 02.01.2006, 1/2/2006 15:04 or a number since 1970, or say TimeLayout`}},
		{name: "a time of another layout", file: "user,item,time\nann,tea,2026-11-24\n", opts: store.CSVOptions{TimeLayout: time.Kitchen},
			bad: []string{`store: line 2, column "time": "2026-11-24" is no time of the layout "3:04PM"`}},
		{name: "a date where numbers are wanted", file: "user,item,time\nann,tea,2026-11-24\nann,tea,1e30\n", opts: store.CSVOptions{TimeUnit: time.Second},
			bad: []string{`store: line 2, column "time": "2026-11-24" is no time`, `store: line 3, column "time": "1e30" is no time`}},
		{name: "what Validate finds", file: "user,item,time\nann,tea,1500-01-01\n", bad: []string{"store: line 2: time"}},
		{name: "no user in the header", file: "name,item\nann,tea\n",
			bad: []string{`store: line 1: no column for the user in the header ["name" "item"]: it may be called user, userid, customer, customerid, visitor, visitorid, or what Columns says`}},
		{name: "two columns for one field", file: "user,customer,item\nann,bob,tea\n",
			bad: []string{`store: line 1: columns "user" and "customer" may both be the user: name one in Columns`}},
		{name: "a column that is not there", file: "user,item\nann,tea\n", opts: store.CSVOptions{Columns: store.CSVColumns{Time: "when"}},
			bad: []string{`store: line 1: no column "when" in the header ["user" "item"]`}},
		{name: "a number too high", file: "ann,tea\n", opts: store.CSVOptions{NoHeader: true, Columns: store.CSVColumns{User: "1", Item: "3"}},
			bad: []string{`store: line 1: the item is in column "3", in a file without a header and of 2 columns: want its number, from 1`}},
		{name: "no header, no numbers", file: "ann,tea\n", opts: store.CSVOptions{NoHeader: true},
			bad: []string{"store: line 1: a file without a header: Columns must number those of the user and the item"}},
		{name: "a kind that is none", file: "user,item\nann,tea\n", opts: store.CSVOptions{Kind: 77}, bad: []string{"store: line 1: kind(77) is no kind"}},
		{name: "kinds that contradict", file: "user,item\nann,tea\n", opts: store.CSVOptions{Kinds: map[string]store.Kind{"a b": store.View, "a_b": store.Like}},
			bad: []string{"store: line 1: kind "}},
		{name: "layout and unit", file: "user,item\nann,tea\n", opts: store.CSVOptions{TimeUnit: 1, TimeLayout: time.Kitchen},
			bad: []string{"store: line 1: times in units of 1ns of the layout"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []store.Interaction
			var bad []string
			for in, err := range store.ReadCSVWith(strings.NewReader(tt.file), tt.opts) {
				if _, ok := errors.AsType[*store.RowError](err); err != nil && (!ok || !errors.Is(err, store.ErrInvalid)) {
					t.Fatalf("error %v is no RowError", err)
				}
				if err != nil {
					bad = append(bad, err.Error())
				} else {
					got = append(got, in)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("interactions (-want +got):\n%s", diff)
			}
			if len(bad) != len(tt.bad) {
				t.Fatalf("errors %q, want %d", bad, len(tt.bad))
			}
			for i := range bad {
				if !strings.HasPrefix(bad[i], tt.bad[i]) || strings.Count(bad[i], "store:") != 1 {
					t.Errorf("error %q, want %q", bad[i], tt.bad[i])
				}
			}
		})
	}
}

// One instant in every form that is told apart.
func TestReadCSVTimes(t *testing.T) {
	t.Parallel()
	minute := time.Date(2026, 3, 2, 12, 30, 0, 0, time.UTC)
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-03-02T13:30:00+01:00": minute, "2026-03-02T12:30:00.25Z": minute.Add(250 * time.Millisecond), "2026-03-02T12:30:00": minute,
		"2026-03-02T12:30": minute, "2026-03-02 12:30:00": minute, "2026-03-02 12:30": minute, "2026-03-02 12:30:00.25": minute.Add(250 * time.Millisecond),
		"2026-03-02 12:30:00 UTC": minute, "2026/03/02 12:30:00": minute, "2026/03/02 12:30": minute, "02.03.2026 12:30:00": minute,
		"02.03.2026 12:30": minute, "3/2/2026 12:30": minute, "03/02/2026 12:30:00": minute,
		"2026-03-02": midnight, "2026/03/02": midnight, "02.03.2026": midnight, "3/2/2026": midnight,
		"1772454600": minute, "1772454600.25": minute.Add(250 * time.Millisecond), "1772454600000": minute, "1772454600000000": minute, "1.7724546e9": minute,
		"-1": time.Unix(-1, 0), "100000000000": time.Unix(1e8, 0), "-1772454600000": time.Unix(-1772454600, 0), "99999999999": {}, "1772454600000001": minute.Add(time.Microsecond), "13/2/2026": {}, "2026-02-30": {}, "NaN": {}, "Inf": {},
	} {
		for in, err := range store.ReadCSV(strings.NewReader("user,item,time\nann,tea," + text + "\n")) {
			if !in.Time.Equal(want) || (err == nil) == want.IsZero() {
				t.Errorf("%s is read as %v, error %v, want %v", text, in.Time, err, want)
			}
		}
	}
}

func TestReadCSVEmpty(t *testing.T) {
	t.Parallel()
	header := store.CSVOptions{NoHeader: true, Columns: store.CSVColumns{User: "1", Item: "2"}}
	for _, tt := range []struct {
		file string
		opts store.CSVOptions
	}{{file: ""}, {file: "\n\n"}, {file: "\ufeff"}, {file: "user,item\n"}, {file: "user,item"}, {file: "", opts: header}} {
		n := 0
		for in, err := range store.ReadCSVWith(strings.NewReader(tt.file), tt.opts) {
			if n++; !errors.Is(err, store.ErrNoRows) {
				t.Errorf("%q: %+v, error %v, want ErrNoRows", tt.file, in, err)
			}
		}
		if n != 1 {
			t.Errorf("%q: %d answers, want one", tt.file, n)
		}
	}
}

// Bad decides what becomes of rows that cannot be taken.
func TestReadCSVBad(t *testing.T) {
	t.Parallel()
	const file = "user,item\n,tea\nann,tea\n,mug\nann\nann,mug\n"
	errStop := errors.New("enough")
	for _, tt := range []struct {
		name     string
		bad      func(*store.RowError) error
		items    int
		err      error
		nameless int
	}{
		{"go on", func(*store.RowError) error { return nil }, 2, nil, 2},
		{"pass over those without a user", func(row *store.RowError) error {
			if errors.Is(row, store.ErrNoUser) {
				return nil
			}
			return row
		}, 1, store.ErrInvalid, 2},
		{"stop at once", func(*store.RowError) error { return errStop }, 0, errStop, 1},
	} {
		items, nameless := 0, 0
		var last error
		for _, err := range store.ReadCSVWith(strings.NewReader(file), store.CSVOptions{Bad: func(row *store.RowError) error {
			if errors.Is(row, store.ErrNoUser) {
				nameless++
			}
			return tt.bad(row)
		}}) {
			if last = err; err == nil {
				items++
			}
		}
		if items != tt.items || nameless != tt.nameless || !errors.Is(last, tt.err) {
			t.Errorf("%s: %d items, %d without a user, error %v", tt.name, items, nameless, last)
		}
	}
}

// An error of the reader ends the sequence, in the header or behind it.
func TestReadCSVFails(t *testing.T) {
	t.Parallel()
	errDisk := errors.New("disk is gone")
	for _, begin := range []string{"", "user,item\nann,tea\n"} {
		var last error
		items, errs := 0, 0
		for _, err := range store.ReadCSV(io.MultiReader(strings.NewReader(begin), iotest.ErrReader(errDisk))) {
			if last = err; err == nil {
				items++
			} else {
				errs++
			}
		}
		if !errors.Is(last, errDisk) || errs != 1 || items != strings.Count(begin, "ann") {
			t.Errorf("%q: %d items, %d errors, %v", begin, items, errs, last)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("user,item,kind,value,time\nann,tea,view,1,2026-03-02\n", "", "", "", byte(0), false)
	f.Add("user,item\n\"\n", "", "", "", byte(0), false)
	f.Add("\ufeffa;b;c\nann;tea;2,5\n", "a", "2", "c", byte(';'), false)
	f.Add("ann\ttea\t1433221332117\n", "1", "2", "3", byte('\t'), true)
	f.Add("ann,tea\n", "-", "0", "99999999999999999999", byte('"'), true)
	f.Fuzz(func(t *testing.T, file, user, item, value string, comma byte, plain bool) {
		opts := store.CSVOptions{Comma: rune(comma), NoHeader: plain, Columns: store.CSVColumns{User: user, Item: item, Value: value}}
		n := 0
		for in, err := range store.ReadCSVWith(strings.NewReader(file), opts) {
			n++
			if err != nil {
				if in != (store.Interaction{}) {
					t.Fatalf("%+v with error %v", in, err)
				}
				continue
			}
			if in.Time.IsZero() {
				in.Time = time.Unix(0, 0)
			}
			if err := in.Validate(); err != nil {
				t.Fatalf("accepted %+v: %v", in, err)
			}
		}
		if n == 0 {
			t.Fatal("neither a row nor an error")
		}
	})
}
