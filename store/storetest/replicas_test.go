package storetest_test

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/storetest"
)

// shaky is a replica of a store in memory that loses the connection to it now and then: before a call or after it.
type shaky struct {
	*store.Memory
	fault string

	mu   sync.Mutex
	rng  *rand.Rand
	down *atomic.Bool // shared by the replicas
}

var errLost = errors.New("connection lost")

func (s *shaky) lost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down.Load() && s.rng.IntN(2) == 0
}

func (s *shaky) around(call func() error) error {
	if s.lost() {
		return errLost
	}
	if err := call(); err != nil || !s.lost() {
		return err
	}
	return errLost
}

// Close leaves the store to the other replicas.
func (s *shaky) Close() error { return nil }

func (s *shaky) Append(ctx context.Context, batch []store.Entry) error {
	if s.fault == "retry stores twice" {
		for i := range batch {
			batch[i].Interaction.ID = ""
		}
	}
	again := append([]store.Entry(nil), batch...)
	err := s.around(func() error { return s.Memory.Append(ctx, batch) })
	switch {
	case err != nil && s.fault == "retried without a mark":
		return s.Memory.Append(ctx, again)
	case err != nil && s.fault == "acknowledged before it is stored":
		return nil
	case err != nil && s.fault == "slow":
		time.Sleep(2 * time.Second)
	}
	return err
}

func (s *shaky) PutProfile(ctx context.Context, p store.Profile) (out store.Profile, err error) {
	err = s.around(func() (err error) {
		out, err = s.Memory.PutProfile(ctx, p)
		return err
	})
	if errors.Is(err, errLost) && s.fault == "profile written over" {
		p.Version++
		return s.Memory.PutProfile(ctx, p)
	}
	return out, err
}

func (s *shaky) Acquire(ctx context.Context, name string, ttl time.Duration) (lease store.Lease, err error) {
	err = s.around(func() (err error) {
		lease, err = s.Memory.Acquire(ctx, name, ttl)
		return err
	})
	if err != nil && s.fault == "lease believed" {
		return store.Lease{Name: name, Token: 7, Expires: time.Now().Add(ttl)}, nil
	}
	return lease, err
}

// TestReplicas runs the suite of replicas on such stores, in processes of their own, without a fault and with one each.
func TestReplicas(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{
		"", "retry stores twice", "retried without a mark", "acknowledged before it is stored", "slow", "profile written over",
		"lease believed",
	} {
		t.Run(cmp.Or(fault, "none"), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestShaky$", "-test.v", "-test.timeout=60s")
			cmd.Env = append(os.Environ(), "GOLD_STORETEST_FAULT="+cmp.Or(fault, "none"))
			out, err := cmd.CombinedOutput()
			switch {
			case fault == "" && err != nil:
				t.Errorf("replicas without a fault fail: %v\n%s", err, out)
			case fault != "" && (err == nil || !strings.Contains(string(out), "--- FAIL: TestShaky ")):
				t.Errorf("the suite did not fail: %v\n%s", err, out)
			}
		})
	}
}

// TestShaky is what TestReplicas runs.
func TestShaky(t *testing.T) {
	name := fault(t)
	storetest.RunReplicas(t, func(*testing.T) storetest.Replicas {
		memory := store.NewMemory(store.MemoryOptions{})
		var down atomic.Bool
		opened := uint64(0)
		return storetest.Replicas{
			CallMax: time.Second,
			Open: func(*testing.T) store.Store {
				opened++
				return &shaky{Memory: memory, fault: name, rng: rand.New(rand.NewPCG(opened, 0)), down: &down}
			},
			Harms: []storetest.Harm{{Name: "connections are lost", Do: func(context.Context) error {
				for _, lost := range []bool{true, false} {
					down.Store(lost)
					time.Sleep(50 * time.Millisecond)
				}
				return nil
			}}},
		}
	})
}
