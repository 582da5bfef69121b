package orders

// State is where an order stands.
type State string

// An order is Placed until its payment is authorized; then Paid; Packed when it is in a box and the money was taken. Cancelled says that
// nothing was taken, Refunded that it was given back, Returned that it is about to be.
const (
	Placed    State = "placed"
	Paid      State = "paid"
	Packed    State = "packed"
	Shipped   State = "shipped"
	Delivered State = "delivered"
	Cancelled State = "cancelled"
	Returned  State = "returned"
	Refunded  State = "refunded"
)

// Event is what happens to an order.
type Event string

// The events, each of which has happened outside of the table of orders before it is written there.
const (
	Pay     Event = "pay"
	Pack    Event = "pack"
	Ship    Event = "ship"
	Deliver Event = "deliver"
	Cancel  Event = "cancel"
	Return  Event = "return"
	Refund  Event = "refund"
)

// States lists all states and Events all events, in the order of an order's life.
func States() []State {
	return []State{Placed, Paid, Packed, Shipped, Delivered, Cancelled, Returned, Refunded}
}

// Events lists all events.
func Events() []Event { return []Event{Pay, Pack, Ship, Deliver, Cancel, Return, Refund} }

// Next is the state after an event, or false when it cannot happen in the state.
func (s State) Next(e Event) (State, bool) {
	switch s {
	case Placed:
		return pick(e, Pay, Paid, Cancel, Cancelled)
	case Paid:
		if e == Refund { // cancelled when the money had just been taken
			return Refunded, true
		}
		return pick(e, Pack, Packed, Cancel, Cancelled)
	case Packed:
		return pick(e, Ship, Shipped, Refund, Refunded)
	case Shipped:
		return pick(e, Deliver, Delivered, "", "")
	case Delivered:
		return pick(e, Return, Returned, "", "")
	case Returned:
		return pick(e, Refund, Refunded, "", "")
	}
	return "", false
}

func pick(e, a Event, to State, b Event, or State) (State, bool) {
	switch {
	case e == a:
		return to, true
	case e == b && b != "":
		return or, true
	}
	return "", false
}

// Over reports whether nothing more happens by itself. A delivered order may still be returned.
func (s State) Over() bool { return s == Delivered || s == Cancelled || s == Refunded }
