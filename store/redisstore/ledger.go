package redisstore

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/store"
)

var (
	// ErrUnknown says that the answer of a call was lost, or that too few replicas have heard of what it did: ask again with the
	// same ID.
	ErrUnknown = errors.New("redisstore: outcome unknown")
	// ErrEvicts says that the servers drop what does not fit into their memory: claims would be lost.
	ErrEvicts = errors.New("redisstore: servers evict")
)

// LedgerOptions configures a Ledger. The zero value works.
type LedgerOptions struct {
	// Name names the ledger among others; "" means gold. All of it lies in one slot, and so on one server: deals that one server has
	// not the time for are kept in several ledgers.
	Name string
	// Timeout is how long a call may take, with all that is tried again; 0 means a second.
	Timeout time.Duration
	// Replicas is how many replicas must have heard of a claim before it is acknowledged; 0: none.
	Replicas int
	// Keep is how long a claim is remembered after the turn that it is of, or after it was given back or had expired; 0 means 48 hours.
	Keep time.Duration
	// Username and Password log in to the servers; empty means that they ask for nothing.
	Username, Password string
}

// Ledger keeps claims of deals in Redis Cluster, for any number of processes. It is a [deals.Ledger] and a [deals.Sweeper], and safe for
// concurrent use.
//
// A call is one script on one slot, which the server runs alone: a claim takes it some 40 µs, and what is remembered of it some 800
// bytes.
//
// Redis replicates behind its answers: a server that fails takes the last claims with it. With LedgerOptions.Replicas a call waits until
// so many replicas have heard. Then a claim is lost when all of them fail, when a replica is promoted that was not among them, or when
// the server comes back before a replica has taken over and has less in its file than it had acknowledged, which appendfsync always
// prevents. What must not be lost at all is an order in a database: confirm there first, and give a claim that the ledger does not know any
// more (deals.ErrUnknownClaim) anew with the same ID; or use store/pgstore.
type Ledger struct {
	opts   LedgerOptions
	key    string
	client *redis.ClusterClient
}

var (
	_ deals.Ledger  = (*Ledger)(nil)
	_ deals.Sweeper = (*Ledger)(nil)
)

//go:embed ledger.lua
var ledgerLua string

var ledgerScript = redis.NewScript(ledgerLua)

// NewLedger connects to a cluster, of which it is enough to name some nodes. Servers whose maxmemory-policy is not noeviction are
// ErrEvicts; one that does not answer is ErrUnavailable.
func NewLedger(ctx context.Context, addrs []string, opts LedgerOptions) (*Ledger, error) {
	opts.Name = cmp.Or(opts.Name, "gold")
	opts.Timeout = cmp.Or(opts.Timeout, time.Second)
	opts.Keep = cmp.Or(opts.Keep, 48*time.Hour)
	if opts.Timeout < 0 || opts.Replicas < 0 || opts.Keep < 0 || strings.ContainsAny(opts.Name, "{}") {
		return nil, fmt.Errorf("%w: negative option, or a name with braces", store.ErrInvalid)
	}
	l := &Ledger{opts: opts, key: "{" + opts.Name + "}claims:", client: redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: addrs, Username: opts.Username, Password: opts.Password, ContextTimeoutEnabled: true,
		DialTimeout: opts.Timeout, ReadTimeout: opts.Timeout, WriteTimeout: opts.Timeout, MaxRedirects: 8, MaxRetries: -1, DialerRetries: 1,
	})}
	err := again(ctx, l.client, opts.Timeout, func(ctx context.Context) error {
		server, err := l.client.MasterForKey(ctx, l.key)
		if err != nil {
			return err
		}
		info, err := server.Info(ctx, "memory").Result()
		if err == nil && !strings.Contains(info, "maxmemory_policy:noeviction") {
			err = final{ErrEvicts}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("redisstore: connect: %w", errors.Join(err, l.client.Close()))
	}
	return l, nil
}

// Close closes the connections; later calls fail.
func (l *Ledger) Close() error { return l.client.Close() }

// outcomes are what the script answers, besides what went well.
var outcomes = map[string]error{
	"limit": deals.ErrLimit, "sold out": deals.ErrSoldOut, "reused": deals.ErrIDReused, "unknown": deals.ErrUnknownClaim,
	"waiting": deals.ErrWaiting, "expired": deals.ErrExpired, "settled": deals.ErrSettled,
}

// unitsMax is the largest number of units that a script counts exactly.
const unitsMax = 1 << 53

// Hold implements deals.Ledger. More than 2^53 units are store.ErrInvalid.
func (l *Ledger) Hold(ctx context.Context, r deals.Request) (deals.Claim, error) {
	if max(r.Units, r.Max, r.MaxUser) > unitsMax {
		return deals.Claim{}, fmt.Errorf("redisstore: hold claim %q: %w: more than %d units", r.ID, store.ErrInvalid, int64(unitsMax))
	}
	wait := "0"
	if r.Wait {
		wait = "1"
	}
	return l.claim(ctx, r.ID, "hold", r.ID, r.Deal, r.Turn, r.User, r.Units, wait, instant(r.At), instant(r.Start), digits(uint64(r.TTL)),
		instant(r.Close), digits(uint64(r.Apart)), r.Max, r.MaxUser)
}

// Settle implements deals.Ledger.
func (l *Ledger) Settle(ctx context.Context, id string, to deals.State, at time.Time) (deals.Claim, error) {
	return l.claim(ctx, id, "settle", id, int(to), instant(at))
}

// Claim implements deals.Ledger.
func (l *Ledger) Claim(ctx context.Context, id string, at time.Time) (deals.Claim, error) {
	return l.claim(ctx, id, "claim", id, instant(at))
}

// Stock implements deals.Ledger.
func (l *Ledger) Stock(ctx context.Context, deal, turn string, at time.Time) (stock deals.Stock, err error) {
	answer, err := l.run(ctx, "stock", deal, turn, instant(at))
	if err == nil {
		numbers := [...]*int64{&stock.Held, &stock.Confirmed, &stock.Waiting}
		for i, n := range numbers {
			*n, err = strconv.ParseInt(answer[1+i].(string), 10, 64)
		}
	}
	if err != nil {
		return deals.Stock{}, fmt.Errorf("redisstore: stock of deal %q: %w", deal, err)
	}
	return stock, nil
}

// Sweep implements deals.Sweeper. Deals are swept one after another, each in a script.
func (l *Ledger) Sweep(ctx context.Context, at time.Time) error {
	now, before := instant(at), instant(at.Add(-l.opts.Keep))
	names, err := l.run(ctx, "deals")
	for _, deal := range names {
		if err == nil {
			_, err = l.run(ctx, "sweep", deal, now, before)
		}
	}
	for more := true; more && err == nil; {
		var answer []any
		if answer, err = l.run(ctx, "clear", before); err == nil {
			more = answer[0] == "more"
		}
	}
	if err != nil {
		return fmt.Errorf("redisstore: sweep claims: %w", err)
	}
	return nil
}

// claim is a call that answers with an outcome and a claim.
func (l *Ledger) claim(ctx context.Context, id, op string, args ...any) (deals.Claim, error) {
	answer, err := l.run(ctx, op, args...)
	if err != nil {
		return deals.Claim{}, fmt.Errorf("redisstore: %s claim %q: %w", op, id, err)
	}
	if err := outcomes[answer[0].(string)]; err != nil {
		return deals.Claim{}, err
	}
	text := func(i int) string { return answer[i].(string) }
	units, err := strconv.ParseInt(text(4), 10, 64)
	if err != nil {
		return deals.Claim{}, fmt.Errorf("redisstore: %s claim %q: %w", op, id, err)
	}
	c := deals.Claim{ID: id, Deal: text(1), Turn: text(2), User: text(3), Units: units, State: deals.State(answer[5].(int64)), Made: moment(text(6))}
	if c.State <= deals.Held {
		c.Until = moment(text(7))
	}
	return c, nil
}

// run calls the script, and waits for the replicas. A call whose answer may have been lost is not made again: between the two others
// may have seen and changed what it did.
func (l *Ledger) run(ctx context.Context, op string, args ...any) (answer []any, err error) {
	err = again(ctx, l.client, l.opts.Timeout, func(ctx context.Context) error {
		server, err := l.client.MasterForKey(ctx, l.key)
		if err != nil {
			return err
		}
		conn := server.Conn() // what waits for replicas must come by the way that what it waits for came
		defer conn.Close()
		call := ledgerScript.Run(ctx, conn, []string{l.key}, append([]any{op}, args...)...)
		if answer, err = call.Slice(); err != nil {
			_, said := errors.AsType[redis.Error](err) // the server has not run it
			if dial, ok := errors.AsType[*net.OpError](err); said || ok && dial.Op == "dial" {
				return err
			}
			return final{fmt.Errorf("%w: %v", ErrUnknown, err)}
		}
		if l.opts.Replicas == 0 {
			return nil
		}
		heard, err := conn.Wait(ctx, l.opts.Replicas, l.opts.Timeout/2).Result()
		if err != nil || heard < int64(l.opts.Replicas) {
			return final{fmt.Errorf("%w: %d of %d replicas have heard, %v", ErrUnknown, heard, l.opts.Replicas, err)}
		}
		return nil
	})
	return answer, err
}

// instant is a time as the script has it: nanoseconds since the year 1677 in 20 digits, so that their order is that of the texts.
func instant(t time.Time) string { return digits(uint64(t.UnixNano()) ^ 1<<63) }

func digits(n uint64) string { return fmt.Sprintf("%020d", n) }

// moment is the time of an instant, or the beginning of time of what is none.
func moment(text string) time.Time {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		n = 1 << 63
	}
	return time.Unix(0, int64(n^1<<63)).UTC()
}
