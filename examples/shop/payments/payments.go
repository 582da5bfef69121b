// Package payments moves money through a gateway: what a shop needs of one, a client of examples/paygate, and the check of what
// a gateway reports by webhook.
//
//	p, err := gateway.Authorize(ctx, payments.Request{Reference: order.ID, Amount: 1990, Currency: "EUR", Token: "tok_ok"})
//	p, err = gateway.Capture(ctx, order.ID) // when the parcel is packed
//
// The reference is the shop's, one for each payment, and the idempotency key of everything: each operation happens once for
// it, however often it is asked for, and a shop that has lost an answer asks again.
//
// # Caveats
//
// The shop does not take payments yet: package orders is who calls this one, in its tests.
//
// A webhook is a hint, which may be late, doubled, out of order or lost: whoever gets one looks the payment up. A shop never
// sees a card, only the token that the gateway's form has made of one.
package payments

import (
	"context"
	"errors"
)

// Why a payment is not made or changed. Any other error says that the outcome is unknown: ask again.
var (
	ErrUnknown  = errors.New("payments: unknown payment")
	ErrReused   = errors.New("payments: reference of another payment")
	ErrState    = errors.New("payments: not in a state for that")
	ErrRefused  = errors.New("payments: request refused") // malformed, or a wrong API key
	ErrUnsigned = errors.New("payments: webhook without a valid signature")
)

// Status is where a payment stands.
type Status string

// A payment is pending while its owner is challenged; authorized means that the bank sets the amount aside; captured, that
// it was taken.
const (
	Pending    Status = "pending"
	Authorized Status = "authorized"
	Declined   Status = "declined"
	Captured   Status = "captured"
	Voided     Status = "voided"
	Refunded   Status = "refunded"
)

// Payment is a payment as it is at a moment.
type Payment struct {
	Reference string `json:"reference"`
	Status    Status `json:"status"`
	Amount    int64  `json:"amount"` // in minor units
	Currency  string `json:"currency"`
	Challenge string `json:"challenge,omitempty"` // while Pending: where to send the browser
	Reason    string `json:"reason,omitempty"`    // when Declined, for the shopper
}

// Request asks for a payment.
type Request struct {
	Reference string `json:"reference"`
	Amount    int64  `json:"amount"` // above 0
	Currency  string `json:"currency"`
	Token     string `json:"token"`
	Return    string `json:"return,omitempty"` // where the browser comes back to after a challenge
}

// A Gateway makes payments. It is safe for concurrent use.
type Gateway interface {
	// Authorize sets the amount aside. Of a reference that there is, it returns the payment as it is now, or ErrReused when the
	// request is another. A declined payment is not an error.
	Authorize(ctx context.Context, r Request) (Payment, error)
	// Capture takes what is authorized. To take it again is safe; of another payment it is ErrState.
	Capture(ctx context.Context, reference string) (Payment, error)
	// Void lets go of what is pending or authorized, and sees to it that a reference nobody has heard of can never be
	// authorized, since such a request may still be under way. What is declined stays so. What is captured or refunded is ErrState.
	Void(ctx context.Context, reference string) (Payment, error)
	// Refund gives back what was captured. To give it back again is safe; of another payment it is ErrState.
	Refund(ctx context.Context, reference string) (Payment, error)
	// Lookup returns a payment, or ErrUnknown.
	Lookup(ctx context.Context, reference string) (Payment, error)
}

// Card is a test card of the demonstration gateway.
type Card struct {
	Token, Note string
}

// TestCards lists what examples/paygate makes of which token, for the checkout of the demonstration. All others are
// declined.
func TestCards() []Card {
	return []Card{
		{"tok_ok", "is accepted"},
		{"tok_declined", "is declined"},
		{"tok_challenge", "asks its owner first"},
		{"tok_timeout", "is accepted, and the answer is lost"},
		{"tok_late", "asks its owner first, and reports late"},
		{"tok_doubled", "asks its owner first, and reports everything twice"},
		{"tok_disorder", "asks its owner first, and reports the last first"},
		{"tok_silent", "asks its owner first, and reports nothing"},
	}
}
