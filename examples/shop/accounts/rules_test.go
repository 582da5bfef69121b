package accounts_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/goldrec/gold/examples/shop/accounts"
)

// A period of failures that is over begins anew, and is counted as the first was.
func TestThrottleAgain(t *testing.T) {
	t.Parallel()
	p := open(t)
	for period := range 2 {
		for range 5 {
			if _, err := p.LogIn(t.Context(), "nobody@example.org", "not the password", "there"); !errors.Is(err, accounts.ErrCredentials) {
				t.Errorf("period %d: %v", period, err)
			}
		}
		if _, err := p.LogIn(t.Context(), "nobody@example.org", "not the password", "there"); !errors.Is(err, accounts.ErrThrottled) {
			t.Errorf("period %d, the sixth: %v", period, err)
		}
		p.wait(15 * time.Minute)
	}
}

// Whoever has gone does not wait for a turn that never comes.
func TestHashingIsGivenUp(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.OccupyHashing()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	given := make(chan error, 1)
	go func() { given <- p.SignUp(ctx, "ann@example.org", "Ann", password) }()
	select {
	case err := <-given:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it waits for ever")
	}
}

// An address goes when its owner asks, and for nobody else.
func TestRemoveAddress(t *testing.T) {
	t.Parallel()
	p := open(t)
	account := p.ann(t)
	for _, street := range []string{"Main Street 1", "Main Street 2"} {
		home := accounts.Address{Name: "Ann", Street: street, Postcode: "12345", City: "Berlin", Country: "Germany"}
		if err := p.AddAddress(t.Context(), account.ID, home); err != nil {
			t.Fatal(err)
		}
	}
	list, err := p.Addresses(t.Context(), account.ID)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, tt := range []struct {
		owner string
		want  int
	}{{"u-somebody-else", 2}, {account.ID, 1}} {
		if err := p.RemoveAddress(t.Context(), tt.owner, list[0].ID); err != nil {
			t.Fatal(err)
		}
		if left, err := p.Addresses(t.Context(), account.ID); err != nil || len(left) != tt.want || left[tt.want-1] != list[1] {
			t.Errorf("removed by %s: %+v, %v", tt.owner, left, err)
		}
	}
}
