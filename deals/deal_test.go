package deals_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/goldrec/gold/deals"
)

func TestDealErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(d *deals.Deal)
		want  error
	}{
		"fine":                   {func(d *deals.Deal) { d.Limits = deals.Limits{Units: 1, PerUser: 1, Per: deals.PerDeal} }, nil},
		"categories alone":       {func(d *deals.Deal) { d.Items, d.Categories = nil, []string{"tea"} }, nil},
		"an empty category":      {func(d *deals.Deal) { d.Categories = []string{""} }, deals.ErrNoItems},
		"units below zero":       {func(d *deals.Deal) { d.Limits.Units = -1 }, deals.ErrLimits},
		"per user below zero":    {func(d *deals.Deal) { d.Limits.PerUser = -1 }, deals.ErrLimits},
		"per something":          {func(d *deals.Deal) { d.Limits.Per = 2 }, deals.ErrLimits},
		"a bundle of one":        {func(d *deals.Deal) { d.Discount = deals.Bundle(1, "EUR") }, deals.ErrNoItems},
		"a bundle of one, twice": {func(d *deals.Deal) { d.Discount, d.Items = deals.Bundle(1, "EUR"), []string{"tea", "cup", "tea"} }, deals.ErrNoItems},
		"a bundle of a category": {func(d *deals.Deal) {
			d.Discount, d.Items, d.Categories = deals.Bundle(1, "EUR"), []string{"tea", "cup"}, []string{"pots"}
		}, deals.ErrNoItems},
		"a bundle":                {func(d *deals.Deal) { d.Discount, d.Items = deals.Bundle(1, "EUR"), []string{"tea", "cup"} }, nil},
		"nothing to be sold less": {func(d *deals.Deal) { d.Discount = deals.AmountOff(0, "EUR") }, deals.ErrDiscount},
	} {
		d := deal(t, "a", "10:00", "11:00", "UTC", "tea")
		tt.spoil(&d)
		if err := d.Validate(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestLimitsJSON(t *testing.T) {
	t.Parallel()
	var l deals.Limits
	if err := json.Unmarshal([]byte(`{"units":100,"perUser":1,"per":"deal"}`), &l); err != nil || l != (deals.Limits{Units: 100, PerUser: 1, Per: deals.PerDeal}) {
		t.Errorf("%+v, %v", l, err)
	}
	if err := json.Unmarshal([]byte(`{"per":"day"}`), &l); !errors.Is(err, deals.ErrLimits) {
		t.Errorf("%v", err)
	}
	if text, err := json.Marshal(l); err != nil || string(text) != `{"units":100,"perUser":1,"per":"deal"}` {
		t.Errorf("%s, %v", text, err)
	}
	if text, err := json.Marshal(deals.Limits{Per: 7}); !errors.Is(err, deals.ErrLimits) {
		t.Errorf("%s, %v", text, err)
	}
}
