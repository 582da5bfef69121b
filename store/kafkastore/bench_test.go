package kafkastore

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/goldrec/gold/internal/servers"
	"github.com/goldrec/gold/store"
)

const (
	ingestWriters = 256
	ingestRound   = 20_000 // interactions a side writes before the other takes its turn
)

// BenchmarkAppend measures appends of one interaction from 256 goroutines, and beside it a bare producer of the same records
// from as many, each of which waits for its own, in the same run and turn about, on the same broker.
//
// The bare producer is franz-go's with the same options. It has the records before it, already encoded, validates nothing, reads
// nothing back and keeps no view; all of that is in the store's time, until the view has the last. What the producer does when it
// is given all records at once, and who gave them waits for none, is printed too.
func BenchmarkAppend(b *testing.B) {
	k, err := servers.StartKafka(b.Context(), servers.KafkaOptions{})
	if errors.Is(err, servers.ErrAbsent) {
		b.Skip(err)
	}
	if err != nil {
		b.Fatal(err)
	}
	defer k.Close()
	for _, ids := range []bool{false, true} {
		b.Run(fmt.Sprintf("ids=%v", ids), func(b *testing.B) { benchmarkAppend(b, k.Addrs, ids) })
	}
}

func benchmarkAppend(b *testing.B, brokers []string, ids bool) {
	s := openIngest(b, brokers, fmt.Sprintf("ours-%v", ids))
	defer s.Close()
	bare := openIngest(b, brokers, fmt.Sprintf("bare-%v", ids)) // for its topic and the options of its client
	defer bare.Close()
	client, err := bare.newClient(bare.producing()...)
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	var ours, theirs, atOnce time.Duration
	n := 0
	for b.Loop() {
		events := ingestEvents(n, ids)
		start := time.Now()
		each(len(events), func(i int) error { return s.Append(b.Context(), events[i:i+1]) }, b)
		for s.pending() > 0 {
			time.Sleep(time.Millisecond)
		}
		ours += time.Since(start)
		them := records(bare, events)
		start = time.Now()
		each(len(them), func(i int) error { return client.ProduceSync(b.Context(), them[i]).FirstErr() }, b)
		theirs += time.Since(start)
		them = records(bare, events)
		start = time.Now()
		if err := client.ProduceSync(b.Context(), them...).FirstErr(); err != nil {
			b.Fatal(err)
		}
		atOnce += time.Since(start)
		n += len(events)
	}
	b.ReportMetric(float64(n)/ours.Seconds(), "interactions/s")
	b.ReportMetric(float64(n)/theirs.Seconds(), "bare-interactions/s")
	b.ReportMetric(float64(n)/atOnce.Seconds(), "at-once-interactions/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkOpen opens a log of 200,000 interactions, appended one a record as a shop does: it reads and judges all of them, and
// begins to fill a view that is new.
func BenchmarkOpen(b *testing.B) {
	k, err := servers.StartKafka(b.Context(), servers.KafkaOptions{})
	if errors.Is(err, servers.ErrAbsent) {
		b.Skip(err)
	}
	if err != nil {
		b.Fatal(err)
	}
	defer k.Close()
	s := openIngest(b, k.Addrs, "ours")
	const rounds = 10
	for round := range rounds {
		if err := s.client.ProduceSync(b.Context(), records(s, ingestEvents(round*ingestRound, true))...).FirstErr(); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s := openIngest(b, k.Addrs, "ours")
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N)*rounds*ingestRound/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkJudge takes records of one interaction with an ID through the rules, and says what is kept for each beside the tail.
func BenchmarkJudge(b *testing.B) {
	events := ingestEvents(0, true)
	p := newPartition(0)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	for b.Loop() {
		e := &events[n%len(events)]
		e.Interaction.ID = strconv.Itoa(n)
		r := record{kind: kindEntries, entries: []store.Entry{*e}}
		r.entries[0].Position = positionOf(int64(n), 0)
		p.judge(&r, int64(n))
		if n++; n%1000 == 0 {
			p.applied = p.end
			p.shrink(1000)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc))/float64(n), "kept-B/entry")
	runtime.KeepAlive(p)
}

func openIngest(b *testing.B, brokers []string, topic string) *Store {
	s, err := Open(b.Context(), brokers, store.NewMemory(store.MemoryOptions{}), Options{Topic: topic})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// ingestEvents is a turn of a shop: 100,000 users, 20,000 items, sessions and now and then a placement.
func ingestEvents(from int, ids bool) []store.Entry {
	events := make([]store.Entry, ingestRound)
	for i := range events {
		n := from + i
		in := &events[i].Interaction
		*in = store.Interaction{
			User: fmt.Sprintf("user-%d", n*7919%100_000), Item: fmt.Sprintf("item-%d", n*104729%20_000),
			Kind: store.View + store.Kind(n%4), Time: time.UnixMicro(1_750_000_000_000_000 + int64(n)*1000),
			Session: fmt.Sprintf("session-%d", n/8),
		}
		if n%3 == 0 {
			in.Placement = "home"
		}
		if ids {
			in.ID = fmt.Sprintf("%016x", uint64(n)*0x9e3779b97f4a7c15)
		}
	}
	return events
}

// each does something with every number below n, from all writers.
func each(n int, do func(i int) error, b *testing.B) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range ingestWriters {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				if err := do(int(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// records are the records that the store would write.
func records(s *Store, events []store.Entry) []*kgo.Record {
	list := make([]*kgo.Record, len(events))
	for i := range events {
		list[i] = &kgo.Record{
			Topic: s.opts.Topic, Partition: int32(store.PartitionOf(events[i].Interaction.User, len(s.parts))),
			Value: entriesRecord(1, appendEntry(nil, &events[i])),
		}
	}
	return list
}
