package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/goldrec/gold/internal/servers"
	"github.com/goldrec/gold/store"
)

// asReplica in the environment makes a process of this test a replica, with its arguments.
const asReplica = "GOLD_TEST_REPLICA"

func TestMain(m *testing.M) {
	if os.Getenv(asReplica) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// postgres starts a server for a test, or skips the test where there is none.
func postgres(t *testing.T) *servers.Postgres {
	t.Helper()
	pg, err := servers.StartPostgres(t.Context(), servers.PostgresOptions{Settings: map[string]string{"max_connections": "200"}})
	if errors.Is(err, servers.ErrAbsent) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Close(); err != nil {
			t.Error(err)
		}
	})
	return pg
}

// member is one process of a fleet. It listens where it did before, after it was killed.
type member struct {
	args            []string
	listen, private string
	mu              sync.Mutex // held while the process is replaced
	cmd             *exec.Cmd
	log             bytes.Buffer
	starts          atomic.Int64
}

// start starts the process and returns when it serves.
func (m *member) start(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	args := append([]string{"-listen", m.listen, "-private", m.private}, m.args...)
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asReplica+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = &m.log
	if err := cmd.Start(); err != nil {
		return err
	}
	m.cmd = cmd
	var listen, private string
	served := make(chan error, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if n, _ := fmt.Sscanf(strings.ReplaceAll(lines.Text(), ",", " "), "serving on %s private on %s", &listen, &private); n == 2 {
				break
			}
		}
		served <- nil
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case <-served:
		if listen == "" {
			err = errors.New("it ended")
		}
	case <-time.After(time.Minute):
		err = errors.New("it does not serve after a minute")
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return fmt.Errorf("replica %v: %w: %s", args, err, m.log.String())
	}
	if m.starts.Add(1) == 1 {
		m.listen, m.private = listen, private // to stay there
	}
	return nil
}

// kill ends the process without a word.
func (m *member) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = m.cmd.Process.Kill()
	_ = m.cmd.Wait()
}

// stop asks the process to end and returns what it had to say when it has not ended well.
func (m *member) stop() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := m.cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, m.log.String())
	}
	return nil
}

// startFleet starts so many processes that serve, and one that trains, which is the last.
func startFleet(t *testing.T, url string, serve int, train time.Duration, args ...string) []*member {
	t.Helper()
	catalogue := filepath.Join(t.TempDir(), "products.jsonl")
	if err := os.WriteFile(catalogue, products(), 0o600); err != nil {
		t.Fatal(err)
	}
	var fleet []*member
	for i := range serve + 1 {
		m := &member{listen: "127.0.0.1:0", private: "127.0.0.1:0", args: append([]string{"-store", url, "-catalogue", catalogue, "-drain=0"}, args...)}
		if i == serve {
			m.args = append(m.args, "-role", "train", "-train", train.String())
		}
		if err := m.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(m.kill)
		fleet = append(fleet, m)
	}
	return fleet
}

const items = 300

// products are the lines of a catalogue: so many items of ten categories.
func products() []byte {
	var b bytes.Buffer
	for i := range items {
		fmt.Fprintf(&b, `{"id":"item-%d","title":"Item %d","categories":["c%d"]}`+"\n", i, i, i%10)
	}
	return b.Bytes()
}

// client speaks to one address at a time.
var client = &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

func (m *member) do(ctx context.Context, method, path string, body, answer any) error {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+m.listen+path, in)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	if answer != nil {
		return json.Unmarshal(text, answer)
	}
	return nil
}

func (m *member) record(ctx context.Context, batch ...store.Interaction) error {
	return m.do(ctx, http.MethodPost, "/v1/interactions", batch, nil)
}

func (m *member) page(ctx context.Context, user string) (page, error) {
	var p page
	err := m.do(ctx, http.MethodGet, "/v1/recommendations?n=20&user="+user, nil, &p)
	return p, err
}

func (p page) has(item string) bool {
	for i := range p.Items {
		if p.Items[i].Item == item {
			return true
		}
	}
	return false
}

func (p page) items() (list []string) {
	for i := range p.Items {
		list = append(list, p.Items[i].Item)
	}
	return list
}
