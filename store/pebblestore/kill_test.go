package pebblestore_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pebblestore"
)

// The child of TestKill finds its directory in this variable, and what its items begin with in the other.
const killDir, killRound = "PEBBLESTORE_KILL_DIR", "PEBBLESTORE_KILL_ROUND"

const (
	killRounds  = 100
	killWriters = 6
)

// TestKillChild is no test but the process that TestKill kills: it appends from several goroutines, for ever, and
// writes a line to its output for each batch that was acknowledged.
func TestKillChild(t *testing.T) {
	dir, round := os.Getenv(killDir), os.Getenv(killRound)
	if dir == "" {
		t.Skip("runs as the child of TestKill")
	}
	st := open(t, dir, pebblestore.Options{})
	fmt.Println("\nready") // on a line of its own, after what package testing prints
	for w := range killWriters {
		go func() {
			user := fmt.Sprintf("user-%d", w)
			for n := 0; ; n++ {
				batch := make([]store.Entry, 1+n%3)
				for i := range batch {
					batch[i].Interaction = killed(user, fmt.Sprintf("%s-%d-%d", round, n, i), n)
				}
				if err := st.Append(t.Context(), batch); err != nil {
					fmt.Println("error", err)
					return
				}
				last := batch[len(batch)-1].Position
				fmt.Printf("ack %d %s %s-%d %d\n", last, user, round, n, len(batch)) // one write, not torn
			}
		}()
	}
	time.Sleep(time.Minute) // TestKill is quicker
}

func killed(user, item string, n int) store.Interaction {
	return store.Interaction{
		ID: "id of " + item, User: user, Item: item, Kind: store.Purchase, Value: float64(n) + 0.5, Session: "session of " + item,
		Time: time.UnixMicro(1_700_000_000_000_000 + int64(n)).UTC(),
	}
}

// TestKill kills a process that appends, a hundred times at random moments, on one directory. After each, everything
// that was ever acknowledged is in Scan at its position, and in History; nothing is torn, and no batch is there in
// part.
func TestKill(t *testing.T) {
	rounds := killRounds
	if testing.Short() {
		rounds = 10
	}
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	acked := make(map[string]ack) // by user and batch
	var since store.Position      // the end after the last round: what lies before does not change
	var total, positions int
	for round := range rounds {
		news := killOnce(t, dir, round, time.Duration(rng.IntN(60_000))*time.Microsecond)
		for _, a := range news {
			acked[a.user+" "+a.batch] = a
		}
		total += len(news)
		var n int
		since, n = checkKilled(t, dir, since, news)
		positions += n
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
	checkAllKilled(t, dir, acked, positions)
	t.Logf("%d batches acknowledged before %d kills, %d interactions there", total, rounds, positions)
	if total < rounds {
		t.Errorf("only %d batches were acknowledged: the children hardly ran", total)
	}
}

// ack is a batch that the child said was acknowledged.
type ack struct {
	last  store.Position
	user  string
	batch string // its items are numbered after it
	n     int
}

// killOnce runs the child until it has been ready for so long, and returns what it acknowledged.
func killOnce(t *testing.T, dir string, round int, after time.Duration) (acks []ack) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKillChild$", "-test.v")
	cmd.Env = append(os.Environ(), killDir+"="+dir, fmt.Sprintf("%s=%d", killRound, round))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var timer *time.Timer
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "ready":
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		case strings.HasPrefix(line, "ack "):
			var a ack
			if n, _ := fmt.Sscanf(line, "ack %d %s %s %d", &a.last, &a.user, &a.batch, &a.n); n == 4 {
				acks = append(acks, a)
			}
		case strings.HasPrefix(line, "error "):
			t.Error("child:", line)
		}
	}
	err = cmd.Wait()
	if timer == nil || err == nil || err.Error() != "signal: killed" {
		t.Fatalf("round %d: the child ended by itself: %v", round, err)
	}
	return acks
}

// checkKilled reads what was appended since the last round. It returns the new end, and the number of entries.
func checkKilled(t *testing.T, dir string, since store.Position, acks []ack) (store.Position, int) {
	t.Helper()
	st := open(t, dir, pebblestore.Options{})
	defer st.Close()
	there := make(map[string]store.Position)
	batches := make(map[string]int)
	n, last := 0, since
	for e, err := range st.Scan(t.Context(), store.Place{}.With(0, since)) {
		if err != nil {
			t.Fatal(err)
		}
		in := e.Interaction
		var round, batch, i int
		if k, _ := fmt.Sscanf(in.Item, "%d-%d-%d", &round, &batch, &i); k != 3 || in != killed(in.User, in.Item, batch) || e.Position <= last {
			t.Errorf("torn: %+v after %d", e, last)
		}
		there[in.User+" "+in.Item] = e.Position
		batches[fmt.Sprintf("%s %d-%d", in.User, round, batch)]++
		last = e.Position
		n++
	}
	for name, got := range batches {
		var user string
		var round, batch int
		if _, err := fmt.Sscanf(name, "%s %d-%d", &user, &round, &batch); err != nil || got != 1+batch%3 {
			t.Errorf("%d of the %d interactions of batch %s are there", got, 1+batch%3, name)
		}
	}
	for _, a := range acks {
		if got := there[fmt.Sprintf("%s %s-%d", a.user, a.batch, a.n-1)]; got != a.last {
			t.Errorf("%+v was acknowledged and is at %d", a, got)
		}
	}
	return last, n
}

// checkAllKilled compares the histories and the whole log with all that was acknowledged in all rounds.
func checkAllKilled(t *testing.T, dir string, acked map[string]ack, want int) {
	t.Helper()
	st := open(t, dir, pebblestore.Options{})
	defer st.Close()
	there := make(map[string]int)
	scanned := 0
	for e, err := range st.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		there[e.Interaction.User]++
		scanned++
	}
	if scanned != want {
		t.Errorf("%d entries in the end, were %d", scanned, want)
	}
	found := make(map[string]int)
	for user, n := range there {
		history, err := st.History(t.Context(), user, 1<<30)
		if err != nil || len(history) != n {
			t.Errorf("history of %s: %d, %v; the log has %d", user, len(history), err, n)
		}
		for _, e := range history {
			item := e.Interaction.Item
			found[user+" "+item[:strings.LastIndex(item, "-")]]++
		}
	}
	for name, a := range acked {
		if found[name] != a.n {
			t.Errorf("%+v was acknowledged, the history has %d of it", a, found[name])
		}
	}
}
