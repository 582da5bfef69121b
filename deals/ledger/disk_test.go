package ledger_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/ledger"
)

func open(t testing.TB, dir string, opts ledger.Options) *ledger.Disk {
	t.Helper()
	l, err := ledger.Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// fill makes claims in every state, of several deals and turns, and returns them by ID.
func fill(t *testing.T, l deals.Ledger) map[string]deals.Claim {
	t.Helper()
	for i := range 300 {
		r := request(int64(i), fmt.Sprint("deal-", i%7))
		r.Max, r.MaxUser, r.Wait, r.Turn = int64(10+i/150*5), 0, true, fmt.Sprint("turn-", i%2)
		if _, err := l.Hold(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if i%3 > 0 {
			_, _ = l.Settle(t.Context(), r.ID, []deals.State{deals.Confirmed, deals.Released}[i%2], began.Add(time.Second))
		}
	}
	for d := range 3 { // some deals have expired claims
		if _, err := l.Stock(t.Context(), fmt.Sprint("deal-", d), "", began.Add(11*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	return all(t, l)
}

func all(t *testing.T, l deals.Ledger) map[string]deals.Claim {
	t.Helper()
	claims := map[string]deals.Claim{}
	for i := range 300 {
		id := fmt.Sprint("order-", i)
		c, err := l.Claim(t.Context(), id, began)
		if err != nil {
			t.Fatal(id, err)
		}
		claims[id] = c
	}
	return claims
}

// What is closed and opened, and written anew, is as it was, and goes on the same way: those who wait are served in their order.
func TestReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, ledger.Options{})
	want := fill(t, l)
	states := map[deals.State]int{}
	for _, c := range want {
		states[c.State]++
	}
	if len(states) != 5 {
		t.Fatalf("states %v, want all five", states)
	}
	later := func(l deals.Ledger) map[string]deals.Claim {
		for d := range 7 {
			if _, err := l.Stock(t.Context(), fmt.Sprint("deal-", d), "", began.Add(15*time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		return all(t, l)
	}
	memory := ledger.NewMemory(ledger.Options{})
	fill(t, memory)
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, dir, ledger.Options{})
		if diff := cmp.Diff(want, all(t, l)); diff != "" {
			t.Fatalf("opened again (-want +got):\n%s", diff)
		}
		if err := l.Rewrite(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(later(memory), later(l)); diff != "" {
		t.Errorf("later (-memory +disk):\n%s", diff)
	}
}

func TestInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, ledger.Options{})
	if _, err := ledger.Open(dir, ledger.Options{}); !errors.Is(err, ledger.ErrInUse) {
		t.Errorf("%v, want ErrInUse", err)
	}
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	if _, err := l.Claim(t.Context(), "x", began); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
	open(t, dir, ledger.Options{})
}

// A file that is cut anywhere opens with what was written before; one that is changed inside does not open.
func TestDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir, ledger.Options{})
	for i := range 5 {
		if _, err := l.Hold(t.Context(), request(int64(i), "deal")); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "claims"))
	if err != nil {
		t.Fatal(err)
	}
	last := int64(-1)
	for n := range len(whole) + 1 {
		cut := t.TempDir()
		if err := os.WriteFile(filepath.Join(cut, "claims"), whole[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		l, err := ledger.Open(cut, ledger.Options{})
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		stock, _ := l.Stock(t.Context(), "deal", "2026-11-22", began)
		if stock.Held != last && stock.Held != last+1 && last >= 0 {
			t.Fatalf("cut at %d: %d held, after %d", n, stock.Held, last)
		}
		last = stock.Held
		if _, err := l.Hold(t.Context(), request(1000, "deal")); err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		if l, err = ledger.Open(cut, ledger.Options{}); err != nil {
			t.Fatalf("cut at %d and written to: %v", n, err)
		}
		if again, _ := l.Stock(t.Context(), "deal", "2026-11-22", began); again.Held != last+1 {
			t.Fatalf("cut at %d and written to: %d held of %d", n, again.Held, last+1)
		}
		_ = l.Close()
	}
	if last != 5 {
		t.Fatalf("%d held in the whole file", last)
	}
	for _, at := range []int{0, 5, 13, 18, 30, len(whole) / 2} {
		changed := append([]byte(nil), whole...)
		changed[at] ^= 0x40
		bad := t.TempDir()
		if err := os.WriteFile(filepath.Join(bad, "claims"), changed, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ledger.Open(bad, ledger.Options{}); !errors.Is(err, ledger.ErrDamaged) {
			t.Errorf("changed at %d: %v, want ErrDamaged", at, err)
		}
	}
}

// What is over is forgotten after Keep, and no sooner; units of turns that last stay taken.
func TestForget(t *testing.T) {
	t.Parallel()
	l := ledger.NewMemory(ledger.Options{Keep: 24 * time.Hour})
	ctx := t.Context()
	for i := range int64(4) {
		if _, err := l.Hold(ctx, request(i, "deal")); err != nil {
			t.Fatal(err)
		}
	}
	long := request(9, "deal")
	long.Turn, long.Close = "", began.Add(1000*time.Hour)
	_, err := l.Hold(ctx, long)
	for id, to := range map[string]deals.State{"order-0": deals.Confirmed, "order-1": deals.Released, "order-9": deals.Confirmed} {
		if _, e := l.Settle(ctx, id, to, began); e != nil {
			err = e
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	known := func(at time.Time) string {
		if err := l.Sweep(ctx, at); err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, i := range []int{0, 1, 2, 9} {
			if _, err := l.Claim(ctx, fmt.Sprint("order-", i), at); err == nil {
				text.WriteString(fmt.Sprint(i))
			} else if !errors.Is(err, deals.ErrUnknownClaim) {
				t.Fatal(err)
			}
		}
		return text.String()
	}
	for _, tt := range []struct {
		after time.Duration
		want  string
	}{
		{10 * time.Minute, "0129"},            // 2 expires
		{24*time.Hour - 1, "0129"},            //
		{24 * time.Hour, "029"},               // 1 was given back at the beginning
		{24*time.Hour + 10*time.Minute, "09"}, // 2
		{25*time.Hour - 1, "09"},              //
		{25 * time.Hour, "9"},                 // the turn closed after an hour
		{1023 * time.Hour, "9"},
		{1024 * time.Hour, ""},
	} {
		if got := known(began.Add(tt.after)); got != tt.want {
			t.Errorf("after %v: %q, want %q", tt.after, got, tt.want)
		}
	}
	if c, err := l.Hold(ctx, request(1, "deal")); err != nil || c.State != deals.Held {
		t.Errorf("an id that was forgotten: %+v, %v", c, err)
	}
}

// Claims that come and go leave no memory behind in the deal's heap of what is due.
func TestChurn(t *testing.T) {
	t.Parallel()
	l := ledger.NewMemory(ledger.Options{Keep: time.Nanosecond})
	for i := range int64(10_000) {
		r := request(i, "deal")
		r.TTL = 1000 * time.Hour
		if _, err := l.Hold(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Settle(t.Context(), r.ID, deals.Released, began); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 {
			_ = l.Sweep(t.Context(), began.Add(time.Second))
		}
	}
	if n := l.Due("deal"); n > 200 {
		t.Errorf("%d entries of what is due, of no claim", n)
	}
}

// Nothing that was answered is lost when the process is killed.
func TestKill(t *testing.T) {
	if dir := os.Getenv("GOLD_LEDGER_CHILD"); dir != "" {
		child(dir, os.Getenv("GOLD_LEDGER_ROUND"))
		return
	}
	// Not parallel: a child between fork and exec holds the locks of all ledgers that are open then.
	dir := t.TempDir()
	acked := map[string]string{}
	for round := range 4 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKill$")
		cmd.Env = append(os.Environ(), "GOLD_LEDGER_CHILD="+dir, fmt.Sprint("GOLD_LEDGER_ROUND=", round))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		n := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if id, state, ok := strings.Cut(lines.Text(), " "); ok && strings.HasPrefix(id, "order-") {
				acked[id] = state
				if n++; n == 200+150*round {
					_ = cmd.Process.Kill() // what is in the pipe is read on
				}
			}
		}
		_ = cmd.Wait()
		l := open(t, dir, ledger.Options{})
		for id, state := range acked {
			c, err := l.Claim(t.Context(), id, began)
			if err != nil || state == "confirmed" && c.State != deals.Confirmed || state == "held" && c.State > deals.Confirmed {
				t.Fatalf("round %d: %s was %s and is %v, %v", round, id, state, c.State, err)
			}
		}
		if stock, err := l.Stock(t.Context(), "deal", "2026-11-22", began); err != nil || stock.Taken() > 5000 {
			t.Fatalf("%+v, %v", stock, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acked) < 1000 {
		t.Errorf("%d claims were answered", len(acked))
	}
}

// child claims until it is killed, and says what was answered.
func child(dir, round string) {
	l, err := ledger.Open(dir, ledger.Options{})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				r := request(0, "deal")
				r.ID, r.User, r.Max = fmt.Sprintf("order-%s-%d-%d", round, g, i), fmt.Sprint(round, g, i), 5000
				if _, err := l.Hold(context.Background(), r); err != nil {
					fmt.Println("error", err)
					return
				}
				fmt.Println(r.ID, "held")
				if i%2 == 0 {
					if _, err := l.Settle(context.Background(), r.ID, deals.Confirmed, began); err != nil {
						return
					}
					fmt.Println(r.ID, "confirmed")
				}
			}
		})
	}
	wg.Wait()
}
