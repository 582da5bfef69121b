package servers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// RedisOptions says how the nodes of a Redis Cluster are to run. The zero value works.
type RedisOptions struct {
	// Settings are parameters of each node beside or instead of those here, such as maxmemory.
	Settings map[string]string
}

// redisNodes is three masters and a replica of each.
const redisNodes = 6

// RedisCluster is six Redis servers: three masters with all slots between them and a replica of each, which takes over a
// second after its master is gone. Its methods are for one goroutine.
type RedisCluster struct {
	Addrs []string // host and port of each node

	dir      string
	settings map[string]string
	nodes    []*process // nil for one that does not run
}

// StartRedisCluster starts a cluster and returns when all of its nodes agree that it is one and its replicas follow their
// masters, or ErrAbsent when there is no redis-server and redis-cli on the path. It takes a few seconds.
func StartRedisCluster(ctx context.Context, opts RedisOptions) (*RedisCluster, error) {
	for _, name := range [...]string{"redis-server", "redis-cli"} {
		if _, err := exec.LookPath(name); err != nil {
			return nil, fmt.Errorf("%w: no %s (Debian: redis-server)", ErrAbsent, name)
		}
	}
	dir, err := os.MkdirTemp("", "gold-redis-")
	if err != nil {
		return nil, err
	}
	r := &RedisCluster{dir: dir, nodes: make([]*process, redisNodes), settings: map[string]string{
		"bind": "127.0.0.1", "save": "", "appendonly": "no", "cluster-enabled": "yes", "cluster-node-timeout": "1000",
		"repl-diskless-sync-delay": "0", "daemonize": "no",
	}}
	maps.Copy(r.settings, opts.Settings)
	if err := r.create(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *RedisCluster) create(ctx context.Context) error {
	for i := range redisNodes {
		port, err := clusterPort()
		if err != nil {
			return err
		}
		r.Addrs = append(r.Addrs, "127.0.0.1:"+strconv.Itoa(port))
		if err := r.Start(ctx, i); err != nil {
			return err
		}
	}
	args := append([]string{"--cluster", "create"}, r.Addrs...)
	args = append(args, "--cluster-replicas", "1", "--cluster-yes")
	if out, err := exec.CommandContext(ctx, "redis-cli", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("redis-cli --cluster create: %w: %s", err, out)
	}
	return r.Settle(ctx)
}

// clusterPort is a free port whose neighbour ten thousand above, which the nodes use among themselves, is free too.
func clusterPort() (int, error) {
	for range 100 {
		port, err := freePort()
		if err != nil {
			return 0, err
		}
		if port+10_000 > 65_535 {
			continue
		}
		if l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port+10_000)); err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("servers: no free port below 55536")
}

// Start starts a node that was killed, or for the first time, and returns when it answers.
func (r *RedisCluster) Start(ctx context.Context, node int) error {
	dir := filepath.Join(r.dir, strconv.Itoa(node))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(r.Addrs[node])
	args := []string{"--port", port, "--dir", dir}
	for _, name := range slices.Sorted(maps.Keys(r.settings)) {
		args = append(args, "--"+name, r.settings[name])
	}
	log := filepath.Join(dir, "log")
	p, err := startProcess(exec.Command("redis-server", args...), log)
	if err != nil {
		return err
	}
	r.nodes[node] = p
	for {
		if out, _ := r.Command(ctx, node, "PING"); out == "PONG" {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("redis-server has ended; %s", logTail(log))
		case <-ctx.Done():
			return fmt.Errorf("redis-server does not answer: %w; %s", ctx.Err(), logTail(log))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Command sends a node a command and returns the answer as redis-cli prints it.
func (r *RedisCluster) Command(ctx context.Context, node int, args ...string) (string, error) {
	host, port, _ := net.SplitHostPort(r.Addrs[node])
	out, err := exec.CommandContext(ctx, "redis-cli", append([]string{"-h", host, "-p", port}, args...)...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// Settle returns when every node that runs says that the cluster is whole, knows as many nodes as the others, and is a
// master or follows one.
func (r *RedisCluster) Settle(ctx context.Context) error {
	for node := range r.nodes {
		for r.nodes[node] != nil && !r.settled(ctx, node) {
			select {
			case <-ctx.Done():
				info, _ := r.Command(context.WithoutCancel(ctx), node, "CLUSTER", "NODES")
				return fmt.Errorf("redis node %d does not settle: %w: %s", node, ctx.Err(), info)
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}

func (r *RedisCluster) settled(ctx context.Context, node int) bool {
	info, err := r.Command(ctx, node, "CLUSTER", "INFO")
	if err != nil || !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(redisNodes)) {
		return false
	}
	role, err := r.Command(ctx, node, "INFO", "replication")
	return err == nil && (strings.Contains(role, "role:master") || strings.Contains(role, "master_link_status:up"))
}

// Master is the first running node that is a master, or -1.
func (r *RedisCluster) Master(ctx context.Context) int {
	for node, p := range r.nodes {
		if p == nil {
			continue
		}
		if role, err := r.Command(ctx, node, "INFO", "replication"); err == nil && strings.Contains(role, "role:master") {
			return node
		}
	}
	return -1
}

// MasterOf is the running node that answers for a key, or -1.
func (r *RedisCluster) MasterOf(ctx context.Context, key string) int {
	for node, p := range r.nodes {
		if p == nil {
			continue
		}
		if answer, err := r.Command(ctx, node, "EXISTS", key); err == nil && !strings.Contains(answer, "MOVED") {
			return node
		}
	}
	return -1
}

// Kill ends a node at once.
func (r *RedisCluster) Kill(node int) {
	r.nodes[node].kill()
	r.nodes[node] = nil
}

// Pause keeps a node from running until Resume.
func (r *RedisCluster) Pause(node int) { r.nodes[node].signalAll(syscall.SIGSTOP) }

// Resume ends a Pause.
func (r *RedisCluster) Resume(node int) { r.nodes[node].signalAll(syscall.SIGCONT) }

// Close ends all nodes and removes their directories.
func (r *RedisCluster) Close() error {
	for node, p := range r.nodes {
		if p != nil {
			r.Kill(node)
		}
	}
	return os.RemoveAll(r.dir)
}
