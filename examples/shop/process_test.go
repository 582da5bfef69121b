package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/goldrec/gold/examples/shop/stock"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pebblestore"
)

// asShop makes the test binary the shop itself, so that tests run the real program without building it a second time.
const asShop = "GOLD_TEST_AS_SHOP"

func TestMain(m *testing.M) {
	if os.Getenv(asShop) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a shop that runs beside the test.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	base string
	log  *bytes.Buffer
	out  chan struct{} // closed when standard output ends
}

// start runs the shop and waits until it says that it is open.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, log: &bytes.Buffer{}, out: make(chan struct{})}
	p.cmd = exec.Command(os.Args[0], append([]string{"-addr", "127.0.0.1:0", "-crowd", "0"}, args...)...)
	p.cmd.Env = append(os.Environ(), asShop+"=1")
	p.cmd.Stderr = p.log
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill(); p.cmd.Wait() })
	opened := make(chan string, 1)
	go func() {
		defer close(p.out)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if m := regexp.MustCompile(`http://[^/ ]+`).FindString(lines.Text()); m != "" {
				opened <- m
			}
		}
	}()
	select {
	case p.base = <-opened:
	case <-p.out:
		t.Fatalf("the shop did not open: %v\n%s", p.cmd.Wait(), p.log)
	case <-time.After(time.Minute):
		t.Fatal("the shop did not open within a minute")
	}
	return p
}

// stop ends the shop by a signal and returns how it ended.
func (p *process) stop(signal os.Signal) error {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	<-p.out
	return p.cmd.Wait()
}

func (p *process) post(path string, body any) (*http.Response, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	resp, err := http.Post(p.base+path, "application/json", bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return resp, err
}

// TestNothingAcknowledgedIsLost ends the shop in the middle of a stream of posts, gently and not, and looks for every
// acknowledged interaction after a restart.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	for _, tt := range []struct {
		name   string
		signal os.Signal
		gentle bool
	}{
		{"SIGTERM", syscall.SIGTERM, true}, {"SIGINT", os.Interrupt, true}, {"SIGKILL", os.Kill, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "shop")
			flags := []string{"-data", data, "-items", "60", "-shoppers", "5"}
			p := start(t, flags...)
			acknowledged := p.hammer(400*time.Millisecond, func() {
				if err := p.stop(tt.signal); tt.gentle && err != nil {
					t.Errorf("ended with %v:\n%s", err, p.log)
				}
			})
			if len(acknowledged) < 20 {
				t.Fatalf("only %d posts were acknowledged", len(acknowledged))
			}
			again := start(t, flags...)
			if resp, err := http.Get(again.base + "/healthz"); err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("after the restart: %v, %v", resp, err)
			}
			if err := again.stop(syscall.SIGTERM); err != nil {
				t.Errorf("the restarted shop ended with %v:\n%s", err, again.log)
			}
			kept := sessions(t, data)
			for _, session := range acknowledged {
				if !kept[session] {
					t.Errorf("%s was acknowledged and is lost", session)
				}
			}
			t.Logf("%d acknowledged", len(acknowledged))
		})
	}
}

// hammer posts from several goroutines, does what ends the shop after a while, and returns the sessions of the posts
// that were acknowledged.
func (p *process) hammer(after time.Duration, end func()) (acknowledged []string) {
	var mu sync.Mutex
	var posting sync.WaitGroup
	ctx, cancel := context.WithCancel(p.t.Context())
	defer cancel()
	for g := range 8 {
		posting.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				session := fmt.Sprintf("test-%d-%d", g, i)
				resp, err := p.post("/api/v1/interactions", map[string]any{
					"user": fmt.Sprint("user-", g), "item": "p00001", "kind": "view", "session": session,
				})
				if err != nil {
					return // the shop is gone
				}
				if resp.StatusCode == http.StatusOK {
					mu.Lock()
					acknowledged = append(acknowledged, session)
					mu.Unlock()
				}
			}
		})
	}
	time.Sleep(after)
	end()
	cancel()
	posting.Wait()
	return acknowledged
}

// sessions is what the closed shop's log holds.
func sessions(t *testing.T, data string) map[string]bool {
	t.Helper()
	st, err := pebblestore.Open(stock.Dir(data).StorePath(), pebblestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	kept := map[string]bool{}
	for entry, err := range st.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		kept[entry.Interaction.Session] = true
	}
	return kept
}

func TestAddressTaken(t *testing.T) {
	p := start(t, "-data", filepath.Join(t.TempDir(), "a"), "-items", "50", "-shoppers", "5")
	cmd := exec.Command(os.Args[0], "-addr", strings.TrimPrefix(p.base, "http://"), "-data", filepath.Join(t.TempDir(), "b"))
	cmd.Env = append(os.Environ(), asShop+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "is taken by another program; choose another address with -addr") {
		t.Errorf("%v: %s", err, out)
	}
	req, err := http.NewRequest("GET", p.base+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example"
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.Body.Close() != nil || resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("by a name that is not of this machine: %v (%v)", resp, err)
	}
}

func TestFlags(t *testing.T) {
	for _, tt := range []struct {
		args, want string // want is part of the error; empty: none
	}{
		{"", ""},
		{"-import online-retail FILE -seed 7", ""},
		{"-import=online-retail -addr :0 FILE", ""},
		{"FILE", `what is "FILE"?`},
		{"-import online-retail", "name the FILE"},
		{"-import instacart FILE", "the only data set it knows is online-retail"},
		{"-evaluate", "needs -import"},
		{"-items 0", "-items goes from 1"},
		{"-train 0s", "must be above 0"},
		{"-golden 6pm", "not a time such as 18:00"},
		{"-zone Moon/Crater", "unknown time zone"},
		{"-data= -items 5", "must name a directory"},
		{"-seed -1", "invalid value"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			cfg, err := parseFlags(strings.Fields(tt.args), io.Discard)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if strings.Contains(tt.args, "FILE") && err == nil && cfg.file != "FILE" {
				t.Errorf("file %q", cfg.file)
			}
		})
	}
}
