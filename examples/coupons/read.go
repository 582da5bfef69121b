package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// coupon is one of a campaign: a discount on any of some products.
type coupon struct {
	id       string // campaign and UPC
	products []string
}

// campaign is what some households were sent, to be used between two dates.
type campaign struct {
	from, to   time.Time // both days inclusive
	households map[string]bool
	coupons    []*coupon
}

// sale is a line of a receipt.
type sale struct {
	household, product string
	value              float64 // dollars
	at                 time.Time
}

// product is what of an article may draw somebody to it.
type product struct{ kind, category, maker string }

// trip is a day on which a household redeemed coupons.
type trip struct {
	household string
	day       time.Time
	redeemed  map[string]bool // coupons, by id
}

// shopData is the data set, of which nothing is left out.
type shopData struct {
	products  map[string]product
	campaigns map[string]*campaign
	sales     []sale // as the file has them
	trips     []*trip
}

// read takes the files of the Complete Journey from a directory.
func read(dir string) (*shopData, error) {
	d := &shopData{products: map[string]product{}, campaigns: map[string]*campaign{}}
	coupons, trips := map[string]*coupon{}, map[string]*trip{}
	err := errors.Join(
		rows(dir, "products.csv", 7, func(f []string) error {
			d.products[f[0]] = product{kind: f[4] + "/" + f[5], category: f[4], maker: f[1]}
			return nil
		}),
		rows(dir, "campaign_descriptions.csv", 4, func(f []string) error {
			from, err := time.Parse(time.DateOnly, f[2])
			to, err2 := time.Parse(time.DateOnly, f[3])
			d.campaigns[f[0]] = &campaign{from: from, to: to, households: map[string]bool{}}
			return errors.Join(err, err2)
		}))
	if err != nil {
		return nil, err
	}
	of := func(id string) (*campaign, error) {
		if c := d.campaigns[id]; c != nil {
			return c, nil
		}
		return nil, fmt.Errorf("campaign %q is not described", id)
	}
	err = errors.Join(
		rows(dir, "campaigns.csv", 2, func(f []string) error {
			c, err := of(f[0])
			if err == nil {
				c.households[f[1]] = true
			}
			return err
		}),
		rows(dir, "coupons.csv", 3, func(f []string) error {
			c, err := of(f[2])
			if err != nil {
				return err
			}
			id := f[2] + "/" + f[0]
			if coupons[id] == nil {
				coupons[id] = &coupon{id: id}
				c.coupons = append(c.coupons, coupons[id])
			}
			coupons[id].products = append(coupons[id].products, f[1])
			return nil
		}),
		rows(dir, "coupon_redemptions.csv", 4, func(f []string) error {
			day, err := time.Parse(time.DateOnly, f[3])
			key := f[3] + "/" + f[0]
			if trips[key] == nil {
				trips[key] = &trip{household: f[0], day: day, redeemed: map[string]bool{}}
				d.trips = append(d.trips, trips[key])
			}
			trips[key].redeemed[f[2]+"/"+f[1]] = true
			return err
		}),
		rows(dir, "transactions_sample.csv", 11, func(f []string) error {
			at, err := time.Parse(time.DateTime, f[10])
			value, err2 := strconv.ParseFloat(f[5], 64)
			d.sales = append(d.sales, sale{household: f[0], product: f[3], value: value, at: at})
			return errors.Join(err, err2)
		}))
	return d, err
}

// rows calls each for every row of a CSV file but its header. An error names file and line.
func rows(dir, name string, fields int, each func(fields []string) error) error {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = fields
	if _, err := r.Read(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = each(row)
		}
		if err != nil {
			line, _ := r.FieldPos(0)
			return fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
}
