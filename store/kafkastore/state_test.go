package kafkastore_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/kafkastore"
)

// TestFormat opens topics that are not a log's, or not any more.
func TestFormat(t *testing.T) {
	t.Parallel()
	k := server(t)
	adm := admin(t, k.Addrs)
	create := func(t *testing.T, partitions int32, policy string, name string) {
		t.Helper()
		if _, err := adm.CreateTopic(t.Context(), partitions, 1, map[string]*string{"cleanup.policy": &policy}, name); err != nil {
			t.Fatal(err)
		}
	}
	made := func(t *testing.T, name string) {
		t.Helper()
		st := open(t, k.Addrs, memory(nil), kafkastore.Options{Topic: name, Partitions: 2})
		if err := errors.Join(st.Append(t.Context(), views("ann", 1)), st.Close()); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		do   func(t *testing.T, name string)
		want string // in the error, which is ErrFormat; "" for none
	}{
		"another program's": {func(t *testing.T, name string) {
			create(t, 1, "delete", name)
			produce(t, k.Addrs, name, []byte(`{"order": 7}`))
		}, "another program"},
		"another program's state": {func(t *testing.T, name string) {
			create(t, 1, "compact", name+".state")
			produce(t, k.Addrs, name+".state", []byte("x"))
		}, "another program"},
		"more partitions": {func(t *testing.T, name string) {
			made(t, name)
			if _, err := adm.CreatePartitions(t.Context(), 1, name); err != nil {
				t.Fatal(err)
			}
		}, "2 partitions"},
		"compacted":         {func(t *testing.T, name string) { create(t, 1, "compact", name) }, "compacted"},
		"a newer record":    {func(t *testing.T, name string) { made(t, name); produce(t, k.Addrs, name, []byte{2, 1, 0}) }, "version 2"},
		"a damaged record":  {func(t *testing.T, name string) { made(t, name); produce(t, k.Addrs, name, []byte{1, 1, 9}) }, "cannot be read"},
		"an operator's own": {func(t *testing.T, name string) { create(t, 5, "delete", name) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			name := topic()
			test.do(t, name)
			st, err := kafkastore.Open(t.Context(), k.Addrs, memory(nil), kafkastore.Options{Topic: name, Partitions: 2})
			if err == nil {
				defer st.Close()
			}
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (!errors.Is(err, kafkastore.ErrFormat) || !strings.Contains(err.Error(), test.want)):
				t.Errorf("%v, want ErrFormat and %q", err, test.want)
			}
		})
	}
}

// TestNewerRecord has a program of a newer version append while this one is at work: it says so from then on, and so that
// nobody has to wait.
func TestNewerRecord(t *testing.T) {
	t.Parallel()
	k := server(t)
	name := topic()
	st := open(t, k.Addrs, memory(nil), kafkastore.Options{Topic: name, Partitions: 1})
	defer st.Close()
	end, err := st.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- st.Wait(t.Context(), end) }()
	produce(t, k.Addrs, name, []byte{2, 1, 0})
	_, err = st.End(t.Context())
	for what, err := range map[string]error{"End": err, "Wait": <-waiting} {
		if !errors.Is(err, kafkastore.ErrFormat) {
			t.Errorf("%s: %v, want ErrFormat", what, err)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]kafkastore.Options{
		"too many partitions": {Partitions: 257}, "partitions": {Partitions: -1}, "replicas": {Replicas: -1}, "tail": {Tail: -1}, "timeout": {Timeout: time.Second - 1},
	} {
		if _, err := kafkastore.Open(t.Context(), []string{"127.0.0.1:1"}, memory(nil), opts); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	_, err := kafkastore.Open(t.Context(), []string{"127.0.0.1:1"}, memory(nil), kafkastore.Options{Timeout: time.Second})
	if !errors.Is(err, kafkastore.ErrUnavailable) {
		t.Errorf("nobody there: %v, want ErrUnavailable", err)
	}
}

// TestViewOfAnother gives a log a view that has another's.
func TestViewOfAnother(t *testing.T) {
	t.Parallel()
	k := server(t)
	view := memory(nil)
	if err := view.Append(t.Context(), views("ann", 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := kafkastore.Open(t.Context(), k.Addrs, view, kafkastore.Options{Topic: topic()}); !errors.Is(err, kafkastore.ErrFormat) {
		t.Errorf("a view with a log of its own: %v, want ErrFormat", err)
	}
}

// TestManyOpen has ten processes open a log that is not there, all at once.
func TestManyOpen(t *testing.T) {
	t.Parallel()
	k := server(t)
	name := topic()
	stores := make([]*kafkastore.Store, 10)
	var wg sync.WaitGroup
	for i := range stores {
		wg.Go(func() {
			var err error
			stores[i], err = kafkastore.Open(t.Context(), k.Addrs, memory(nil), kafkastore.Options{Topic: name, Partitions: 1 + i})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	for i, st := range stores {
		if err := st.Append(t.Context(), views(fmt.Sprint("user-", i), 1)); err != nil {
			t.Error(err)
		}
	}
	want := scan(t, stores[0])
	for _, st := range stores {
		if all := scan(t, st); len(all) != len(stores) || !slices.Equal(all, want) {
			t.Errorf("%d entries, want those of all: %d", len(all), len(want))
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDeleted trims while another process reads, which has to do without the records that it never saw: what it says in the
// end is what all others say.
func TestDeleted(t *testing.T) {
	t.Parallel()
	k := server(t)
	name := topic()
	opts := kafkastore.Options{Topic: name, Partitions: 1}
	a := open(t, k.Addrs, memory(nil), opts)
	defer a.Close()
	old := views("ann", 3)
	old[0].Interaction.ID, old[1].Interaction.ID = "first", "second"
	late := views("ann", 2) // IDs that are there, of entries that will outlive the first
	for i := range late {
		late[i].Interaction.ID, late[i].Interaction.Time = old[i].Interaction.ID, base.Add(time.Hour)
	}
	young := views("bob", 1)
	young[0].Interaction.Time = base.Add(time.Hour)
	ctx := t.Context()
	for _, call := range []func() error{
		func() error { return a.Append(ctx, old) },
		func() error {
			return a.Append(ctx, []store.Entry{{Fact: store.ProfileChanged, Interaction: store.Interaction{User: "ann", Time: base}}})
		},
		func() error { return a.Append(ctx, young) },
		func() error { return a.Append(ctx, late) },
		func() error { return a.Trim(ctx, base.Add(time.Nanosecond)) }, // times are whole microseconds
	} {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}
	if late[0].Position != 0 || late[1].Position != 0 {
		t.Errorf("IDs that were there got positions %d and %d", late[0].Position, late[1].Position)
	}
	starts, err := admin(t, k.Addrs).ListStartOffsets(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	if start, _ := starts.Lookup(name, 0); start.Offset != 2 {
		t.Errorf("the topic begins at %d, want 2: the records before have nothing that lives", start.Offset)
	}
	b := open(t, k.Addrs, memory(nil), opts)
	defer b.Close()
	for what, of := range map[string]func(st *kafkastore.Store) (any, error){
		"end":     func(st *kafkastore.Store) (any, error) { return st.End(ctx) },
		"trimmed": func(st *kafkastore.Store) (any, error) { return st.Trimmed(ctx) },
		"scan":    func(st *kafkastore.Store) (any, error) { return fmt.Sprint(scan(t, st)), nil },
		"history": func(st *kafkastore.Store) (any, error) {
			h, err := st.History(ctx, "ann", 10)
			return fmt.Sprint(h), err
		},
	} {
		x, err := of(a)
		y, err2 := of(b)
		if err != nil || err2 != nil || x != y {
			t.Errorf("%s: %v of who saw it all, and %v; %v, %v", what, x, y, err, err2)
		}
	}
	if trimmed, _ := b.Trimmed(ctx); trimmed.IsZero() {
		t.Error("Trimmed does not tell of the changed profile")
	}
	if n := len(scan(t, b)); n != 1 {
		t.Errorf("%d entries, want bob's", n)
	}
}

// TestSharedView has two processes share a view: one keeps it up, and when it is gone the other does.
func TestSharedView(t *testing.T) {
	t.Parallel()
	k := server(t)
	view := kept{memory(nil)}
	opts := kafkastore.Options{Topic: topic(), Partitions: 2, Tail: 1}
	a, b := open(t, k.Addrs, view, opts), open(t, k.Addrs, view, opts)
	defer b.Close()
	inView := func(st store.Store, user string, want int) {
		t.Helper()
		for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
			found, err := view.History(t.Context(), user, 1000)
			if err != nil || time.Since(began) > 30*time.Second {
				t.Fatalf("the view has %d entries of %s, want %d; %v", len(found), user, want, err)
			}
			if len(found) == want {
				break
			}
		}
		history, err := st.History(t.Context(), user, 1000)
		if err != nil || len(history) != want {
			t.Errorf("%d entries of %s, want %d; %v", len(history), user, want, err)
		}
	}
	if err := b.Append(t.Context(), views("ann", 100)); err != nil {
		t.Fatal(err)
	}
	inView(b, "ann", 100)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Append(t.Context(), views("bob", 100)), b.Forget(t.Context(), "ann")); err != nil {
		t.Fatal(err)
	}
	inView(b, "bob", 100)
	inView(b, "ann", 0)
	if err := b.Trim(t.Context(), base.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	inView(b, "bob", 0) // not only hidden
	if _, err := view.Current(context.Background(), "none"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

// TestAtOnce has what one process was acknowledged show in the next scan of another, and what was forgotten and trimmed not.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	k := server(t)
	opts := kafkastore.Options{Topic: topic(), Partitions: 2}
	a, b := open(t, k.Addrs, memory(nil), opts), open(t, k.Addrs, memory(nil), opts)
	defer a.Close()
	defer b.Close()
	for round := range 30 {
		user := fmt.Sprint("user-", round)
		before := len(scan(t, b))
		if err := a.Append(t.Context(), views(user, 1)); err != nil {
			t.Fatal(err)
		}
		if n := len(scan(t, b)); n != before+1 {
			t.Fatalf("round %d: %d entries after an append, before it %d", round, n, before)
		}
		if err := a.Forget(t.Context(), user); err != nil {
			t.Fatal(err)
		}
		if all := scan(t, b); len(without(all, store.Forgotten)) != 0 {
			t.Fatalf("round %d: %v is shown, and all are forgotten", round, all)
		}
	}
	if err := a.Trim(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if told, err := b.Trimmed(t.Context()); err != nil || told.IsZero() {
		t.Errorf("Trimmed says %v, %v; another has trimmed Forgotten entries", told, err)
	}
	if n := len(scan(t, b)); n != 0 {
		t.Errorf("%d entries, and all are trimmed", n)
	}
}

// TestTrimOfOne has a trim in one partition of two, as of a process that was killed between them, and more behind it than the
// store reads ahead of its view: it goes on all the same, and the next trim takes from the view what this one has not.
func TestTrimOfOne(t *testing.T) {
	t.Parallel()
	k := server(t)
	name := topic()
	view := kept{memory(nil)}
	st := open(t, k.Addrs, view, kafkastore.Options{Topic: name, Partitions: 2, Tail: 10})
	defer st.Close()
	user := ""
	for n := 0; user == "" || store.PartitionOf(user, 2) != 0; n++ {
		user = fmt.Sprint("user-", n)
	}
	if err := st.Append(t.Context(), views(user, 20)); err != nil {
		t.Fatal(err)
	}
	produce(t, k.Addrs, name, append([]byte{1, 3}, binary.AppendVarint(nil, base.Add(time.Hour).UnixMicro())...))
	if err := st.Append(t.Context(), views(user, 200)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for n := 0; n < 220; {
		found, err := view.History(t.Context(), user, 1000)
		if n = len(found); err != nil || time.Since(began) > 25*time.Second {
			t.Fatalf("the view has %d entries, %v", n, err)
		}
	}
	if history, err := st.History(t.Context(), user, 1000); err != nil || len(history) != 200 {
		t.Errorf("%d entries in the history, %v; want those after the trim", len(history), err)
	}
	if err := st.Trim(t.Context(), base.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for n := 1; n > 0; {
		found, err := view.History(t.Context(), user, 1000)
		if n = len(found); err != nil || time.Since(began) > 50*time.Second {
			t.Fatalf("the view still has %d entries, %v", n, err)
		}
	}
}
