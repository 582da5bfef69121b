package kafkastore_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/internal/servers"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/kafkastore"
	"github.com/goldrec/gold/store/storetest"
)

// shared is the broker of all tests that do it no harm; each has a topic of its own.
var shared struct {
	once   sync.Once
	kafka  *servers.Kafka
	err    error
	topics atomic.Int64
}

func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "4") // unless the command says otherwise: most of the time they wait for brokers
	code := m.Run()
	if shared.kafka != nil {
		if err := shared.kafka.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// server starts the broker, or skips the test where there is none.
func server(t testing.TB) *servers.Kafka {
	t.Helper()
	shared.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		shared.kafka, shared.err = servers.StartKafka(ctx, servers.KafkaOptions{})
	})
	return have(t, shared.kafka, shared.err)
}

func have(t testing.TB, k *servers.Kafka, err error) *servers.Kafka {
	t.Helper()
	if errors.Is(err, servers.ErrAbsent) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// topic is a name that no other test has.
func topic() string { return fmt.Sprintf("test-%d", shared.topics.Add(1)) }

func open(t testing.TB, brokers []string, view store.Store, opts kafkastore.Options) *kafkastore.Store {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	st, err := kafkastore.Open(t.Context(), brokers, view, opts)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func memory(now func() time.Time) store.Store {
	return store.NewMemory(store.MemoryOptions{Now: now})
}

// TestStore has a tail that holds all of each test's entries but the largest.
func TestStore(t *testing.T) {
	t.Parallel()
	k := server(t)
	storetest.Run(t, func(t *testing.T, now func() time.Time) store.Store {
		return open(t, k.Addrs, memory(now), kafkastore.Options{Topic: topic(), Partitions: 3, Now: now})
	})
}

// TestStoreFromTopic has next to nothing in memory, so that scans read the topic and histories the view.
func TestStoreFromTopic(t *testing.T) {
	t.Parallel()
	k := server(t)
	storetest.Run(t, func(t *testing.T, now func() time.Time) store.Store {
		return open(t, k.Addrs, memory(now), kafkastore.Options{Topic: topic(), Partitions: 2, Tail: 1, Now: now})
	})
}

// kept is a view that outlives the store that has it.
type kept struct{ store.Store }

func (kept) Close() error { return nil }

func TestStoreDurable(t *testing.T) {
	t.Parallel()
	k := server(t)
	type log struct {
		topic string
		view  store.Store
	}
	logs := make(map[string]log)
	storetest.RunDurable(t, func(t *testing.T, dir string, now func() time.Time) store.Store {
		if _, ok := logs[dir]; !ok {
			logs[dir] = log{topic(), memory(now)}
		}
		return open(t, k.Addrs, kept{logs[dir].view}, kafkastore.Options{Topic: logs[dir].topic, Partitions: 3, Now: now})
	})
}

func BenchmarkStore(b *testing.B) {
	k := server(b)
	storetest.RunBenchmarks(b, func(b *testing.B) store.Store {
		return open(b, k.Addrs, memory(nil), kafkastore.Options{Topic: topic()})
	})
}
