package deals

import (
	"encoding/json"
	"fmt"
)

// Discount is how a deal lowers a price: by a part of it or to a fixed one. Make it with PercentOff, BasisPointsOff or
// FixedPrice; the zero Discount is not valid. Discounts compare with ==.
type Discount struct {
	off      int   // basis points; 0 for a fixed price
	price    int64 // minor units of currency
	currency string
}

// PercentOff takes whole hundredths of the price away: PercentOff(20) is 20 % off. Valid are 1 to 100.
func PercentOff(percent int) Discount {
	return Discount{off: 100 * max(-1, min(percent, 101))} // what is out of range stays so, and does not overflow
}

// BasisPointsOff takes hundredths of a percent away, for parts that are no whole percent: BasisPointsOff(1250) is 12.5 %
// off. Valid are 1 to 10,000.
func BasisPointsOff(points int) Discount { return Discount{off: points} }

// FixedPrice sets the price, in minor units (cents) of an ISO 4217 currency. Valid are 0 and above.
func FixedPrice(minor int64, currency string) Discount {
	return Discount{price: minor, currency: currency}
}

// Validate says what is wrong with the discount; the error wraps ErrDiscount or ErrCurrency.
func (d Discount) Validate() error {
	switch {
	case d == Discount{}:
		return fmt.Errorf("%w: none given", ErrDiscount)
	case d.currency == "" && d.price == 0:
		if d.off < 1 || d.off > 10_000 {
			return fmt.Errorf("%w: %d basis points off, want 1 to 10,000 (a percent is 100)", ErrDiscount, d.off)
		}
	case d.off != 0:
		return fmt.Errorf("%w: both a part off and a fixed price", ErrDiscount)
	case d.price < 0:
		return fmt.Errorf("%w: fixed price of %d", ErrDiscount, d.price)
	case !isCurrency(d.currency):
		return fmt.Errorf("%w: %q is not three upper-case letters", ErrCurrency, d.currency)
	}
	return nil
}

func isCurrency(code string) bool {
	for i := range len(code) {
		if code[i] < 'A' || code[i] > 'Z' {
			return false
		}
	}
	return len(code) == 3
}

// Price returns the reduced price of what costs price, in minor units of currency. A part off is exact to the minor
// unit: the reduced price is rounded to the nearest one, halves up. A fixed price never raises the price. The errors
// wrap ErrDiscount for an invalid discount or a price below zero, and ErrCurrency for a fixed price in another currency.
func (d Discount) Price(price int64, currency string) (int64, error) {
	if err := d.Validate(); err != nil {
		return 0, err
	}
	switch {
	case price < 0:
		return 0, fmt.Errorf("%w: price of %d", ErrDiscount, price)
	case d.off > 0:
		keep := int64(10_000 - d.off)
		return price/10_000*keep + (price%10_000*keep+5_000)/10_000, nil // in two parts, so that nothing overflows
	case currency != d.currency:
		return 0, fmt.Errorf("%w: price in %q, deal in %q", ErrCurrency, currency, d.currency)
	default:
		return min(price, d.price), nil
	}
}

// discountJSON is the form {"off": 2000} or {"price": 999, "currency": "EUR"}.
type discountJSON struct {
	Off      int    `json:"off,omitzero"` // basis points
	Price    *int64 `json:"price,omitempty"`
	Currency string `json:"currency,omitzero"`
}

// MarshalJSON writes {"off": 2000}, in basis points whichever way it was made (this is 20 % off), or {"price": 999,
// "currency": "EUR"}. An invalid discount is an error.
func (d Discount) MarshalJSON() ([]byte, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	if d.off > 0 {
		return json.Marshal(discountJSON{Off: d.off})
	}
	return json.Marshal(discountJSON{Price: &d.price, Currency: d.currency})
}

// UnmarshalJSON reads what MarshalJSON writes and refuses an invalid discount.
func (d *Discount) UnmarshalJSON(text []byte) error {
	var in discountJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("%w: %w", ErrDiscount, err)
	}
	read := Discount{off: in.Off, currency: in.Currency}
	if in.Price != nil {
		read.price = *in.Price
	} else if in.Currency != "" {
		return fmt.Errorf("%w: currency without a price", ErrDiscount)
	}
	if err := read.Validate(); err != nil {
		return err
	}
	*d = read
	return nil
}
