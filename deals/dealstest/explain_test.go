package dealstest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/dealstest"
	"github.com/goldrec/gold/deals/ledger"
)

var start = time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)

func request(id, user string) deals.Request {
	return deals.Request{ID: id, Deal: "deal", User: user, Units: 1, At: start, TTL: time.Minute, Start: start, Close: start.Add(time.Hour), Max: 1, MaxUser: 1}
}

// record makes two claims and confirms one, and returns what was recorded.
func record(t *testing.T) []dealstest.Op {
	t.Helper()
	r := dealstest.NewRecorder(ledger.NewMemory(ledger.Options{}))
	ctx := context.Background()
	_, _ = r.Hold(ctx, request("a", "ann"))
	_, _ = r.Hold(ctx, request("b", "ben"))
	_, _ = r.Settle(ctx, "a", deals.Confirmed, start)
	_, _ = r.Stock(ctx, "deal", "", start)
	return r.Take()
}

// Histories that no order explains are found out: an oversold unit, a false sold out, a confirmed claim that is lost, answers
// before their calls.
func TestExplainFindsLies(t *testing.T) {
	t.Parallel()
	held := func(id, user string) deals.Claim {
		return deals.Claim{ID: id, Deal: "deal", User: user, Units: 1, State: deals.Held, Made: start, Until: start.Add(time.Minute)}
	}
	tests := []struct {
		name string
		lie  func(ops []dealstest.Op)
		ok   bool
	}{
		{"the truth", func([]dealstest.Op) {}, true},
		{"oversold", func(ops []dealstest.Op) { ops[1].Claim, ops[1].Err = held("b", "ben"), nil }, false},
		{"oversold, at the same time", func(ops []dealstest.Op) { ops[1].Claim, ops[1].Err, ops[1].Call = held("b", "ben"), nil, 0 }, false},
		{"sold out before it was", func(ops []dealstest.Op) { ops[1].Call, ops[1].Return = -2, -1 }, false},
		{"sold out at the same time", func(ops []dealstest.Op) { ops[1].Call = 0 }, true},
		{"a confirmed claim lost", func(ops []dealstest.Op) { ops[3].Stock = deals.Stock{} }, false},
		{"held for ever", func(ops []dealstest.Op) { ops[3].Stock = deals.Stock{Held: 1}; ops[3].At = start.Add(time.Hour) }, false},
		{"unknown, and it did", func(ops []dealstest.Op) { ops[2].Err = context.Canceled }, true},
		{"unknown, and it did not", func(ops []dealstest.Op) { ops[2].Err = context.Canceled; ops[3].Stock = deals.Stock{Held: 1} }, true},
	}
	for _, tt := range tests {
		ops := record(t)
		tt.lie(ops)
		if err := dealstest.Explain(ops); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	// It looks as if the confirmation took effect between two looks after its end.
	ops := record(t)
	late := ops[3]
	late.Call, late.Return = 9, 10
	ops[2].Err, ops[3].Stock = context.Canceled, deals.Stock{Held: 1}
	if err := dealstest.Explain(append(ops, late)); err == nil || !strings.Contains(err.Error(), "no order") {
		t.Errorf("unknown, and it did after its end: %v", err)
	}
	if err := dealstest.Explain(make([]dealstest.Op, 5000)); err == nil {
		t.Error("too long a history is explained")
	}
}
