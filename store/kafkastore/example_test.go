package kafkastore_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/kafkastore"
)

func Example() {
	ctx := context.Background()
	// In a shop the view is a store that lasts, such as that of pebblestore or pgstore.
	view := store.NewMemory(store.MemoryOptions{})
	st, err := kafkastore.Open(ctx, []string{"kafka-1.example:9092", "kafka-2.example:9092"}, view, kafkastore.Options{})
	if err != nil {
		panic(err)
	}
	defer st.Close()
	batch := []store.Entry{{Interaction: store.Interaction{
		ID: "7f3a", User: "ann", Item: "tea", Kind: store.Purchase, Value: 2, Time: time.Now(),
	}}}
	if err := st.Append(ctx, batch); err != nil {
		panic(err)
	}
	fmt.Println("in partition", batch[0].Partition, "at", batch[0].Position)
}

// A new log of more partitions, of which two brokers have each record, and that gives up sooner. It is not run with the tests.
func ExampleOpen() {
	view := store.NewMemory(store.MemoryOptions{})
	st, err := kafkastore.Open(context.Background(), []string{"localhost:9092"}, view, kafkastore.Options{
		Topic: "recommendations", Partitions: 32, Replicas: 2, Timeout: 2 * time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
}
