package kafkastore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/goldrec/gold/internal/servers"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/kafkastore"
	"github.com/goldrec/gold/store/storetest"
)

var base = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

func views(user string, n int) []store.Entry {
	batch := make([]store.Entry, n)
	for i := range batch {
		batch[i].Interaction = store.Interaction{User: user, Item: fmt.Sprintf("item-%d", i), Kind: store.View, Time: base}
	}
	return batch
}

func scan(t testing.TB, st store.Log) (all []store.Entry) {
	t.Helper()
	for e, err := range st.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// own is a cluster that the test may harm, with a proxy before each broker.
func own(t *testing.T, brokers int) (*servers.Kafka, []*servers.Proxy, []string) {
	var proxies []*servers.Proxy
	var addrs []string
	k, err := servers.StartKafka(t.Context(), servers.KafkaOptions{Brokers: brokers, Advertise: func(_ int, addr string) string {
		p, err := servers.NewProxy(addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		proxies, addrs = append(proxies, p), append(addrs, p.Addr)
		return p.Addr
	}})
	have(t, k, err)
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k, proxies, addrs
}

// TestBrokers has three brokers.
func TestBrokers(t *testing.T) {
	t.Parallel()
	k, proxies, addrs := own(t, 3)
	t.Run("Leaderless", func(t *testing.T) { testLeaderless(t, k, addrs) })
	t.Run("Replicas", func(t *testing.T) { testReplicas(t, k, proxies, addrs) })
}

// testLeaderless kills a broker that alone has a partition: what is in others goes on, and the rest ends in time.
func testLeaderless(t *testing.T, k *servers.Kafka, addrs []string) {
	const partitions = 3
	st := open(t, addrs, memory(nil), kafkastore.Options{Topic: topic(), Partitions: partitions, Replicas: 1, Timeout: 5 * time.Second})
	defer st.Close()
	one := func(partition int) []store.Entry {
		for n := 0; ; n++ {
			if user := fmt.Sprint("user-", n); store.PartitionOf(user, partitions) == partition {
				batch := views(user, 1)
				batch[0].Interaction.ID = "once"
				return batch
			}
		}
	}
	scan(t, st)
	k.Kill(0)
	var lost []int
	for p := range partitions {
		err := st.Append(t.Context(), one(p))
		if err == nil {
			continue
		}
		lost = append(lost, p)
		if !errors.Is(err, kafkastore.ErrUnavailable) || !errors.Is(err, kafkastore.ErrUnknown) {
			t.Errorf("Append to a partition without a leader: %v, want ErrUnavailable and ErrUnknown", err)
		}
	}
	if len(lost) != 1 {
		t.Errorf("of partitions %v nothing could be written, want one of three", lost)
	}
	if _, err := st.End(t.Context()); !errors.Is(err, kafkastore.ErrUnavailable) {
		t.Errorf("End: %v, want ErrUnavailable", err)
	}
	if err := k.Start(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	for _, p := range lost {
		for try := 0; ; try++ {
			err := st.Append(t.Context(), one(p))
			if err == nil {
				break
			}
			if try == 10 {
				t.Fatalf("partition %d has a leader again: %v", p, err)
			}
		}
	}
	if all := scan(t, st); len(all) != partitions {
		t.Errorf("%d entries, want one a partition: %v", len(all), all)
	}
}

// testReplicas has a broker at a time killed, paused or cut off. The view is one that the replicas share, as pgstore would be.
func testReplicas(t *testing.T, k *servers.Kafka, proxies []*servers.Proxy, addrs []string) {
	storetest.RunReplicas(t, func(t *testing.T) storetest.Replicas {
		view := kept{memory(nil)}
		rng := rand.New(rand.NewPCG(5, 6))
		any := func() int { return rng.IntN(len(proxies)) }
		quiet := func(f func()) func(context.Context) error {
			return func(context.Context) error { f(); return nil }
		}
		cut := func() {
			for _, p := range proxies {
				p.Cut()
			}
		}
		return storetest.Replicas{
			CallMax: 20 * time.Second,
			Open: func(t *testing.T) store.Store {
				return open(t, addrs, view, kafkastore.Options{Partitions: 3, Tail: 500})
			},
			Harms: []storetest.Harm{
				{Name: "connections cut", Do: quiet(cut)},
				{Name: "connections cut mid-call", Do: quiet(func() {
					for range 20 {
						proxies[any()].CutAfter(rng.Int64N(3000))
						time.Sleep(20 * time.Millisecond)
					}
				})},
				{Name: "broker killed", Do: func(ctx context.Context) error { b := any(); k.Kill(b); return k.Start(ctx, b) }},
				{Name: "broker paused", Do: func(ctx context.Context) error {
					b := any()
					k.Pause(b)
					time.Sleep(4 * time.Second) // until it has been given up
					k.Resume(b)
					return k.Settle(ctx)
				}},
				{Name: "network stalled, then cut", Do: quiet(func() {
					for _, p := range proxies {
						p.Stall()
					}
					time.Sleep(500 * time.Millisecond)
					cut()
					for _, p := range proxies {
						p.Flow()
					}
				})},
			},
		}
	})
}

// admin is a client of the brokers as any other program has.
func admin(t testing.TB, addrs []string) *kadm.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(addrs...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

// produce appends a record as another program would.
func produce(t testing.TB, addrs []string, topic string, value []byte) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(addrs...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: []byte("key"), Value: value}).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// through has a client reach all brokers through one proxy, before the only one.
func through(proxy *servers.Proxy) []kgo.Opt {
	return []kgo.Opt{kgo.Dialer(func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, proxy.Addr)
	})}
}

// TestUnavailable has a broker that does not answer: calls end in time, with an error of their own, and work again later.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	k := server(t)
	proxy, err := servers.NewProxy(k.Addrs[0])
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	const timeout = 4 * time.Second
	name := topic()
	if err := open(t, k.Addrs, memory(nil), kafkastore.Options{Topic: name, Partitions: 1}).Close(); err != nil { // a broker that is busy has made the topic
		t.Fatal(err)
	}
	st := open(t, k.Addrs, memory(nil), kafkastore.Options{Topic: name, Partitions: 1, Timeout: timeout, Client: through(proxy)})
	defer st.Close()
	if err := st.Append(t.Context(), views("ann", 1)); err != nil {
		t.Fatal(err)
	}
	scan(t, st) // it has read what it has appended
	identified := views("ann", 1)
	identified[0].Interaction.ID = "once"
	for name, harm := range map[string]struct{ do, undo func() }{
		"silent":  {proxy.Stall, func() { proxy.Cut(); proxy.Flow() }},
		"refused": {func() { proxy.Refuse(true); proxy.Cut() }, func() { proxy.Refuse(false) }},
	} {
		harm.do()
		var wg sync.WaitGroup
		for call, f := range map[string]func() error{
			"Append":  func() error { return st.Append(t.Context(), identified) },
			"End":     func() error { _, err := st.End(t.Context()); return err },
			"Trimmed": func() error { _, err := st.Trimmed(t.Context()); return err },
			"Forget":  func() error { return st.Forget(t.Context(), "bob") },
			"Trim":    func() error { return st.Trim(t.Context(), base) },
			"Scan": func() (last error) {
				for _, err := range st.Scan(t.Context(), store.Place{}) {
					last = err
				}
				return last
			},
		} {
			wg.Go(func() {
				began := time.Now()
				err := f()
				if !errors.Is(err, kafkastore.ErrUnavailable) || (call == "Append") && !errors.Is(err, kafkastore.ErrUnknown) {
					t.Errorf("%s, %s: %v, want ErrUnavailable, of an Append ErrUnknown", name, call, err)
				}
				if took := time.Since(began); took > 10*timeout {
					t.Errorf("%s, %s: took %v", name, call, took)
				}
			})
		}
		wg.Wait()
		if history, err := st.History(t.Context(), "ann", 10); err != nil || len(history) == 0 {
			t.Errorf("%s, History: %d entries, %v; it needs no broker", name, len(history), err)
		}
		harm.undo()
		for try := 0; ; try++ {
			err := st.Append(t.Context(), identified)
			if err == nil {
				break
			}
			if try == 20 {
				t.Fatalf("%s, and it is over: %v", name, err)
			}
		}
		scan(t, st)
	}
	all := scan(t, st)
	if len(without(all, store.Forgotten)) != 2 {
		t.Errorf("%d entries, want two: %v", len(all), all)
	}
}

func without(all []store.Entry, fact store.Fact) []store.Entry {
	return slices.DeleteFunc(all, func(e store.Entry) bool { return e.Fact == fact })
}
