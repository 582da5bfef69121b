package deals_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/deals"
)

func TestDiscountPrice(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		discount deals.Discount
		price    int64
		currency string
		want     int64
		err      error
	}{
		{"a fifth off", deals.PercentOff(20), 1000, "EUR", 800, nil},
		{"rounded down", deals.PercentOff(10), 1004, "EUR", 904, nil},            // 903.6
		{"half rounded up", deals.PercentOff(50), 999, "EUR", 500, nil},          // 499.5
		{"a basis point", deals.BasisPointsOff(1), 4999, "EUR", 4999, nil},       // 4998.5001
		{"a basis point of 50.01", deals.BasisPointsOff(1), 5001, "", 5000, nil}, // 5000.4999
		{"all off", deals.PercentOff(100), 1234, "EUR", 0, nil},
		{"half a percent more", deals.BasisPointsOff(1250), 1000, "EUR", 875, nil},
		{"off nothing", deals.PercentOff(20), 0, "EUR", 0, nil},
		{"off the largest", deals.BasisPointsOff(1), math.MaxInt64, "EUR", 9222449699651090329, nil},
		{"fixed", deals.FixedPrice(500, "EUR"), 999, "EUR", 500, nil},
		{"free", deals.FixedPrice(0, "EUR"), 999, "EUR", 0, nil},
		{"fixed never raises", deals.FixedPrice(500, "EUR"), 450, "EUR", 450, nil},
		{"another currency", deals.FixedPrice(500, "EUR"), 999, "USD", 0, deals.ErrCurrency},
		{"price below zero", deals.PercentOff(20), -1, "EUR", 0, deals.ErrDiscount},
		{"zero discount", deals.Discount{}, 100, "EUR", 0, deals.ErrDiscount},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.discount.Price(tt.price, tt.currency)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("Price = %d, %v, want %d, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

// A percent is a hundred basis points, and what is out of range stays so however far out it is.
func TestPercentOff(t *testing.T) {
	t.Parallel()
	for percent := 1; percent <= 100; percent++ {
		if d := deals.PercentOff(percent); d != deals.BasisPointsOff(100*percent) || d.Validate() != nil {
			t.Errorf("%d percent are %+v, %v", percent, d, d.Validate())
		}
	}
	overflows := int(math.MaxUint/100 + 1) // 100 times this wraps to a small number
	for _, percent := range []int{0, -1, 101, overflows, -overflows, -(math.MaxUint / 100), math.MaxInt, math.MinInt} {
		if err := deals.PercentOff(percent).Validate(); !errors.Is(err, deals.ErrDiscount) {
			t.Errorf("%d percent: error %v, want ErrDiscount", percent, err)
		}
	}
	for _, points := range []int{0, -1, 10_001} {
		if err := deals.BasisPointsOff(points).Validate(); !errors.Is(err, deals.ErrDiscount) {
			t.Errorf("%d basis points: error %v, want ErrDiscount", points, err)
		}
	}
}

// Over the whole range the reduced price is floor(price · (10,000 - off) / 10,000 + 1/2), which math/big works out too.
func TestDiscountPriceExact(t *testing.T) {
	t.Parallel()
	const seed = 7
	r := rand.New(rand.NewPCG(seed, 0))
	for range 100_000 {
		off, price := 1+r.IntN(10_000), r.Int64()>>r.IntN(63)
		want := big.NewInt(price)
		want.Mul(want, big.NewInt(int64(10_000-off))).Add(want, big.NewInt(5000)).Div(want, big.NewInt(10_000))
		got, err := deals.BasisPointsOff(off).Price(price, "EUR")
		if err != nil || got != want.Int64() {
			t.Fatalf("seed %d: %d basis points off %d is %d, %v, want %v", seed, off, price, got, err, want)
		}
	}
}

func TestDiscountJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]deals.Discount{
		`{"off":2000}`: deals.PercentOff(20), `{"off":1}`: deals.BasisPointsOff(1), `{"off":10000}`: deals.PercentOff(100),
		`{"price":0,"currency":"JPY"}`: deals.FixedPrice(0, "JPY"), `{"price":999,"currency":"EUR"}`: deals.FixedPrice(999, "EUR"),
	} {
		var got deals.Discount
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s is read as %+v, %v, want %+v", text, got, err, want)
		}
		if out, err := json.Marshal(want); err != nil || string(out) != text {
			t.Errorf("%+v is written as %s, %v, want %s", want, out, err, text)
		}
	}
	for text, want := range map[string]error{
		`{}`: deals.ErrDiscount, `{"off":0}`: deals.ErrDiscount, `{"off":10001}`: deals.ErrDiscount, `{"off":-1}`: deals.ErrDiscount,
		`{"off":1.5}`: deals.ErrDiscount, `{"off":1,"price":1}`: deals.ErrDiscount, `{"off":-1,"price":5,"currency":"EUR"}`: deals.ErrDiscount,
		`{"currency":"EUR"}`: deals.ErrDiscount, `{"price":-1,"currency":"EUR"}`: deals.ErrDiscount, `{"price":5}`: deals.ErrCurrency,
		`{"price":5,"currency":"E1R"}`: deals.ErrCurrency, `{"price":5,"currency":"eur"}`: deals.ErrCurrency, `{"price":5,"currency":"EURO"}`: deals.ErrCurrency,
	} {
		got := deals.PercentOff(7)
		if err := json.Unmarshal([]byte(text), &got); !errors.Is(err, want) || got != deals.PercentOff(7) {
			t.Errorf("%s: error %v and %+v, want %v and no change", text, err, got, want)
		}
	}
	if text, err := json.Marshal(deals.PercentOff(101)); !errors.Is(err, deals.ErrDiscount) {
		t.Errorf("an invalid discount is written as %s, error %v", text, err)
	}
}

func FuzzDiscountJSON(f *testing.F) {
	for _, text := range []string{`{"off":2000}`, `{"price":999,"currency":"EUR"}`, `{"price":0,"currency":"JPY"}`, `{"off":1,"price":1}`,
		`{"off":10001}`, `{"currency":"EUR"}`, `{"off":1,"currency":"EUR"}`, `{"price":1e3}`, `null`, `[]`, `{"off":1.5}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var d, again deals.Discount
		if err := json.Unmarshal(text, &d); err != nil || d == again {
			if d != again {
				t.Errorf("%s: error %v and a discount", text, err)
			}
			return
		}
		out, err := json.Marshal(d)
		if err != nil {
			t.Fatalf("%s was read but not written: %v", text, err)
		}
		if err := json.Unmarshal(out, &again); err != nil || d != again {
			t.Errorf("%s reads as %+v, %v, want %+v", out, again, err, d)
		}
		if price, err := d.Price(1000, "EUR"); err == nil && (price < 0 || price > 1000) {
			t.Errorf("%s makes 1000 into %d", text, price)
		}
	})
}
