// Package orders sells: an order goes from placed to delivered, or ends cancelled or refunded, and stock, claims of deals and
// payment follow it, whatever is killed in between.
//
//	s, err := orders.New(db, orders.Options{Gateway: gateway, Pricer: prices, Claims: claims, Shipper: carrier})
//	o, err := s.Place(ctx, orders.Cart{User: user, Lines: lines, Address: address, Token: token, Key: key})
//	if o.Challenge != "" { … }  // send the browser there
//	go s.Run(ctx)               // goes on with whatever was left
//
// # How it agrees
//
// What is to be done stands in the database before it is done: the state of the order, what is wished of it, and when it is
// next looked at. Whoever looks at it does the next thing outside, which may be done any number of times (a payment by its
// reference, a claim by its ID), and then writes the next state with everything that belongs to it, stock, money and events, in one
// transaction, if nobody has changed the order meanwhile. A process that is killed anywhere leaves an order that Run, there or in
// another process, goes on with.
//
// # Cost
//
// Place is three transactions and a call of the gateway, or one when it refuses.
//
// # Caveats
//
// The shop does not call this package yet: its checkout records purchases and nothing else. What is here is what the tests show.
//
// What a deal has confirmed it never takes back: units of an order that is cancelled after it was paid are not sold again at
// the deal's price. When one claim of an order has run out after another was confirmed, the order is cancelled in the same way.
package orders

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/examples/shop/database"
	"github.com/goldrec/gold/examples/shop/payments"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the tables of this package, for database.Open.
func Migrations() database.Migrations { return database.Migrations{Name: "orders", Files: files} }

// Why something is not done. Other errors come from the database; then ask again with the same key.
var (
	ErrUnknown  = errors.New("orders: unknown order")
	ErrState    = errors.New("orders: order is not in a state for that")
	ErrReused   = errors.New("orders: key of another request")
	ErrRequest  = errors.New("orders: request is not whole")
	ErrSoldOut  = errors.New("orders: not enough in stock")
	ErrClaim    = errors.New("orders: unit of the deal is no longer held")
	ErrUnpriced = errors.New("orders: item is not for sale")
)

// Address is where a parcel goes.
type Address struct {
	Name    string `json:"name"`
	Street  string `json:"street"`
	Postal  string `json:"postal"`
	City    string `json:"city"`
	Country string `json:"country"`
	Email   string `json:"email,omitempty"`
}

// Want is a line of a cart.
type Want struct {
	Item  string
	Units int64  // at least 1
	Claim string // of a deal that is held for the user, of as many units; or empty
}

// Cart is what Place needs. Prices are not in it.
type Cart struct {
	User    string
	Lines   []Want
	Address Address
	Token   string // of the card
	Return  string // where the browser comes back to after a challenge; {order} in it becomes the ID
	Key     string // the client's, one for each order that it means
}

// Line is a line of an order.
type Line struct {
	Item  string `json:"item"`
	Name  string `json:"name"`
	Units int64  `json:"units"`
	Price int64  `json:"price"` // of a unit, in minor units
	Claim string `json:"claim,omitempty"`
}

// Order is an order as it is at a moment.
type Order struct {
	ID        string    `json:"id"`
	User      string    `json:"user"`
	State     State     `json:"state"`
	Currency  string    `json:"currency"`
	Total     int64     `json:"total"`
	Address   Address   `json:"address"`
	Challenge string    `json:"challenge,omitempty"` // while Placed: where the owner of the card agrees
	Parcel    string    `json:"parcel,omitempty"`    // the carrier's number, from Shipped on
	Placed    time.Time `json:"placed"`
	PayBy     time.Time `json:"pay_by"`
	Lines     []Line    `json:"lines"`
	Events    []Moment  `json:"events"`
	Ending    bool      `json:"ending,omitempty"` // it is being cancelled

	wish        string
	token, back string
	tries       int
	version     int64
	forget      bool
}

// Moment is an entry of an order's timeline.
type Moment struct {
	N     int       `json:"n"` // from 1 on
	At    time.Time `json:"at"`
	State State     `json:"state"`
	Note  string    `json:"note"` // for the customer
}

// Pricer says what things cost. It is asked once for a line, when the order is placed.
type Pricer interface {
	// Price is the name of an item and what a unit costs now; under a deal when its ID is not empty and it covers the
	// item. It is ErrUnpriced when the item is not sold, or not under the deal.
	Price(ctx context.Context, item, deal string) (name string, price catalog.Money, err error)
}

// Claims is what orders need of *deals.Claims. Units are held by whoever keeps the cart.
type Claims interface {
	Claim(ctx context.Context, id string) (deals.Claim, error)
	Confirm(ctx context.Context, id string) (deals.Claim, error)
	Release(ctx context.Context, id string) (deals.Claim, error)
}

// Shipper takes parcels.
type Shipper interface {
	// Take takes the parcel of an order, once, and returns its number; the same when it is asked again.
	Take(ctx context.Context, order string) (parcel string, err error)
}

// Options configures a Service. Gateway and Pricer are required.
type Options struct {
	Gateway   payments.Gateway
	Pricer    Pricer
	Claims    Claims           // nil: no deals of limited units
	Shipper   Shipper          // nil: Ship is called by hand
	PayWithin time.Duration    // then an order that is not paid is cancelled; 0 means 10 minutes
	PackAfter time.Duration    // how long a paid order waits for Pack before it is packed by itself; 0: for ever
	Poll      time.Duration    // how often a payment is looked up that nobody has reported; 0 means 15 seconds
	Now       func() time.Time // nil means time.Now
	Logger    *slog.Logger     // nil means none
}

// Service keeps orders and stock. It is safe for concurrent use, and so are several, in several processes, on one database.
type Service struct {
	db   *database.DB
	opts Options

	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, when an order has changed here
}

// New makes a service on a database that has been opened with Migrations.
func New(db *database.DB, opts Options) (*Service, error) {
	if opts.Gateway == nil || opts.Pricer == nil {
		return nil, errors.New("orders: a gateway and a pricer are needed")
	}
	if opts.PayWithin <= 0 {
		opts.PayWithin = 10 * time.Minute
	}
	if opts.Poll <= 0 {
		opts.Poll = 15 * time.Second
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{db: db, opts: opts, changed: make(chan struct{})}, nil
}
