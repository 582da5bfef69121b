package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// write makes the files of a small shop; what files names stands in place of what is usual.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	usual := map[string]string{
		"products.csv":              "product_id,manufacturer_id,department,brand,product_category,product_type,package_size\n1,2,D,N,TEA,GREEN,\n2,3,D,N,COFFEE,BEANS,\n",
		"campaign_descriptions.csv": "campaign_id,campaign_type,start_date,end_date\n7,Type B,2017-03-03,2017-04-09\n",
		"campaigns.csv":             "campaign_id,household_id\n7,105\n",
		"coupons.csv":               "coupon_upc,product_id,campaign_id\n90,1,7\n91,2,7\n",
		"coupon_redemptions.csv":    "household_id,coupon_upc,campaign_id,redemption_date\n105,90,7,2017-03-03\n105,91,7,2017-04-09\n",
		"transactions_sample.csv": "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,coupon_match_disc,week,transaction_timestamp\n" +
			"105,1,1,1,1,3.50,0,0,0,1,2017-03-02 23:59:59\n105,1,2,2,1,2.50,0,0,0,1,2017-03-03 00:00:00\n",
	}
	dir := t.TempDir()
	for name, text := range usual {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(cmp.Or(files[name], text)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What a trip is asked about is known on its morning: nothing of the day itself, neither sales nor redemptions.
func TestQuestionsKnowNothingOfTheirDay(t *testing.T) {
	t.Parallel()
	d, err := read(write(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	taught, asked, err := replay(t.Context(), d, time.Date(2017, 4, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if len(taught) != 1 || len(asked) != 1 {
		t.Fatalf("%d questions teach and %d are asked, want 1 and 1", len(taught), len(asked))
	}
	units := func(q question) (units []float64) {
		for _, o := range q {
			units = append(units, o.sold)
		}
		return units
	}
	if diff := gocmp.Diff([]float64{1, 0}, units(taught[0])); diff != "" {
		t.Errorf("units sold before the first trip: %s", diff)
	}
	if diff := gocmp.Diff([]float64{1, 1}, units(asked[0])); diff != "" {
		t.Errorf("units sold before the second: %s", diff)
	}
	never, before := math.Log(0.5/50), math.Log(1.5/51)
	if got := taught[0][0].known[6]; got != never {
		t.Errorf("rate of a coupon on the morning of its first redemption is %v, want %v", got, never)
	}
	if got := asked[0][0].known[6]; got != before {
		t.Errorf("rate of a coupon redeemed before is %v, want %v", got, before)
	}
	if !taught[0][0].redeemed || taught[0][1].redeemed || !asked[0][1].redeemed {
		t.Errorf("redeemed: %+v, %+v", taught[0], asked[0])
	}
}

func TestOfferedOnBothEnds(t *testing.T) {
	t.Parallel()
	d, err := read(write(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		household, day string
		want           int
	}{
		{"105", "2017-03-02", 0},
		{"105", "2017-03-03", 2},
		{"105", "2017-04-09", 2},
		{"105", "2017-04-10", 0},
		{"106", "2017-03-10", 0},
	} {
		day, err := time.Parse(time.DateOnly, c.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(d.offered(&trip{household: c.household, day: day})); got != c.want {
			t.Errorf("household %s has %d coupons on %s, want %d", c.household, got, c.day, c.want)
		}
	}
}

// Households that choose by known weights are learned from: of 4,000 choices among 5 offers, the standard error of a weight is
// below 0.03, and four of them are allowed.
func TestLearnsHowChoicesWereMade(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	truth := logit{mean: make([]float64, 3), spread: []float64{1, 1, 1}, weights: []float64{1.5, -0.5, 0}}
	questions := make([]question, 4000)
	for i := range questions {
		q := make(question, 5)
		for j := range q {
			q[j].known = []float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
		}
		u := rng.Float64()
		for j, p := range truth.chances(q) {
			if u -= p; u < 0 {
				q[j].redeemed = true
				break
			}
		}
		questions[i] = q
	}
	l, err := learn(questions)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range truth.weights {
		if got := l.weights[i] / l.spread[i]; math.Abs(got-want) > 0.12 {
			t.Errorf("weight %d is %.3f, want %.1f", i, got, want)
		}
	}
}

func TestGradientIsThatOfTheLoss(t *testing.T) {
	t.Parallel()
	questions := []question{{{known: []float64{1, 2}, redeemed: true}, {known: []float64{-1, 0.5}}, {known: []float64{0, 3}, redeemed: true}}}
	l := logit{mean: []float64{0.5, 1}, spread: []float64{2, 3}, weights: []float64{0.3, -0.7}}
	got := make([]float64, 2)
	l.gradient(got, questions)
	for i := range got {
		const h = 1e-5
		up, down := l, l
		up.weights, down.weights = slices.Clone(l.weights), slices.Clone(l.weights)
		up.weights[i] += h
		down.weights[i] -= h
		if want := (up.loss(questions) - down.loss(questions)) / (2 * h); math.Abs(got[i]-want) > 1e-8 {
			t.Errorf("gradient %d is %v, differences say %v", i, got[i], want)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), write(t, nil), "2017-04-01", &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1 trips teach, 1 are asked", "2 coupons on average", "relevance alone", "worth, in dollars"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, out.String())
		}
	}
}

func TestBadFilesSayWhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, text, want string }{
		{"coupons.csv", "coupon_upc,product_id,campaign_id\n90,1,8\n", `coupons.csv:2: campaign "8" is not described`},
		{"coupons.csv", "coupon_upc,product_id,campaign_id\n90,1\n", "coupons.csv:2: "},
		{"campaigns.csv", "campaign_id,household_id\n9,105\n", `campaigns.csv:2: campaign "9" is not described`},
		{"coupon_redemptions.csv", "household_id,coupon_upc,campaign_id,redemption_date\n105,90,7,yesterday\n", "coupon_redemptions.csv:2: "},
		{"campaign_descriptions.csv", "campaign_id,campaign_type,start_date,end_date\n7,Type B,2017-03-03,\n", "campaign_descriptions.csv:2: "},
		{"transactions_sample.csv", "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,coupon_match_disc,week,transaction_timestamp\n" +
			"105,1,1,1,1,much,0,0,0,1,2017-03-02 10:00:00\n", "transactions_sample.csv:2: "},
	} {
		err := run(t.Context(), write(t, map[string]string{c.file: c.text}), "2017-04-01", &bytes.Buffer{})
		if err == nil || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.file, err, c.want)
		}
	}
	if err := run(t.Context(), write(t, nil), "2018-01-01", &bytes.Buffer{}); err == nil {
		t.Error("nothing to ask is no error")
	}
}

// On the real data the worth of a coupon ranks what was redeemed above what is sold most, above what was redeemed most before,
// and above relevance alone.
func TestCompleteJourney(t *testing.T) {
	t.Parallel()
	data := os.Getenv("GOLD_DATA")
	if data == "" {
		t.Skip("GOLD_DATA does not say where the data sets are; it takes 20 s")
	}
	d, err := read(filepath.Join(data, "completejourney"))
	if err != nil {
		t.Fatal(err)
	}
	taught, asked, err := replay(t.Context(), d, time.Date(2017, 8, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	chances, err := learn(taught)
	if err != nil {
		t.Fatal(err)
	}
	means := map[string]float64{}
	orders := orders(chances)
	for _, o := range orders {
		for _, q := range asked {
			m, err := q.measure(o.rank)
			if err != nil {
				t.Fatal(err)
			}
			means[o.name] += m.NDCG / float64(len(asked))
		}
	}
	for _, o := range orders[:3] {
		if worth := means[orders[4].name]; worth <= means[o.name] {
			t.Errorf("nDCG@10 of %s is %.4f, of the worth %.4f", o.name, means[o.name], worth)
		}
	}
}
