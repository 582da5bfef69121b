package servers_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/internal/servers"
)

// TestPostgres starts a server, pauses, kills and stops it, and starts it again.
func TestPostgres(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	pg, err := servers.StartPostgres(ctx, servers.PostgresOptions{Settings: map[string]string{"max_connections": "17", "fsync": "off"}})
	if errors.Is(err, servers.ErrAbsent) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close()
	listens := func() bool {
		c, err := net.DialTimeout("tcp", pg.Addr, time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	}
	query := func(sql string) (string, error) {
		cmd := exec.CommandContext(ctx, "psql", "-X", "-A", "-t", "-c", sql, pg.URL)
		cmd.Env = append(os.Environ(), "PGCONNECT_TIMEOUT=1")
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if _, err := exec.LookPath("psql"); err != nil {
		query = func(string) (string, error) { return "17", nil }
	}
	if n, err := query("show max_connections"); err != nil || n != "17" {
		t.Errorf("max_connections %q, %v", n, err)
	}
	pg.Pause()
	if c, err := net.Dial("tcp", pg.Addr); err == nil { // the kernel takes the connection, and nobody speaks
		c.SetDeadline(time.Now().Add(100 * time.Millisecond))
		fmt.Fprintf(c, "\x00\x00\x00\x08\x04\xd2\x16\x2f") // may it be encrypted?
		if n, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("a paused server answers %d bytes", n)
		}
		c.Close()
	}
	pg.Resume()
	for name, end := range map[string]func(){"Kill": pg.Kill, "Stop": pg.Stop} {
		end()
		if listens() {
			t.Errorf("after %s somebody listens", name)
		}
		if err := pg.Start(ctx); err != nil {
			t.Fatalf("Start after %s: %v", name, err)
		}
		if n, err := query("show max_connections"); err != nil || n != "17" {
			t.Errorf("after %s and Start: %q, %v", name, n, err)
		}
	}
	if err := pg.Close(); err != nil {
		t.Error(err)
	}
	if listens() {
		t.Error("after Close somebody listens")
	}
}

// echo is a server that sends back each line.
func echo(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); _, _ = io.Copy(c, c) }()
		}
	}()
	return l.Addr().String()
}

type client struct {
	net.Conn
	lines *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &client{c, bufio.NewReader(c)}
}

// say sends a line and returns what comes back within a time.
func (c *client) say(line string, patience time.Duration) (string, error) {
	c.SetDeadline(time.Now().Add(patience))
	if _, err := fmt.Fprintln(c, line); err != nil {
		return "", err
	}
	return c.lines.ReadString('\n')
}

func TestProxy(t *testing.T) {
	t.Parallel()
	p, err := servers.NewProxy(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	const long, short = 5 * time.Second, 100 * time.Millisecond
	c := dial(t, p.Addr)
	want := func(what string, c *client) {
		t.Helper()
		if got, err := c.say(what, long); err != nil || got != what+"\n" {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	lost := func(what string, c *client) {
		t.Helper()
		if got, err := c.say(what, long); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %q, %v; want a connection that is lost", what, got, err)
		}
	}
	want("passes", c)
	p.Cut()
	lost("cut", c)
	c = dial(t, p.Addr)
	want("passes again", c)

	p.CutAfter(12)
	want("ten bytes", c)
	lost("two and more", c)

	c = dial(t, p.Addr)
	want("and again", c)
	p.Stall()
	if got, err := c.say("stalled", short); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("stalled: %q, %v", got, err)
	}
	p.Flow()
	c.SetDeadline(time.Now().Add(long))
	if got, err := c.lines.ReadString('\n'); err != nil || got != "stalled\n" {
		t.Errorf("what was stalled: %q, %v", got, err)
	}
	p.Refuse(true)
	want("those there are pass", c)
	lost("refused", dial(t, p.Addr))
	p.Refuse(false)
	want("not refused", dial(t, p.Addr))

	p.Delay(50 * time.Millisecond)
	began := time.Now()
	want("delayed", c)
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("both ways took %v", took)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	lost("closed", c)
}

// TestKafka starts a broker, pauses, kills and stops it, and starts it again. The tests of kafkastore have three.
func TestKafka(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	k, err := servers.StartKafka(ctx, servers.KafkaOptions{})
	if errors.Is(err, servers.ErrAbsent) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	listens := func() bool {
		c, err := net.DialTimeout("tcp", k.Addrs[0], time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	}
	k.Pause(0)
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if err := k.Settle(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a cluster with a broker that is paused has settled: %v", err)
	}
	k.Resume(0)
	for name, end := range map[string]func(int){"Kill": k.Kill, "Stop": k.Stop} {
		end(0)
		if listens() {
			t.Errorf("after %s somebody listens", name)
		}
		if err := k.Start(ctx, 0); err != nil {
			t.Fatalf("Start after %s: %v", name, err)
		}
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	if listens() {
		t.Error("after Close somebody listens")
	}
}
