package orders_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/ledger"
	"github.com/goldrec/gold/examples/paygate/gate"
	"github.com/goldrec/gold/examples/shop/database"
	"github.com/goldrec/gold/examples/shop/database/databasetest"
	"github.com/goldrec/gold/examples/shop/orders"
	"github.com/goldrec/gold/examples/shop/payments"
)

var server databasetest.Server

// TestTransitions compares every event in every state with the table of the brief.
func TestTransitions(t *testing.T) {
	t.Parallel()
	want := map[string]orders.State{
		"placed pay": orders.Paid, "placed cancel": orders.Cancelled,
		"paid pack": orders.Packed, "paid cancel": orders.Cancelled, "paid refund": orders.Refunded,
		"packed ship": orders.Shipped, "packed refund": orders.Refunded,
		"shipped deliver": orders.Delivered, "delivered return": orders.Returned, "returned refund": orders.Refunded,
	}
	for _, state := range append(orders.States(), "nonsense") {
		for _, event := range append(orders.Events(), "", "nonsense") {
			got, ok := state.Next(event)
			if next, may := want[fmt.Sprint(state, " ", event)]; got != next || ok != may {
				t.Errorf("%s of what is %s: %q, %v; want %q, %v", event, state, got, ok, next, may)
			}
		}
	}
}

// prices sells tea at 5.00, 3.00 under the deal, and cups at 8.50.
type prices struct{}

func (prices) Price(_ context.Context, item, deal string) (string, catalog.Money, error) {
	switch {
	case item == "tea" && deal == "hour":
		return "Tea", catalog.Money{Minor: 300, Currency: "EUR"}, nil
	case item == "tea" && deal == "":
		return "Tea", catalog.Money{Minor: 500, Currency: "EUR"}, nil
	case item == "cup" && deal == "":
		return "Cup", catalog.Money{Minor: 850, Currency: "EUR"}, nil
	}
	return "", catalog.Money{}, orders.ErrUnpriced
}

// hour gives out units of a deal that is always live.
func hour(l deals.Ledger, units int64, now func() time.Time) (*deals.Claims, error) {
	window, err := deals.NewWindow(deals.Daily{Start: "00:00", End: "00:00", Zone: "UTC"})
	if err != nil {
		return nil, err
	}
	board := &deals.Board{}
	err = board.Replace([]deals.Deal{{ID: "hour", Items: []string{"tea"}, Discount: deals.PercentOff(40), Window: window,
		Limits: deals.Limits{Units: units, Per: deals.PerDeal}}})
	return deals.NewClaims(board, l, deals.ClaimsOptions{Now: now}), err
}

// shop is a service with a gateway of its own and a clock that the test moves.
type shop struct {
	*orders.Service
	t      *testing.T
	db     *database.DB
	claims *deals.Claims
	gate   *gate.Gate

	mu  sync.Mutex
	now time.Time
}

func (s *shop) clock() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now }
func (s *shop) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func open(t *testing.T, place string) *shop {
	t.Helper()
	s := &shop{t: t, now: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	if s.gate, err = gate.Open(t.Context(), filepath.Join(t.TempDir(), "gate.db"), gate.Options{Key: "key", Now: s.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.gate.Close() })
	web := httptest.NewServer(s.gate)
	t.Cleanup(web.Close)
	if s.db, err = database.Open(t.Context(), place, orders.Migrations()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.db.Close() })
	if s.claims, err = hour(ledger.NewMemory(ledger.Options{}), 3, s.clock); err != nil {
		t.Fatal(err)
	}
	s.Service, err = orders.New(s.db, orders.Options{Gateway: payments.NewClient(web.URL, "key", 20*time.Second), Pricer: prices{}, Claims: s.claims,
		Shipper: carrier{}, Now: s.clock})
	if err == nil {
		err = s.Open(t.Context(), []string{"tea", "cup"}, 5)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type carrier struct{}

func (carrier) Take(_ context.Context, order string) (string, error) { return "parcel-" + order, nil }

func cart(user, key, token string, lines ...orders.Want) orders.Cart {
	return orders.Cart{User: user, Key: key, Token: token, Lines: lines,
		Address: orders.Address{Name: "Ada Lovelace", Street: "Main 1", City: "Bonn", Country: "DE"}}
}

// place orders and compares the state.
func (s *shop) place(c orders.Cart, want orders.State) *orders.Order {
	s.t.Helper()
	o, err := s.Place(s.t.Context(), c)
	if err != nil || o.State != want {
		s.t.Fatalf("%+v, %v; want %s", o, err, want)
	}
	return o
}

// has compares the stock of tea: on hand and reserved.
func (s *shop) has(onHand, reserved int64) {
	s.t.Helper()
	if got, err := s.Stock(s.t.Context(), "tea"); err != nil || got != (orders.Stock{OnHand: onHand, Reserved: reserved}) {
		s.t.Errorf("stock %+v, %v; want %d, %d", got, err, onHand, reserved)
	}
}

func TestLife(t *testing.T) {
	server.Each(t, func(t *testing.T, place string) {
		s, ctx := open(t, place), t.Context()
		must := func(want orders.State) func(*orders.Order, error) {
			return func(o *orders.Order, err error) {
				t.Helper()
				if err != nil || o.State != want {
					t.Fatalf("%+v, %v; want %s", o, err, want)
				}
			}
		}
		o := s.place(cart("ada", "k", "tok_ok", orders.Want{Item: "tea", Units: 2}, orders.Want{Item: "cup", Units: 1}), orders.Paid)
		if o.Total != 2*500+850 || o.Currency != "EUR" {
			t.Errorf("total %d %s", o.Total, o.Currency)
		}
		s.has(5, 2)
		if _, err := s.Return(ctx, o.ID, "early"); !errors.Is(err, orders.ErrState) {
			t.Errorf("return of what is paid: %v", err)
		}
		for range 2 {
			must(orders.Shipped)(s.Pack(ctx, o.ID, "pack"))
			s.has(3, 0)
		}
		if _, err := s.Cancel(ctx, o.ID, "late"); !errors.Is(err, orders.ErrState) {
			t.Errorf("cancel of what is shipped: %v", err)
		}
		if _, err := s.Deliver(ctx, o.ID, "pack"); !errors.Is(err, orders.ErrReused) {
			t.Errorf("a key of another deed: %v", err)
		}
		must(orders.Delivered)(s.Deliver(ctx, o.ID, "door"))
		for range 2 {
			must(orders.Refunded)(s.Return(ctx, o.ID, "back"))
			s.has(5, 0)
		}
		var got []string
		for m, err := range s.Follow(ctx, o.ID, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, string(m.State)); m.State == orders.Refunded {
				break
			}
		}
		if want := "placed paid packed shipped delivered returned refunded"; strings.Join(got, " ") != want {
			t.Errorf("timeline %v, want %s", got, want)
		}
		for range 2 {
			if err := s.Restock(ctx, "tea", 4, "lorry"); err != nil {
				t.Error(err)
			}
		}
		s.has(9, 0)
		if err := s.Restock(ctx, "tea", 5, "lorry"); !errors.Is(err, orders.ErrReused) {
			t.Errorf("another lorry of the key: %v", err)
		}
		if n, err := s.Forget(ctx, "ada"); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if o, err := s.Order(ctx, o.ID); err != nil || o.User != "" || o.Address != (orders.Address{}) || o.Total != 1850 {
			t.Errorf("forgotten: %+v, %v", o, err)
		}
		var keys int
		if err := s.db.QueryRow(ctx, `SELECT COUNT(*) FROM order_keys WHERE user_id = 'ada'`).Scan(&keys); err != nil || keys != 0 {
			t.Errorf("%d keys, %v", keys, err)
		}
	})
}

func TestPlace(t *testing.T) {
	server.Each(t, func(t *testing.T, place string) {
		s, ctx := open(t, place), t.Context()
		tea := orders.Want{Item: "tea", Units: 2}
		s.place(cart("ada", "no", "tok_declined", tea), orders.Cancelled)
		s.has(5, 0)
		first := s.place(cart("ada", "k", "tok_ok", tea), orders.Paid)
		if again := s.place(cart("ada", "k", "tok_ok", tea), orders.Paid); again.ID != first.ID {
			t.Error("the same key made another order")
		}
		s.has(5, 2)
		for name, tt := range map[string]struct {
			cart orders.Cart
			want error
		}{
			"another cart with the key": {cart("ada", "k", "tok_ok", orders.Want{Item: "tea", Units: 1}), orders.ErrReused},
			"more than there is":        {cart("ada", "k2", "tok_ok", tea, tea), orders.ErrSoldOut},
			"not sold":                  {cart("ada", "k3", "tok_ok", orders.Want{Item: "dust", Units: 1}), orders.ErrUnpriced},
			"fewer than one":            {cart("ada", "k4", "tok_ok", orders.Want{Item: "tea", Units: -1}), orders.ErrRequest},
			"no key":                    {cart("ada", "", "tok_ok", tea), orders.ErrRequest},
			"no claim of the name":      {cart("ada", "k5", "tok_ok", orders.Want{Item: "tea", Units: 1, Claim: "c"}), orders.ErrClaim},
		} {
			if _, err := s.Place(ctx, tt.cart); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", name, err, tt.want)
			}
		}
		s.has(5, 2)
		c := s.place(cart("bob", "k", "tok_challenge", tea), orders.Placed)
		if c.Challenge == "" {
			t.Error("no challenge")
		}
		s.has(5, 4)
		r := httptest.NewRequest("POST", c.Challenge, strings.NewReader("answer=yes"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		s.gate.ServeHTTP(httptest.NewRecorder(), r)
		s.pass(time.Minute) // no webhook: it is polled
		if _, err := s.Work(ctx); err != nil {
			t.Error(err)
		}
		if o, err := s.Order(ctx, c.ID); err != nil || o.State != orders.Paid || o.Challenge != "" {
			t.Errorf("%+v, %v", o, err)
		}
		slow := s.place(cart("eve", "k", "tok_challenge", orders.Want{Item: "tea", Units: 1}), orders.Placed)
		s.has(5, 5)
		s.pass(10 * time.Minute)
		if _, err := s.Work(ctx); err != nil {
			t.Error(err)
		}
		if o, err := s.Order(ctx, slow.ID); err != nil || o.State != orders.Cancelled {
			t.Errorf("not paid in time: %+v, %v", o, err)
		}
		s.has(5, 4)
		if o, err := s.Cancel(ctx, first.ID, "x"); err != nil || o.State != orders.Cancelled {
			t.Errorf("%+v, %v", o, err)
		}
		s.has(5, 2)
	})
}

// TestClaims sells units of a deal: held, then confirmed with the payment, or given back.
func TestClaims(t *testing.T) {
	server.Each(t, func(t *testing.T, place string) {
		s, ctx := open(t, place), t.Context()
		hold := func(id, user string) orders.Want {
			t.Helper()
			if _, err := s.claims.Hold(ctx, deals.Order{ID: id, Deal: "hour", User: deals.User{ID: user}, Units: 1}); err != nil {
				t.Fatal(err)
			}
			return orders.Want{Item: "tea", Units: 1, Claim: id}
		}
		state := func(id string, want deals.State) {
			t.Helper()
			if c, err := s.claims.Claim(ctx, id); err != nil || c.State != want {
				t.Errorf("claim %s is %v, %v; want %v", id, c.State, err, want)
			}
		}
		a := hold("a", "ada")
		if _, err := s.Place(ctx, cart("bob", "k", "tok_ok", a)); !errors.Is(err, orders.ErrClaim) {
			t.Errorf("a claim of somebody else: %v", err)
		}
		if o := s.place(cart("ada", "k", "tok_ok", a), orders.Paid); o.Total != 300 {
			t.Errorf("total %d", o.Total)
		}
		state("a", deals.Confirmed)
		s.place(cart("ada", "no", "tok_declined", hold("b", "ada")), orders.Cancelled)
		state("b", deals.Released)
		s.place(cart("ada", "slow", "tok_challenge", hold("c", "ada")), orders.Placed)
		if _, err := s.Place(ctx, cart("ada", "twice", "tok_ok", orders.Want{Item: "tea", Units: 1, Claim: "c"})); !errors.Is(err, orders.ErrClaim) {
			t.Errorf("a claim of another order: %v", err)
		}
		s.pass(11 * time.Minute)
		if _, err := s.Work(ctx); err != nil {
			t.Error(err)
		}
		state("c", deals.Expired)
		s.has(5, 1)
	})
}

// TestNeverOversold sells five units to twenty at once.
func TestNeverOversold(t *testing.T) {
	server.Each(t, func(t *testing.T, place string) {
		s := open(t, place)
		var wg sync.WaitGroup
		var mu sync.Mutex
		sold := 0
		for i := range 20 {
			wg.Go(func() {
				o, err := s.Place(t.Context(), cart(fmt.Sprint("user", i), "k", "tok_ok", orders.Want{Item: "tea", Units: 1}))
				mu.Lock()
				defer mu.Unlock()
				if err == nil && o != nil {
					sold++
				} else if !errors.Is(err, orders.ErrSoldOut) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if s.has(5, 5); sold != 5 {
			t.Errorf("%d were sold", sold)
		}
	})
}

// TestUnfinished loses answers of the gateway before and after what they answer, and goes on.
func TestUnfinished(t *testing.T) {
	server.Each(t, func(t *testing.T, place string) {
		s, ctx := open(t, place), t.Context()
		web := httptest.NewServer(s.gate)
		defer web.Close()
		var calls int
		front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if calls++; calls%3 == 1 {
				http.Error(w, "down", http.StatusServiceUnavailable)
				return
			}
			if calls%3 == 2 {
				s.gate.ServeHTTP(httptest.NewRecorder(), r)
				http.Error(w, "the answer is lost", http.StatusBadGateway)
				return
			}
			s.gate.ServeHTTP(w, r)
		}))
		defer front.Close()
		svc, err := orders.New(s.db, orders.Options{Gateway: payments.NewClient(front.URL, "key", 0), Pricer: prices{}, Claims: s.claims, Now: s.clock})
		if err != nil {
			t.Fatal(err)
		}
		until := func(o *orders.Order, err error, want orders.State) {
			t.Helper()
			for range 5 {
				if err != nil {
					t.Fatal(err)
				}
				if o.State == want {
					return
				}
				s.pass(time.Minute)
				_, err = svc.Work(ctx)
				o, _ = svc.Order(ctx, o.ID)
			}
			t.Fatalf("%+v, want %s", o, want)
		}
		c := cart("ada", "k", "tok_ok", orders.Want{Item: "tea", Units: 1})
		o, err := svc.Place(ctx, c)
		until(o, err, orders.Paid)
		o, err = svc.Pack(ctx, o.ID, "p")
		until(o, err, orders.Packed)
		o, err = svc.Cancel(ctx, o.ID, "c")
		until(o, err, orders.Refunded)
		s.has(5, 0)
		kinds := []string{}
		rows, err := s.db.Query(ctx, `SELECT kind FROM order_money ORDER BY kind`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var kind string
			if err := rows.Scan(&kind); err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, kind)
		}
		if !slices.Equal(kinds, []string{"capture", "refund"}) {
			t.Errorf("money %v", kinds)
		}
	})
}

// late gives the answers of Authorize when it is let.
type late struct {
	payments.Gateway
	asked chan string   // gets the order whose payment has been authorized
	let   chan struct{} // closed when the answer may be given
}

func (g late) Authorize(ctx context.Context, r payments.Request) (payments.Payment, error) {
	p, err := g.Gateway.Authorize(ctx, r)
	g.asked <- r.Reference
	<-g.let
	return p, err
}

// TestOvertaken cancels an order while another process waits for the answer to its payment: that one writes nothing any more.
func TestOvertaken(t *testing.T) {
	server.Each(t, func(t *testing.T, place string) {
		s := open(t, place)
		web := httptest.NewServer(s.gate)
		defer web.Close()
		gateway := late{payments.NewClient(web.URL, "key", 20*time.Second), make(chan string, 1), make(chan struct{})}
		other, err := orders.New(s.db, orders.Options{Gateway: gateway, Pricer: prices{}, Now: s.clock})
		if err != nil {
			t.Fatal(err)
		}
		placed := make(chan error, 1)
		go func() {
			_, err := other.Place(t.Context(), cart("ada", "k", "tok_ok", orders.Want{Item: "tea", Units: 2}))
			placed <- err
		}()
		id := <-gateway.asked
		if o, err := s.Cancel(t.Context(), id, "stop"); err != nil || o.State != orders.Cancelled {
			t.Errorf("%+v, %v", o, err)
		}
		close(gateway.let)
		if err := <-placed; err != nil {
			t.Error(err)
		}
		o, err := s.Order(t.Context(), id)
		if err != nil || o.State != orders.Cancelled || len(o.Events) != 2 {
			t.Errorf("%+v, %v", o, err)
		}
		s.has(5, 0)
	})
}
