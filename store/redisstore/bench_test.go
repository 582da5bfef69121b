package redisstore_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/goldrec/gold/store/redisstore"
)

const (
	pageCallers = 256
	pageRound   = 10_000 // calls a side makes before the other takes its turn
	pageOwners  = 1000
)

// BenchmarkPages measures pages of 2 KB that are put and read from 256 goroutines, and beside it a bare client that pipelines
// plain SET and GET of the same values, in the same run and turn about, on a cluster of three masters with a replica each.
//
// The bare client has as many goroutines as processors, each with pipelines of a hundred commands: nobody waits for a single
// answer. The plain one makes the same calls as the cache, one at a time from 256 goroutines that share pipelines. Neither has
// generations or deadlines.
func BenchmarkPages(b *testing.B) {
	addrs := cluster(b).Addrs
	for name, reads := range map[string]int{"get": 10, "put": 0, "mixed": 9} { // of ten calls
		b.Run(name, func(b *testing.B) { benchmarkPages(b, addrs, reads) })
	}
}

func benchmarkPages(b *testing.B, addrs []string, reads int) {
	c := newCache(b, addrs, redisstore.Options{Timeout: 10 * time.Second})
	bare := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	defer bare.Close()
	page := make([]byte, 2<<10)
	for n := range pageOwners {
		if err := c.Put(b.Context(), fmt.Sprint("user-", n), "home", page, time.Hour); err != nil {
			b.Fatal(err)
		}
		if err := bare.Set(b.Context(), fmt.Sprint("bare-", n), page, time.Hour).Err(); err != nil {
			b.Fatal(err)
		}
	}
	alike, err := bare.AutoPipeline()
	if err != nil {
		b.Fatal(err)
	}
	var ours, theirs, plain time.Duration
	for b.Loop() {
		start := time.Now()
		each(pageCallers, 1, func(n int) {
			owner := fmt.Sprint("user-", n*7919%pageOwners)
			var err error
			if n%10 < reads {
				_, err = c.Get(b.Context(), owner, "home")
			} else {
				err = c.Put(b.Context(), owner, "home", page, time.Hour)
			}
			if err != nil {
				b.Error(err)
			}
		})
		ours += time.Since(start)
		start = time.Now()
		each(2, 100, func(from int) {
			pipe := bare.Pipeline()
			for n := from; n < from+100; n++ {
				key := fmt.Sprint("bare-", n*7919%pageOwners)
				if n%10 < reads {
					pipe.Get(b.Context(), key)
				} else {
					pipe.Set(b.Context(), key, page, time.Hour)
				}
			}
			if _, err := pipe.Exec(b.Context()); err != nil {
				b.Error(err)
			}
		})
		theirs += time.Since(start)
		start = time.Now()
		each(pageCallers, 1, func(n int) {
			key := fmt.Sprint("bare-", n*7919%pageOwners)
			var err error
			if n%10 < reads {
				_, err = alike.Get(b.Context(), key).Bytes()
			} else {
				err = alike.Set(b.Context(), key, page, time.Hour).Err()
			}
			if err != nil {
				b.Error(err)
			}
		})
		plain += time.Since(start)
	}
	n := float64(b.N * pageRound)
	b.ReportMetric(n/ours.Seconds(), "calls/s")
	b.ReportMetric(n/theirs.Seconds(), "bare-calls/s")
	b.ReportMetric(n/plain.Seconds(), "plain-calls/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "of-bare")
	b.ReportMetric(plain.Seconds()/ours.Seconds(), "of-plain")
	b.ReportMetric(0, "ns/op")
}

// each calls f for every step-th number below pageRound, from so many goroutines.
func each(goroutines, step int, f func(n int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for n := int(next.Add(int64(step))) - step; n < pageRound; n = int(next.Add(int64(step))) - step {
				f(n)
			}
		})
	}
	wg.Wait()
}
