package servers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// PostgresOptions says how a PostgreSQL is to run. The zero value works.
type PostgresOptions struct {
	// Settings are parameters of the server beside or instead of those here, such as max_connections.
	Settings map[string]string
}

// Postgres is a PostgreSQL server with one user, postgres, and no password. Its methods are for one goroutine.
type Postgres struct {
	Addr string // host and port
	URL  string // of the database postgres

	bin  string
	dir  string
	args []string
	as   *syscall.SysProcAttr
	p    *process // nil while it does not run
}

// StartPostgres makes a data directory and starts a server on it. It returns when the server answers, or ErrAbsent when
// there is no initdb on the path or where Debian has it. It takes a second or two.
func StartPostgres(ctx context.Context, opts PostgresOptions) (*Postgres, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "gold-postgres-")
	if err != nil {
		return nil, err
	}
	pg := &Postgres{bin: bin, dir: dir}
	if err := pg.initialise(ctx, opts); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := pg.Start(ctx); err != nil {
		return nil, errors.Join(err, pg.Close())
	}
	return pg, nil
}

// postgresBin is the directory of initdb, the newest that Debian has when none is on the path.
func postgresBin() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		return "", fmt.Errorf("%w: no initdb (Debian: postgresql)", ErrAbsent)
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// initialise makes the data directory. A server refuses to run as root, who therefore gives it to another user.
func (pg *Postgres) initialise(ctx context.Context, opts PostgresOptions) error {
	if os.Geteuid() == 0 {
		uid, gid, err := unprivileged()
		if err != nil {
			return err
		}
		if err := os.Chown(pg.dir, uid, gid); err != nil {
			return err
		}
		pg.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	pg.Addr = "127.0.0.1:" + strconv.Itoa(port)
	pg.URL = PostgresURL(pg.Addr)
	data := filepath.Join(pg.dir, "data")
	out, err := pg.command(ctx, "initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8",
		"--locale", "C", "--no-sync").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	settings := map[string]string{
		"listen_addresses": "127.0.0.1", "port": strconv.Itoa(port), "unix_socket_directories": "",
		"shared_buffers": "128MB", "max_wal_size": "1GB", "logging_collector": "off",
	}
	maps.Copy(settings, opts.Settings)
	pg.args = []string{"-D", data}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		pg.args = append(pg.args, "-c", name+"="+settings[name])
	}
	return nil
}

// unprivileged is a user who is not root: the one that Debian has for the server, or nobody.
func unprivileged() (uid, gid int, err error) {
	for _, name := range [...]string{"postgres", "nobody"} {
		var u *user.User
		if u, err = user.Lookup(name); err == nil {
			uid, err = strconv.Atoi(u.Uid)
			if err == nil {
				gid, err = strconv.Atoi(u.Gid)
			}
			return uid, gid, err
		}
	}
	return 0, 0, err
}

// PostgresURL is the URL of the database postgres on a server at an address, or at that of a proxy before it.
func PostgresURL(addr string) string {
	return "postgres://postgres@" + addr + "/postgres?sslmode=disable"
}

func (pg *Postgres) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(pg.bin, name), args...)
	cmd.Dir = pg.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC", "HOME=" + pg.dir}
	cmd.SysProcAttr = pg.as
	return cmd
}

// Start starts a server that was killed or stopped, on what it has left, and returns when it answers.
func (pg *Postgres) Start(ctx context.Context) error {
	log := filepath.Join(pg.dir, "log")
	p, err := startProcess(pg.command(context.Background(), "postgres", pg.args...), log)
	if err != nil {
		return err
	}
	pg.p = p
	host, port := "127.0.0.1", pg.Addr[len("127.0.0.1:"):]
	for {
		if pg.command(ctx, "pg_isready", "-q", "-h", host, "-p", port).Run() == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("postgres has ended; %s", logTail(log))
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w; %s", ctx.Err(), logTail(log))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill ends all processes of the server at once, as a power cut would that leaves the disk alone.
func (pg *Postgres) Kill() {
	pg.p.kill()
	pg.p = nil
}

// Stop ends the server in order, and all connections with it.
func (pg *Postgres) Stop() {
	pg.p.stop(syscall.SIGINT, 10*time.Second)
	pg.p = nil
}

// Pause keeps the server from running until Resume: connections stay, and nothing answers.
func (pg *Postgres) Pause() { pg.p.signalAll(syscall.SIGSTOP) }

// Resume ends a Pause.
func (pg *Postgres) Resume() { pg.p.signalAll(syscall.SIGCONT) }

// Close ends the server and removes its directory.
func (pg *Postgres) Close() error {
	if pg.p != nil {
		pg.Kill()
	}
	return os.RemoveAll(pg.dir)
}
