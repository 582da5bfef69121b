package ledger_test

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/deals"
)

// claimScript is what a shop would write with Redis: a counter of a deal, a limit for each user, and an id that gives one answer.
const claimScript = `local known = redis.call('GET', KEYS[3])
if known then return known end
if tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0') + ARGV[2] > tonumber(ARGV[3]) then return 'limit' end
if tonumber(redis.call('GET', KEYS[1]) or '0') + ARGV[2] > tonumber(ARGV[4]) then return 'sold out' end
redis.call('INCRBY', KEYS[1], ARGV[2])
redis.call('HINCRBY', KEYS[2], ARGV[1], ARGV[2])
redis.call('SET', KEYS[3], 'held', 'EX', 600)
return 'held'`

// The same claims as BenchmarkDiskHot, by a script in Redis that syncs each write (appendfsync always), from as many connections as
// goroutines there.
func BenchmarkRedisHot(b *testing.B) {
	addr := redis(b)
	sha := strings.TrimSpace(ask(b, dial(b, addr), "SCRIPT", "LOAD", claimScript))
	conns := make(chan *conn, 256)
	for range cap(conns) {
		conns <- dial(b, addr)
	}
	hot(b, 128, func(r deals.Request) error {
		c := <-conns
		defer func() { conns <- c }()
		answer, err := c.do("EVALSHA", sha, "3", "taken:"+r.Deal, "users:"+r.Deal, "id:"+r.ID, r.User, "1", "1", strconv.FormatInt(r.Max, 10))
		if err == nil && answer != "held" {
			err = fmt.Errorf("redis: %s", answer)
		}
		return err
	})
}

// redis starts a server of its own and returns its address.
func redis(b *testing.B) string {
	b.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		b.Skip("no redis-server:", err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	cmd := exec.CommandContext(b.Context(), path, "--port", port, "--bind", "127.0.0.1", "--dir", b.TempDir(), "--save", "", "--appendonly", "yes", "--appendfsync", "always")
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	addr := "127.0.0.1:" + port
	for range 100 {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			return addr
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.Fatal("redis-server does not answer")
	return ""
}

// conn speaks the protocol of Redis.
type conn struct {
	net.Conn
	in *bufio.Reader
}

func dial(b *testing.B, addr string) *conn {
	b.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return &conn{c, bufio.NewReader(c)}
}

func ask(b *testing.B, c *conn, args ...string) string {
	b.Helper()
	answer, err := c.do(args...)
	if err != nil {
		b.Fatal(err)
	}
	return answer
}

func (c *conn) do(args ...string) (string, error) {
	out := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, a := range args {
		out = fmt.Appendf(out, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := c.Write(out); err != nil {
		return "", err
	}
	line, err := c.in.ReadString('\n')
	if err != nil {
		return "", err
	}
	if line[0] == '-' {
		return "", fmt.Errorf("redis: %s", strings.TrimSpace(line[1:]))
	}
	if line[0] == '$' {
		line, err = c.in.ReadString('\n')
		return strings.TrimSpace(line), err
	}
	return strings.TrimSpace(line[1:]), nil
}
