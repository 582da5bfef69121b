package pgstore_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pgstore"
)

// TestOpenTogether has ten replicas start at once on a database that has nothing.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	pg := server(t)
	name := schema()
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			st, err := pgstore.Open(t.Context(), pg.URL, pgstore.Options{Schema: name, Partitions: 3 + i, ConnsMax: 2})
			if err != nil {
				t.Error(err)
				return
			}
			defer st.Close()
			if err := st.Append(t.Context(), views("ann", 10)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	st := open(t, pg.URL, pgstore.Options{Schema: name})
	defer st.Close()
	if all := scan(t, st); len(all) != 100 {
		t.Errorf("%d entries, want 100", len(all))
	}
}

// TestOpenForeign opens schemas in which something else lies.
func TestOpenForeign(t *testing.T) {
	t.Parallel()
	pg := server(t)
	for name, sql := range map[string]string{
		"table of a name":     "create table %s.profiles (id int)",
		"view of a name":      "create view %s.entries as select 1 as one",
		"meta of another":     "create table %s.meta (key text, value text)",
		"meta with our names": "create table %s.meta (magic text, format int, partitions int); insert into %[1]s.meta values ('theirs', 1, 1)",
		"meta without a row":  "create table %s.meta (magic text, format int, partitions int)",
		"meta with a text":    "create table %s.meta (magic text, format text, partitions int); insert into %[1]s.meta values ('gold store', 'x', 1)",
	} {
		of := schema()
		in := pgx.Identifier{of}.Sanitize()
		exec(t, pg.URL, "create schema "+in)
		exec(t, pg.URL, fmt.Sprintf(sql, in))
		_, err := pgstore.Open(t.Context(), pg.URL, pgstore.Options{Schema: of})
		if !errors.Is(err, pgstore.ErrFormat) || !strings.Contains(err.Error(), of) {
			t.Errorf("%s: %v, want ErrFormat that names the schema", name, err)
		}
	}
	of := schema() // what is in nobody's way
	in := pgx.Identifier{of}.Sanitize()
	exec(t, pg.URL, fmt.Sprintf("create schema %s; create table %[1]s.orders (id int)", in))
	st := open(t, pg.URL, pgstore.Options{Schema: of})
	if err := st.Close(); err != nil {
		t.Error(err)
	}
}

// TestOpenVersions opens tables of a newer version, and of every older one with data in them.
func TestOpenVersions(t *testing.T) {
	t.Parallel()
	pg := server(t)
	name := schema()
	in := pgx.Identifier{name}.Sanitize()
	sql, err := os.ReadFile("migrations/1_log.sql")
	if err != nil {
		t.Fatal(err)
	}
	exec(t, pg.URL, fmt.Sprintf("create schema %s; create table %[1]s.meta (magic text not null, format int not null, partitions int not null);"+
		"insert into %[1]s.meta values ('gold store', 1, 2); set search_path = %[1]s; %s", in, sql), pgx.QueryExecModeSimpleProtocol)
	exec(t, pg.URL, fmt.Sprintf("insert into %s.entries (position, partition, fact, kind, at, user_id, item) values (1, 1, 0, 1, $1, 'ann', 'tea')", in), base)
	st := open(t, pg.URL, pgstore.Options{Schema: name, Partitions: 7})
	if all := scan(t, st); len(all) != 1 || all[0].Interaction != (store.Interaction{User: "ann", Item: "tea", Kind: store.View, Time: base}) {
		t.Errorf("migrated from version 1: %+v", all)
	}
	if _, err := st.PutProfile(t.Context(), store.Profile{User: "ann"}); err != nil {
		t.Error(err)
	}
	exec(t, pg.URL, fmt.Sprintf("update %s.meta set format = 99", in))
	if _, err := pgstore.Open(t.Context(), pg.URL, pgstore.Options{Schema: name}); !errors.Is(err, pgstore.ErrFormat) || !strings.Contains(err.Error(), "99") {
		t.Errorf("a newer version: %v, want ErrFormat that names it", err)
	}
	if err := st.Append(t.Context(), views("ann", 1)); err != nil {
		t.Errorf("a store that was open already: %v", err)
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenInvalid(t *testing.T) {
	t.Parallel()
	pg := server(t)
	for name, opts := range map[string]pgstore.Options{
		"partitions": {Partitions: 257}, "writers": {Writers: -1}, "timeout": {Timeout: time.Hour}, "connections": {ConnsMax: -1},
	} {
		if _, err := pgstore.Open(t.Context(), pg.URL, opts); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	for _, url := range []string{"postgres://%zz", strings.Replace(pg.URL, "/postgres?", "/nowhere?", 1)} {
		if _, err := pgstore.Open(t.Context(), url, pgstore.Options{Schema: schema()}); err == nil || errors.Is(err, pgstore.ErrUnavailable) {
			t.Errorf("%s: %v, want another error", url, err)
		}
	}
	exec(t, pg.URL, "create database latin encoding 'LATIN1' template template0")
	latin := strings.Replace(pg.URL, "/postgres?", "/latin?", 1)
	if _, err := pgstore.Open(t.Context(), latin, pgstore.Options{}); !errors.Is(err, pgstore.ErrFormat) {
		t.Errorf("a database in another encoding: %v, want ErrFormat", err)
	}
	gone := strings.Replace(pg.URL, pg.Addr, "127.0.0.1:1", 1)
	if _, err := pgstore.Open(t.Context(), gone, pgstore.Options{Timeout: 200 * time.Millisecond}); !errors.Is(err, pgstore.ErrUnavailable) {
		t.Errorf("no server: %v, want ErrUnavailable", err)
	}
}
