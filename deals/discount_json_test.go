package deals_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/goldrec/gold/deals"
)

func TestDiscountJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]deals.Discount{
		`{"percentOff":20}`: deals.PercentOff(20), `{"basisPointsOff":1}`: deals.BasisPointsOff(1), `{"percentOff":100}`: deals.PercentOff(100),
		`{"priceMinorUnits":0,"currency":"JPY"}`: deals.FixedPrice(0, "JPY"), `{"priceMinorUnits":999,"currency":"EUR"}`: deals.FixedPrice(999, "EUR"),
		`{"minorUnitsOff":5,"currency":"EUR"}`: deals.AmountOff(5, "EUR"), `{"bundleMinorUnits":5,"currency":"EUR"}`: deals.Bundle(5, "EUR"),
		`{"buy":2,"get":1}`: deals.BuyGet(2, 1), `{"basisPointsOff":1250}`: deals.BasisPointsOff(1250),
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
		`{}`: deals.ErrDiscount, `{"percentOff":0}`: deals.ErrDiscount, `{"percentOff":101}`: deals.ErrDiscount, `{"percentOff":0.2}`: deals.ErrDiscount,
		`{"off":2000}`: deals.ErrDiscount, `{"percentOff":20,"off":2000}`: deals.ErrDiscount, `{"basisPointsOff":10001}`: deals.ErrDiscount, `{"basisPointsOff":-1}`: deals.ErrDiscount,
		`{"percentOff":1,"priceMinorUnits":1,"currency":"EUR"}`: deals.ErrDiscount, `{"percentOff":1,"basisPointsOff":100}`: deals.ErrDiscount,
		`{"percentOff":1,"currency":"EUR"}`: deals.ErrDiscount, `{"buy":1,"get":1,"currency":"EUR"}`: deals.ErrDiscount,
		`{"buy":1}`: deals.ErrDiscount, `{"get":1}`: deals.ErrDiscount, `{"percentOff":1,"get":1}`: deals.ErrDiscount,
		`{"currency":"EUR"}`: deals.ErrDiscount, `{"priceMinorUnits":-1,"currency":"EUR"}`: deals.ErrDiscount, `{"priceMinorUnits":5}`: deals.ErrCurrency,
		`{"priceMinorUnits":5,"currency":"E1R"}`: deals.ErrCurrency, `{"minorUnitsOff":5,"currency":"eur"}`: deals.ErrCurrency,
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
	for _, text := range []string{`{"percentOff":20}`, `{"priceMinorUnits":999,"currency":"EUR"}`, `{"buy":2,"get":1}`, `{"percentOff":1,"buy":1}`,
		`{"basisPointsOff":10001}`, `{"currency":"EUR"}`, `{"percentOff":1,"currency":"EUR"}`, `{"priceMinorUnits":1e3}`, `null`, `[]`, `{"percentOff":1.5}`} {
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
		for units := range int64(5) {
			if total, err := d.Total(1000, units, "EUR"); err == nil && (total < 0 || total > 1000*units) {
				t.Errorf("%s makes %d of 1000 into %d", text, units, total)
			}
		}
	})
}
