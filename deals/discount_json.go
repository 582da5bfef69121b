package deals

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// discountJSON has the unit in each name, so that no number can be read in another one.
type discountJSON struct {
	Percent     *int   `json:"percentOff,omitempty"`
	BasisPoints *int   `json:"basisPointsOff,omitempty"`
	Amount      *int64 `json:"minorUnitsOff,omitempty"`
	Price       *int64 `json:"priceMinorUnits,omitempty"`
	Bundle      *int64 `json:"bundleMinorUnits,omitempty"`
	Currency    string `json:"currency,omitzero"`
	Buy         *int   `json:"buy,omitempty"`
	Get         int    `json:"get,omitzero"`
}

// MarshalJSON writes one of these forms; an invalid discount is an error.
//
//	{"percentOff": 20}
//	{"basisPointsOff": 1250}
//	{"minorUnitsOff": 500, "currency": "EUR"}
//	{"priceMinorUnits": 999, "currency": "EUR"}
//	{"bundleMinorUnits": 4999, "currency": "EUR"}
//	{"buy": 2, "get": 1}
func (d Discount) MarshalJSON() ([]byte, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	out := discountJSON{Currency: d.currency}
	switch d.kind {
	case partOff:
		if points := int(d.off); points%100 == 0 {
			out.Percent = new(points / 100)
		} else {
			out.BasisPoints = &points
		}
	case amountOff:
		out.Amount = &d.off
	case fixedPrice:
		out.Price = &d.off
	case bundle:
		out.Bundle = &d.off
	case buyGet:
		out.Buy, out.Get = new(int(d.buy)), int(d.get)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes. It refuses an invalid discount, an unknown field, and two forms at once, with an
// error that wraps ErrDiscount or ErrCurrency.
func (d *Discount) UnmarshalJSON(text []byte) error {
	var in discountJSON
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return fmt.Errorf("%w: %w", ErrDiscount, err)
	}
	forms := in.forms()
	if len(forms) != 1 || in.Buy == nil && in.Get != 0 {
		return fmt.Errorf("%w: %s has %d forms, want 1", ErrDiscount, text, len(forms))
	}
	read := forms[0]
	if in.Currency != "" && (read.kind == partOff || read.kind == buyGet) {
		return fmt.Errorf("%w: currency without an amount", ErrDiscount)
	}
	if err := read.Validate(); err != nil {
		return err
	}
	*d = read
	return nil
}

// forms lists the discounts that have been given.
func (in *discountJSON) forms() []Discount {
	var list []Discount
	if in.Percent != nil {
		list = append(list, PercentOff(*in.Percent))
	}
	if in.BasisPoints != nil {
		list = append(list, BasisPointsOff(*in.BasisPoints))
	}
	if in.Amount != nil {
		list = append(list, AmountOff(*in.Amount, in.Currency))
	}
	if in.Price != nil {
		list = append(list, FixedPrice(*in.Price, in.Currency))
	}
	if in.Bundle != nil {
		list = append(list, Bundle(*in.Bundle, in.Currency))
	}
	if in.Buy != nil {
		list = append(list, BuyGet(*in.Buy, in.Get))
	}
	return list
}
