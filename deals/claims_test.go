package deals_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/ledger"
)

// till gives out units of deals by a clock that the test sets.
type till struct {
	*deals.Claims
	board *deals.Board
	now   time.Time
}

func newTill(t testing.TB, list ...deals.Deal) *till {
	t.Helper()
	s := &till{board: board(t, list...), now: at(t, "2026-11-22T10:00:00Z")}
	s.Claims = deals.NewClaims(s.board, ledger.NewMemory(ledger.Options{}), deals.ClaimsOptions{TTL: time.Minute, Now: func() time.Time { return s.now }})
	return s
}

func order(id, deal, user string, units int64) deals.Order {
	return deals.Order{ID: id, Deal: deal, User: deals.User{ID: user}, Units: units}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	flash := deal(t, "flash", "10:00", "11:00", "UTC", "tea")
	flash.Limits = deals.Limits{Units: 3, PerUser: 2}
	gold := flash
	gold.ID, gold.Segments = "gold", []string{"gold"}
	s := newTill(t, flash, gold)
	ctx := t.Context()
	hold := func(o deals.Order, want error) deals.Claim {
		t.Helper()
		c, err := s.Hold(ctx, o)
		if !errors.Is(err, want) {
			t.Errorf("%+v: %v, want %v", o, err, want)
		}
		return c
	}
	hold(order("", "flash", "ann", 1), deals.ErrNoID)
	hold(order("1", "flash", "", 1), deals.ErrNoID)
	hold(order("1", "flash", "ann", 0), deals.ErrUnits)
	hold(order("1", "flash", "ann", -5), deals.ErrUnits)
	hold(order("1", "none", "ann", 1), deals.ErrUnknownDeal)
	hold(order("1", "gold", "ann", 1), deals.ErrNotEligible)
	hold(order("1", "flash", "ann", 3), deals.ErrLimit)
	c := hold(order("1", "flash", "ann", 2), nil)
	if c.State != deals.Held || c.Turn != "2026-11-22" || !c.Until.Equal(s.now.Add(time.Minute)) || !c.Made.Equal(s.now) {
		t.Errorf("%+v", c)
	}
	hold(order("2", "flash", "ben", 2), deals.ErrSoldOut)
	hold(order("1", "flash", "ben", 1), deals.ErrIDReused)
	if c, err := s.Queue(ctx, order("3", "flash", "cat", 2)); err != nil || c.State != deals.Waiting {
		t.Errorf("%+v, %v", c, err)
	}
	s.now = s.now.Add(time.Minute)
	if c, err := s.Claim(ctx, "3"); err != nil || c.State != deals.Held {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := s.Confirm(ctx, "1"); !errors.Is(err, deals.ErrExpired) {
		t.Error(err)
	}
	if _, err := s.Confirm(ctx, "nobody's"); !errors.Is(err, deals.ErrUnknownClaim) {
		t.Error(err)
	}
	if c, err := s.Release(ctx, "3"); err != nil || c.State != deals.Released {
		t.Errorf("%+v, %v", c, err)
	}
	s.now = at(t, "2026-11-22T10:59:59Z")
	hold(order("4", "flash", "ann", 2), nil)
	s.now = at(t, "2026-11-22T11:00:00Z")
	hold(order("5", "flash", "ann", 1), deals.ErrNotLive)
	if c := hold(order("4", "flash", "ann", 2), nil); c.State != deals.Held { // the answer that it had
		t.Errorf("%+v", c)
	}
	hold(order("4", "flash", "ann", 1), deals.ErrNotLive)
	if c, err := s.Confirm(ctx, "4"); err != nil || c.State != deals.Confirmed { // what was held may be paid after the end
		t.Errorf("%+v, %v", c, err)
	}
	s.now = at(t, "2026-11-23T10:00:00Z") // another day
	hold(order("6", "flash", "ann", 2), nil)
}

// Who changes zones gets no second turn of a date, nor one less than twenty hours after another; a day later they do.
func TestClaimsAcrossZones(t *testing.T) {
	t.Parallel()
	hour := deal(t, "hour", "19:00", "20:00", deals.UserZone, "tea")
	hour.Limits.PerUser = 1
	in := func(zone string) deals.User {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		return deals.User{ID: "ann", Zone: loc}
	}
	tests := []struct {
		name               string
		first, firstZone   string
		second, secondZone string
		want               error
	}{
		{"west, the same date", "2026-11-22T10:00:00Z", "Asia/Tokyo", "2026-11-23T03:00:00Z", "America/Los_Angeles", deals.ErrLimit},
		{"east, the next date", "2026-11-23T03:00:00Z", "America/Los_Angeles", "2026-11-23T10:00:00Z", "Asia/Tokyo", deals.ErrLimit},
		{"as far as can be", "2026-11-22T05:00:00Z", "Pacific/Kiritimati", "2026-11-23T06:00:00Z", "Pacific/Pago_Pago", deals.ErrLimit},
		{"the next day", "2026-11-22T10:00:00Z", "Asia/Tokyo", "2026-11-23T10:00:00Z", "Asia/Tokyo", nil},
		{"the next day, where it is short", "2026-03-28T18:30:00Z", "Europe/Berlin", "2026-03-29T17:00:00Z", "Europe/Berlin", nil},
		{"not live here", "2026-11-22T10:00:00Z", "Asia/Tokyo", "2026-11-22T10:00:00Z", "UTC", deals.ErrNotLive},
	}
	for _, tt := range tests {
		s := newTill(t, hour)
		s.now = at(t, tt.first)
		first := deals.Order{ID: "1", Deal: "hour", User: in(tt.firstZone), Units: 1}
		if _, err := s.Hold(t.Context(), first); err != nil {
			t.Fatal(tt.name, err)
		}
		if _, err := s.Confirm(t.Context(), "1"); err != nil {
			t.Fatal(tt.name, err)
		}
		s.now = at(t, tt.second)
		second := deals.Order{ID: "2", Deal: "hour", User: in(tt.secondZone), Units: 1}
		if _, err := s.Hold(t.Context(), second); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// Units of a whole deal are shared by its turns.
func TestClaimsPerDeal(t *testing.T) {
	t.Parallel()
	d := deal(t, "deal", "10:00", "11:00", "UTC", "tea")
	d.Limits = deals.Limits{Units: 2, PerUser: 1, Per: deals.PerDeal}
	s := newTill(t, d)
	hold := func(id, user string, want error) {
		t.Helper()
		if _, err := s.Hold(t.Context(), order(id, "deal", user, 1)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", id, err, want)
		}
		_, _ = s.Confirm(t.Context(), id)
	}
	hold("1", "ann", nil)
	s.now = s.now.AddDate(0, 0, 1)
	hold("2", "ann", deals.ErrLimit)
	hold("2", "ben", nil)
	s.now = s.now.AddDate(0, 0, 1)
	hold("3", "cat", deals.ErrSoldOut)
	live, _ := s.board.Deal("tea", s.now)
	if stock, err := s.Stock(t.Context(), live); err != nil || stock != (deals.Stock{Confirmed: 2}) {
		t.Errorf("%+v, %v", stock, err)
	}
}

// A step of the machine's clock changes nothing where time has a monotonic reading.
func TestClaimsSteadyClock(t *testing.T) {
	t.Parallel()
	d := deal(t, "deal", "00:00", "00:00", "UTC", "tea")
	real := time.Now()
	step := time.Duration(0)
	claims := deals.NewClaims(board(t, d), ledger.NewMemory(ledger.Options{}), deals.ClaimsOptions{Now: func() time.Time {
		return real.Add(step) // keeps the monotonic reading, which steps along: as a process sees time go by
	}})
	c, err := claims.Hold(t.Context(), order("1", "deal", "ann", 1))
	if err != nil || c.Until.Sub(c.Made) != 10*time.Minute {
		t.Errorf("%+v, %v", c, err)
	}
	step = 10*time.Minute - 1
	if c, err = claims.Claim(t.Context(), "1"); err != nil || c.State != deals.Held {
		t.Errorf("%+v, %v", c, err)
	}
	step++
	if c, err = claims.Claim(t.Context(), "1"); err != nil || c.State != deals.Expired {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestClaimsRun(t *testing.T) {
	t.Parallel()
	s := newTill(t, deal(t, "deal", "00:00", "00:00", "UTC", "tea"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx, time.Second); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := s.Run(ctx, 0); err == nil || errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	got := fmt.Sprint(deals.Waiting, deals.Held, deals.Confirmed, deals.Released, deals.Expired, deals.State(0), deals.State(6))
	if want := "waiting held confirmed released expired State(0) State(6)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
