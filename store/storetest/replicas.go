package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

// Replicas is an engine below a store that several processes share, and what can happen to it.
type Replicas struct {
	// Open opens another replica on the same data, which is empty at first. The suite closes it.
	Open func(t *testing.T) store.Store
	// Harms are done one after the other while the replicas are at work.
	Harms []Harm
	// CallMax is the longest that any call may take, whatever happens to the engine.
	CallMax time.Duration
}

// Harm is something that happens to the engine below a store, such as that its server is killed and started again.
type Harm struct {
	Name string
	Do   func(ctx context.Context) error // does it and mends it
}

const (
	replicasWriting = 2  // and one more that only follows
	replicaWriters  = 3  // goroutines of each that append
	replicaRounds   = 2  // times that each harm is done
	replicaRetries  = 50 // of one call
)

// RunReplicas has replicas append, follow, count in a profile and fight for a lease while harm is done to what is below
// them. Whatever a call has acknowledged must be there in the end, once, where it was said to be; whatever failed, at most
// once; followers see every entry once and in order; no two hold the lease at once; and no call takes longer than it may.
func RunReplicas(t *testing.T, setup func(t *testing.T) Replicas) {
	r := &replicas{t: t, Replicas: setup(t), log: make(map[string]*replicaEntry)}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var working, following sync.WaitGroup
	followers := make([]*replicaFollower, replicasWriting+1)
	for i := range followers {
		st := r.open()
		followers[i] = &replicaFollower{r: r, st: st, seen: make(map[int][]string)}
		following.Go(func() { followers[i].follow(t.Context()) })
		if i == replicasWriting {
			break
		}
		for w := range replicaWriters {
			rng := rand.New(rand.NewPCG(uint64(i), uint64(w)))
			working.Go(func() { r.write(ctx, st, rng, fmt.Sprintf("%d-%d", i, w)) })
		}
		working.Go(func() { r.count(ctx, st) })
		working.Go(func() { r.hold(ctx, st) })
	}
	rng := rand.New(rand.NewPCG(3, 4))
	pause := func() { time.Sleep(time.Duration(100+rng.IntN(300)) * time.Millisecond) }
	for range replicaRounds {
		pause()
		for _, harm := range r.Harms {
			began := time.Now()
			if err := harm.Do(t.Context()); err != nil {
				t.Fatalf("%s: %v", harm.Name, err)
			}
			t.Logf("%s: took %v", harm.Name, time.Since(began).Round(time.Millisecond))
			pause()
		}
	}
	stop()
	working.Wait()
	r.judge(followers, &following)
}

// replicas is what the calls were told.
type replicas struct {
	Replicas
	t *testing.T

	mu      sync.Mutex
	log     map[string]*replicaEntry // by item, which is unique
	counted int                      // acknowledged
	unsure  int                      // those of which the outcome is not known
	leases  []store.Lease
	failed  map[string]int // calls that returned an error, by operation
}

// replicaEntry is an entry that was given to Append.
type replicaEntry struct {
	acknowledged bool
	partition    int
	at           store.Position // 0 when it was told to be there already
}

func (r *replicas) open() store.Store {
	st := r.Open(r.t)
	r.t.Cleanup(func() { _ = st.Close() })
	return st
}

// timed makes a call and wants it to end in time.
func (r *replicas) timed(what string, call func() error) error {
	began := time.Now()
	err := call()
	if took := time.Since(began); took > r.CallMax {
		r.t.Errorf("%s took %v, more than %v; %v", what, took, r.CallMax, err)
	}
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.failed == nil {
			r.failed = make(map[string]int)
		}
		r.failed[what]++
	}
	return err
}

// write appends batches, every other one with IDs and therefore again until that is acknowledged.
func (r *replicas) write(ctx context.Context, st store.Store, rng *rand.Rand, name string) {
	for n := 0; ctx.Err() == nil; n++ {
		batch := make([]store.Entry, 1+rng.IntN(3))
		for i := range batch {
			item := fmt.Sprintf("%s-%d-%d", name, n, i)
			batch[i].Interaction = store.Interaction{User: fmt.Sprint("user-", rng.IntN(20)), Item: item, Kind: store.View, Time: base}
			if n%2 == 0 {
				batch[i].Interaction.ID = "id of " + item
			}
			r.mu.Lock()
			r.log[item] = new(replicaEntry)
			r.mu.Unlock()
		}
		err := r.timed("Append", func() error { return st.Append(r.t.Context(), batch) })
		for try := 0; err != nil && n%2 == 0; try++ {
			if try == replicaRetries {
				r.t.Errorf("Append still fails: %v", err)
				return
			}
			time.Sleep(20 * time.Millisecond)
			err = r.timed("Append", func() error { return st.Append(r.t.Context(), batch) })
		}
		if err == nil {
			r.acknowledge(batch)
		}
		time.Sleep(time.Duration(rng.IntN(3000)) * time.Microsecond)
	}
}

func (r *replicas) acknowledge(batch []store.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range batch {
		*r.log[e.Interaction.Item] = replicaEntry{acknowledged: true, partition: e.Partition, at: e.Position}
	}
}

// count adds one to a number in a profile, again and again, by optimistic locking.
func (r *replicas) count(ctx context.Context, st store.Store) {
	for ctx.Err() == nil {
		var p store.Profile
		err := r.timed("Profile", func() (err error) { p, err = st.Profile(r.t.Context(), "counter"); return err })
		if err == nil || errors.Is(err, store.ErrNotFound) {
			n, _ := strconv.Atoi(p.Attributes["n"])
			p.User, p.Attributes = "counter", map[string]string{"n": strconv.Itoa(n + 1)}
			err = r.timed("PutProfile", func() error { _, err := st.PutProfile(r.t.Context(), p); return err })
			r.mu.Lock()
			if err == nil {
				r.counted++
			} else if !errors.Is(err, store.ErrConflict) {
				r.unsure++
			}
			r.mu.Unlock()
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// hold acquires a lease, renews it sometimes and lets it expire.
func (r *replicas) hold(ctx context.Context, st store.Store) {
	const ttl = 50 * time.Millisecond
	for n := 0; ctx.Err() == nil; n++ {
		var lease store.Lease
		err := r.timed("Acquire", func() (err error) { lease, err = st.Acquire(r.t.Context(), "work", ttl); return err })
		if err == nil && n%3 == 0 {
			var renewed store.Lease
			err := r.timed("Renew", func() (err error) { renewed, err = st.Renew(r.t.Context(), lease, ttl); return err })
			if err == nil {
				lease.Expires = renewed.Expires
			}
		}
		if err == nil {
			r.mu.Lock()
			r.leases = append(r.leases, lease)
			r.mu.Unlock()
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// replicaFollower follows the log by Scan and Wait.
type replicaFollower struct {
	r     *replicas
	st    store.Store
	place store.Place

	mu   sync.Mutex
	seen map[int][]string // the items of each partition, in order
	done bool
}

func (f *replicaFollower) follow(ctx context.Context) {
	for !f.stopped() {
		err := f.r.timed("Scan", func() error {
			for e, err := range f.st.Scan(ctx, f.place) {
				if err != nil {
					return err
				}
				if e.Position <= f.place.At(e.Partition) {
					f.r.t.Errorf("a follower was shown position %d after %v", e.Position, f.place)
					return nil
				}
				f.place = f.place.With(e.Partition, e.Position)
				f.mu.Lock()
				f.seen[e.Partition] = append(f.seen[e.Partition], e.Interaction.Item)
				f.mu.Unlock()
			}
			return nil
		})
		if err == nil {
			short, cancel := context.WithTimeout(ctx, 500*time.Millisecond) // to look whether it is to stop
			err = f.r.timed("Wait", func() error { return ignore(f.st.Wait(short, f.place), context.DeadlineExceeded) })
			cancel()
		}
		if err != nil {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func (f *replicaFollower) stopped() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.done
}

// count is how much the follower has seen; with stop it is to see no more.
func (f *replicaFollower) count(stop bool) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = f.done || stop
	for _, items := range f.seen {
		n += len(items)
	}
	return n
}

// judge compares what there is in the end with what was acknowledged and with what the followers have seen.
func (r *replicas) judge(followers []*replicaFollower, following *sync.WaitGroup) {
	t := r.t
	f := &fixture{r.open(), nil}
	there := make(map[string]store.Entry)
	order := make(map[int][]string)
	all := f.scan(t, store.Place{})
	for _, e := range all {
		item := e.Interaction.Item
		if there[item].Position != 0 {
			t.Errorf("%s is there twice, at %d and at %d", item, there[item].Position, e.Position)
		}
		if r.log[item] == nil {
			t.Errorf("%+v was never appended", e)
		}
		there[item] = e
		order[e.Partition] = append(order[e.Partition], item)
	}
	acknowledged := 0
	for item, e := range r.log {
		if !e.acknowledged {
			continue
		}
		acknowledged++
		got := there[item]
		if got.Position == 0 || e.at != 0 && (got.Partition != e.partition || got.Position != e.at) {
			t.Errorf("%s was acknowledged at %d of partition %d, and is at %d of %d", item, e.at, e.partition, got.Position, got.Partition)
		}
	}
	r.judgeHistories(f, all)
	r.judgeCounter(f)
	r.judgeLeases()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		late := slices.ContainsFunc(followers, func(f *replicaFollower) bool { return f.count(false) < len(all) })
		if !late || time.Now().After(deadline) {
			break
		}
	}
	for _, f := range followers {
		f.count(true)
	}
	following.Wait()
	for i, f := range followers {
		equal(t, fmt.Sprintf("what follower %d has seen", i), order, f.seen)
	}
	t.Logf("%d entries, %d acknowledged of %d; counted %d; %d leases; calls that failed: %v",
		len(all), acknowledged, len(r.log), r.counted, len(r.leases), r.failed)
	if acknowledged == 0 || r.counted == 0 || len(r.leases) == 0 {
		t.Error("hardly anything was acknowledged")
	}
}

func (r *replicas) judgeHistories(f *fixture, all []store.Entry) {
	for n := range 20 {
		user := fmt.Sprint("user-", n)
		equal(r.t, "history of "+user, reversed(without(all, notOf(user))), f.historyEntries(r.t, user, len(all)+1))
	}
}

func (r *replicas) judgeCounter(f *fixture) {
	p := f.profile(r.t, "counter")
	n, err := strconv.Atoi(p.Attributes["n"])
	if err != nil || n < r.counted || n > r.counted+r.unsure || uint64(n) != p.Version {
		r.t.Errorf("the counter is at %d, version %d; %d were acknowledged and %d more may have been", n, p.Version, r.counted, r.unsure)
	}
}

// judgeLeases wants each lease to begin no sooner than the one before it has ended, by the store's clock.
func (r *replicas) judgeLeases() {
	slices.SortFunc(r.leases, func(a, b store.Lease) int { return int(a.Token) - int(b.Token) })
	for i, lease := range r.leases {
		if i == 0 {
			continue
		}
		before := r.leases[i-1]
		// A lease lasts 50 ms when it is not renewed, and longer when it is.
		if lease.Token == before.Token || lease.Expires.Sub(before.Expires) < 50*time.Millisecond {
			r.t.Errorf("two held the lease at once: %+v and %+v", before, lease)
		}
	}
}
