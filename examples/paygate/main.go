// Paygate is a payment gateway for demonstrations: a process of its own that a shop can talk to as it would to a real one. No
// money moves. Package gate says what it does; its test cards are those of payments.TestCards.
//
//	go run ./examples/paygate -data gate.db -webhook http://127.0.0.1:8080/webhooks/payments
//
// No shop is served by it yet: the reference shop has no end for webhooks, and tests of payments and orders use package gate.
//
// The API key and the secret of webhooks come from PAYGATE_KEY and PAYGATE_SECRET.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/goldrec/gold/examples/paygate/gate"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "paygate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	addr := flag.String("addr", "127.0.0.1:8090", "address to listen on; port 0 takes any free one")
	data := flag.String("data", "paygate.db", "file that keeps the payments, or postgres://…")
	hook := flag.String("webhook", "", "URL to report to; empty: nowhere")
	flag.Parse()
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	defer listener.Close() // for the errors before it serves
	base := "http://" + listener.Addr().String()
	g, err := gate.Open(ctx, *data, gate.Options{Key: os.Getenv("PAYGATE_KEY"), Base: base, Secret: os.Getenv("PAYGATE_SECRET"), Webhook: *hook})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	var background sync.WaitGroup
	defer background.Wait()
	sending, cancel := context.WithCancel(ctx)
	defer cancel()
	background.Go(func() { _ = g.Run(sending) })
	server := &http.Server{Handler: g, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 90 * time.Second}
	failed := make(chan error, 1)
	background.Go(func() { failed <- server.Serve(listener) })
	fmt.Printf("The gateway is open: %s\n", base)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	return server.Close() // an answer that is cut is asked for again
}
