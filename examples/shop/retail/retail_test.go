package retail

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/store"
)

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

func TestReadTakesLinesThatCount(t *testing.T) {
	data, err := Read(strings.NewReader(header +
		"536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n" +
		"536366,85123A,CREAM HANGING HEART T-LIGHT HOLDER,1,12/2/2010 9:00,2.95,17850,United Kingdom\n" +
		"536366,POST,POSTAGE,1,12/2/2010 9:00,18,17850,United Kingdom\n"))
	if err != nil {
		t.Fatal(err)
	}
	first := time.Date(2010, 12, 1, 8, 26, 0, 0, time.UTC)
	second := time.Date(2010, 12, 2, 9, 0, 0, 0, time.UTC)
	want := &Data{
		Rows: 3,
		Items: []catalog.Item{
			{
				ID: "85123A", Title: "Cream Hanging Heart T-Light Holder", Categories: []string{"Home"},
				Price: catalog.Money{Minor: 295, Currency: "GBP"}, Available: true, Created: first,
			},
			{ID: "POST", Title: "Postage", Price: catalog.Money{Minor: 1800, Currency: "GBP"}, Created: second},
		},
		Interactions: []store.Interaction{
			{User: "17850", Item: "85123A", Kind: store.Purchase, Value: 6, Time: first, Session: "536365"},
			{User: "17850", Item: "85123A", Kind: store.Purchase, Value: 1, Time: second, Session: "536366"},
			{User: "17850", Item: "POST", Kind: store.Purchase, Value: 1, Time: second, Session: "536366"},
		},
	}
	if diff := cmp.Diff(want, data); diff != "" {
		t.Error(diff)
	}
}

func TestReadSkipsAndCounts(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		want       Skipped
	}{
		{"no customer", "1,2,X,6,2010-12-01 08:26:00,2.55,,UK", Skipped{NoCustomer: 1}},
		{"cancelled", "C1,2,X,-6,2010-12-01 08:26:00,2.55,7,UK", Skipped{Cancelled: 1}},
		{"nothing sold", "1,2,X,0,2010-12-01 08:26:00,2.55,7,UK", Skipped{NotPositive: 1}},
		{"returned", "1,2,X,-1,2010-12-01 08:26:00,2.55,7,UK", Skipped{NotPositive: 1}},
		{"given away", "1,2,X,1,2010-12-01 08:26:00,0,7,UK", Skipped{NotPositive: 1}},
		{"too few fields", "1,2,X", Skipped{Malformed: 1}},
		{"quantity of words", "1,2,X,six,2010-12-01 08:26:00,2.55,7,UK", Skipped{Malformed: 1}},
		{"price not a number", "1,2,X,1,2010-12-01 08:26:00,NaN,7,UK", Skipped{Malformed: 1}},
		{"price without end", "1,2,X,1,2010-12-01 08:26:00,Inf,7,UK", Skipped{Malformed: 1}},
		{"month 13", "1,2,X,1,2010-13-01 08:26:00,1,7,UK", Skipped{Malformed: 1}},
		{"no code", "1,,X,1,2010-12-01 08:26:00,1,7,UK", Skipped{Malformed: 1}},
		{"not UTF-8", "1,\xff,X,1,2010-12-01 08:26:00,1,7,UK", Skipped{Malformed: 1}},
		{"code of a kilobyte", "1," + strings.Repeat("x", 1024) + ",X,1,2010-12-01 08:26:00,1,7,UK", Skipped{Malformed: 1}},
		{"bare quote", `1,2,X "Y" Z,1,2010-12-01 08:26:00,1,7,UK`, Skipped{Malformed: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, err := Read(strings.NewReader(header + tt.line + "\n9,9,Y,1,2010-12-01 08:26:00,1,7,UK\n"))
			if err != nil {
				t.Fatal(err)
			}
			if data.Skipped != tt.want || len(data.Interactions) != 1 || data.Rows != 2 {
				t.Errorf("skipped %v and kept %d of %d rows, want %v and 1 of 2",
					data.Skipped, len(data.Interactions), data.Rows, tt.want)
			}
		})
	}
}

func TestReadRefusesOtherFiles(t *testing.T) {
	for _, content := range []string{"", "user,item\n1,2\n", "\x89PNG\r\n\x1a\n\"", strings.Replace(header, "Quantity", "Qty", 1)} {
		if _, err := Read(strings.NewReader(content)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: got %v, want ErrFormat", content, err)
		}
	}
	broken := errors.New("disk on fire")
	if _, err := Read(io.MultiReader(strings.NewReader(header), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

func TestSplitKeepsTime(t *testing.T) {
	data := &Data{}
	for i, session := range []string{"a", "a", "b", "c", "d", "e"} {
		data.Interactions = append(data.Interactions, store.Interaction{
			User: "u", Item: string(rune('0' + i)), Session: session, Time: time.Unix(int64(i), 0),
		})
	}
	data.Interactions = append(data.Interactions, store.Interaction{User: "once", Item: "x", Session: "f"})
	train, test := data.Split()
	items := func(log []store.Interaction) (s string) {
		for _, in := range log {
			s += in.Item
		}
		return s
	}
	if items(train) != "01234x" || items(test) != "5" {
		t.Errorf("train %s, test %s; want 01234x and 5", items(train), items(test))
	}
}

func TestHeadline(t *testing.T) {
	for in, want := range map[string]string{
		"SET OF 3 T-LIGHT HOLDERS":  "Set of 3 T-Light Holders",
		"POPPY'S PLAYHOUSE BEDROOM": "Poppy's Playhouse Bedroom",
		"Bank  charges":             "Bank charges",
		"20713":                     "20713",
	} {
		if got := headline(in); got != want {
			t.Errorf("headline(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestFullFile holds the counts of the published file, which are known from the literature: 397,884 lines of 4,338
// customers and 3,665 stock codes remain.
func TestFullFile(t *testing.T) {
	dir := os.Getenv("GOLD_DATA")
	if dir == "" {
		t.Skip("GOLD_DATA does not name the directory of the data sets")
	}
	f, err := os.Open(filepath.Join(dir, "online-retail", "online-retail.csv"))
	if err != nil {
		t.Skip("no Online Retail file:", err)
	}
	defer f.Close()
	data, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	customers, plain := map[string]bool{}, 0
	for i := range data.Interactions {
		if err := data.Interactions[i].Validate(); err != nil {
			t.Fatal(err)
		}
		customers[data.Interactions[i].User] = true
	}
	for _, item := range data.Items {
		if len(item.Categories) == 0 {
			plain++
		}
	}
	got := []int{data.Rows, len(data.Interactions), len(customers), len(data.Items), data.Skipped.Malformed}
	if diff := cmp.Diff([]int{541909, 397884, 4338, 3665, 0}, got); diff != "" {
		t.Errorf("rows, kept, customers, items, malformed: %s", diff)
	}
	train, test := data.Split()
	t.Logf("%v; %d in training, %d in test; %d items without a category", data.Skipped, len(train), len(test), plain)
}

func FuzzRead(f *testing.F) {
	f.Add(header + "1,2,X,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n")
	f.Add(header + "C1,2,\"X\n,\",-6,12/1/2010 8:26,2.55,,\n\"")
	f.Add("\ufeff" + header)
	f.Fuzz(func(t *testing.T, content string) {
		data, err := Read(strings.NewReader(content))
		if err != nil {
			return
		}
		if data.Rows != len(data.Interactions)+data.Skipped.Total() {
			t.Errorf("%d rows, but %d kept and %d skipped", data.Rows, len(data.Interactions), data.Skipped.Total())
		}
		for i := range data.Interactions {
			if err := data.Interactions[i].Validate(); err != nil {
				t.Error(err)
			}
		}
	})
}
