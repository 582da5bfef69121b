package deals

import (
	"fmt"
	"math/bits"
)

// Discount is how a deal lowers a price. Make it with PercentOff, BasisPointsOff, AmountOff, FixedPrice, BuyGet or Bundle;
// the zero Discount is not valid. Discounts compare with ==. What is made of numbers out of range is found by Validate.
type Discount struct {
	kind     kind
	off      int64 // basis points, or minor units of currency
	currency string
	buy, get int64
}

type kind uint8

const (
	none kind = iota
	partOff
	amountOff
	fixedPrice
	buyGet
	bundle
)

// PercentOff takes whole hundredths of the price away: PercentOff(20) is 20 % off. Valid are 1 to 100.
func PercentOff(percent int) Discount {
	return Discount{kind: partOff, off: 100 * int64(max(-1, min(percent, 101)))} // what is out of range stays so, and does not overflow
}

// BasisPointsOff takes hundredths of a percent away, for parts that are no whole percent: BasisPointsOff(1250) is 12.5 %
// off. Valid are 1 to 10,000.
func BasisPointsOff(points int) Discount { return Discount{kind: partOff, off: int64(points)} }

// AmountOff takes an amount off each unit, in minor units (cents) of an ISO 4217 currency, and never more than its price.
// Valid are 1 and above.
func AmountOff(minor int64, currency string) Discount {
	return Discount{kind: amountOff, off: minor, currency: currency}
}

// FixedPrice sets the price of a unit, in minor units (cents) of an ISO 4217 currency. Valid are 0 and above.
func FixedPrice(minor int64, currency string) Discount {
	return Discount{kind: fixedPrice, off: minor, currency: currency}
}

// BuyGet gives units away: of each buy + get units of an item the last get cost nothing. BuyGet(2, 1) is three for the
// price of two. Valid are 1 to 1,000 each.
func BuyGet(buy, get int) Discount { return Discount{kind: buyGet, buy: int64(buy), get: int64(get)} }

// Bundle sells one unit of each item of the deal together for a price, in minor units of an ISO 4217 currency. Valid are 0
// and above. A unit alone costs what it does without the deal.
func Bundle(minor int64, currency string) Discount {
	return Discount{kind: bundle, off: minor, currency: currency}
}

// Validate says what is wrong with the discount; the error wraps ErrDiscount or ErrCurrency.
func (d Discount) Validate() error {
	switch d.kind {
	case partOff:
		if d.off < 1 || d.off > 10_000 {
			return fmt.Errorf("%w: %d basis points off, want 1 to 10,000 (a percent is 100)", ErrDiscount, d.off)
		}
		return nil
	case buyGet:
		if min(d.buy, d.get) < 1 || max(d.buy, d.get) > 1000 {
			return fmt.Errorf("%w: buy %d, get %d, want 1 to 1,000 each", ErrDiscount, d.buy, d.get)
		}
		return nil
	case amountOff:
		if d.off < 1 {
			return fmt.Errorf("%w: %d off, want 1 or more", ErrDiscount, d.off)
		}
	case fixedPrice, bundle:
		if d.off < 0 {
			return fmt.Errorf("%w: price of %d", ErrDiscount, d.off)
		}
	default:
		return fmt.Errorf("%w: none given", ErrDiscount)
	}
	if !isCurrency(d.currency) {
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

// Price returns the reduced price of one unit of what costs price, in minor units of currency. A part off is exact to the
// minor unit: the reduced price is rounded to the nearest one, halves up. No discount raises a price; BuyGet and Bundle
// leave that of one unit as it is. The errors wrap ErrDiscount or ErrCurrency for an invalid discount, ErrMoney for a price
// below zero, and ErrCurrency for one in another currency than the discount's.
func (d Discount) Price(price int64, currency string) (int64, error) {
	return d.Total(price, 1, currency)
}

// Total returns what units of an item cost, each at price. It is exact: each unit is rounded as Price says, so that the
// total is a sum of prices that a shop can show. A total beyond int64 is ErrMoney, units below zero are ErrUnits; the other
// errors are those of Price.
func (d Discount) Total(price, units int64, currency string) (int64, error) {
	if err := d.Validate(); err != nil {
		return 0, err
	}
	switch {
	case price < 0:
		return 0, fmt.Errorf("%w: price of %d", ErrMoney, price)
	case units < 0:
		return 0, fmt.Errorf("%w: %d", ErrUnits, units)
	case d.currency != "" && currency != d.currency:
		return 0, fmt.Errorf("%w: price in %q, deal in %q", ErrCurrency, currency, d.currency)
	}
	switch d.kind {
	case partOff:
		keep := 10_000 - d.off
		price = price/10_000*keep + (price%10_000*keep+5_000)/10_000 // in two parts, so that nothing overflows
	case amountOff:
		price = max(0, price-d.off)
	case fixedPrice:
		price = min(price, d.off)
	case buyGet:
		units = d.paid(units)
	}
	return times(price, units)
}

// paid is how many of units are paid for.
func (d Discount) paid(units int64) int64 {
	set := d.buy + d.get
	return units/set*d.buy + min(units%set, d.buy)
}

// times multiplies a price that is not negative by units.
func times(price, units int64) (int64, error) {
	high, low := bits.Mul64(uint64(price), uint64(units))
	if high != 0 || int64(low) < 0 {
		return 0, fmt.Errorf("%w: %d times %d", ErrMoney, units, price)
	}
	return int64(low), nil
}

// plus adds amounts that are not negative.
func plus(a, b int64) (int64, error) {
	if a+b < a {
		return 0, fmt.Errorf("%w: %d and %d", ErrMoney, a, b)
	}
	return a + b, nil
}
