package deals_test

import (
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
		{"price below zero", deals.PercentOff(20), -1, "EUR", 0, deals.ErrMoney},
		{"an amount off", deals.AmountOff(250, "EUR"), 999, "EUR", 749, nil},
		{"no more than the price", deals.AmountOff(250, "EUR"), 200, "EUR", 0, nil},
		{"an amount of another currency", deals.AmountOff(250, "EUR"), 999, "USD", 0, deals.ErrCurrency},
		{"one of three for two", deals.BuyGet(2, 1), 999, "EUR", 999, nil},
		{"one of a bundle", deals.Bundle(100, "EUR"), 999, "EUR", 999, nil},
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

// Units are rounded one by one, and units for nothing are the last of each set.
func TestDiscountTotal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		discount     deals.Discount
		price, units int64
		want         int64
		err          error
	}{
		{"rounded a unit", deals.PercentOff(10), 1004, 3, 3 * 904, nil}, // not 2711
		{"none", deals.PercentOff(10), 1004, 0, 0, nil},
		{"two of three for two", deals.BuyGet(2, 1), 100, 2, 200, nil},
		{"three for two", deals.BuyGet(2, 1), 100, 3, 200, nil},
		{"eight as three for two", deals.BuyGet(2, 1), 100, 8, 600, nil},
		{"five as buy two get two", deals.BuyGet(2, 2), 100, 5, 300, nil},
		{"seven as buy two get two", deals.BuyGet(2, 2), 100, 7, 400, nil},
		{"largest", deals.FixedPrice(math.MaxInt64, "EUR"), math.MaxInt64, 1, math.MaxInt64, nil},
		{"too much", deals.BasisPointsOff(1), math.MaxInt64, 2, 0, deals.ErrMoney},
		{"far too much", deals.BasisPointsOff(1), math.MaxInt64, math.MaxInt64, 0, deals.ErrMoney},
		{"less than none", deals.PercentOff(10), 100, -1, 0, deals.ErrUnits},
	}
	for _, tt := range tests {
		if got, err := tt.discount.Total(tt.price, tt.units, "EUR"); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %d, %v, want %d, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
}

func TestDiscountErrors(t *testing.T) {
	t.Parallel()
	for _, d := range []deals.Discount{deals.AmountOff(0, "EUR"), deals.AmountOff(-1, "EUR"), deals.Bundle(-1, "EUR"), deals.BuyGet(0, 1),
		deals.BuyGet(1, 0), deals.BuyGet(1001, 1), deals.BuyGet(1, 1001), deals.BuyGet(-1, -1), deals.FixedPrice(-1, "EUR"), {}} {
		if err := d.Validate(); !errors.Is(err, deals.ErrDiscount) {
			t.Errorf("%+v: %v, want ErrDiscount", d, err)
		}
	}
	for _, d := range []deals.Discount{deals.AmountOff(1, "eur"), deals.Bundle(0, ""), deals.FixedPrice(0, "EURO")} {
		if err := d.Validate(); !errors.Is(err, deals.ErrCurrency) {
			t.Errorf("%+v: %v, want ErrCurrency", d, err)
		}
	}
	for _, d := range []deals.Discount{deals.BuyGet(1000, 1000), deals.Bundle(0, "EUR"), deals.AmountOff(1, "EUR")} {
		if err := d.Validate(); err != nil {
			t.Errorf("%+v: %v", d, err)
		}
	}
}
