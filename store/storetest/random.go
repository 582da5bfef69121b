package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

// testRandomHistory runs random calls against a store and against a model of one, which is a few maps and slices; all
// answers must agree.
func testRandomHistory(t *testing.T, f *fixture) {
	for seed := range uint64(3) {
		m := &model{
			f: f, rng: rand.New(rand.NewPCG(seed, 0)), log: f.scan(t, 0), end: f.append(t),
			profiles: make(map[string]store.Profile), pages: make(map[[2]string]modelPage), models: make(map[string]map[uint64]string),
			prefix: fmt.Sprintf("seed-%d-", seed),
		}
		for step := range 400 {
			m.step(t)
			if t.Failed() {
				t.Fatalf("seed %d, step %d", seed, step)
			}
		}
	}
}

type model struct {
	f        *fixture
	rng      *rand.Rand
	prefix   string // of users, so that each seed begins anew
	log      []store.Entry
	end      store.Position
	profiles map[string]store.Profile
	pages    map[[2]string]modelPage
	models   map[string]map[uint64]string
	last     uint64 // model version
}

type modelPage struct {
	page string
	dies time.Time
}

func (m *model) step(t *testing.T) {
	ctx := t.Context()
	user := m.prefix + string(rune('a'+m.rng.IntN(6)))
	switch m.rng.IntN(12) {
	case 0, 1, 2:
		m.append(t)
	case 3:
		m.f.forget(t, user)
		m.log = slices.DeleteFunc(m.log, func(e store.Entry) bool { return e.Interaction.User == user })
	case 4:
		limit := m.rng.IntN(20)
		equal(t, "History", m.history(user, limit), m.f.history(t, user, limit))
	case 5:
		since := store.Position(m.rng.Uint64N(uint64(m.end) + 2))
		equal(t, "Scan", slices.DeleteFunc(slices.Clone(m.log), func(e store.Entry) bool { return e.Position <= since }), m.f.scan(t, since))
	case 6, 7:
		m.putProfile(t, user)
	case 8:
		if m.rng.IntN(3) == 0 {
			if err := m.f.DeleteProfile(ctx, user); err != nil {
				t.Error(err)
			}
			delete(m.profiles, user)
		}
		equal(t, "Segment", m.segment(t, "s1"), m.f.segment(t, "s1"))
	case 9:
		m.putPage(t, user)
	case 10:
		m.usePages(t, user)
	case 11:
		m.useModels(t)
	}
}

func (m *model) append(t *testing.T) {
	batch := make([]store.Interaction, m.rng.IntN(30))
	for i := range batch {
		batch[i] = view(m.prefix+string(rune('a'+m.rng.IntN(6))), m.rng.IntN(1000))
	}
	p := m.f.append(t, batch...)
	if p < m.end || (p == m.end) != (len(batch) == 0) {
		t.Errorf("position %d after %d", p, m.end)
	}
	added := m.f.scan(t, m.end)
	if len(added) != len(batch) {
		t.Errorf("%d entries after a batch of %d", len(added), len(batch))
		return
	}
	for i, e := range added {
		equal(t, "appended", batch[i], e.Interaction)
	}
	m.log = append(m.log, added...)
	m.end = p
}

func (m *model) history(user string, limit int) (history []store.Interaction) {
	for _, e := range slices.Backward(m.log) {
		if e.Interaction.User == user && len(history) < limit {
			history = append(history, e.Interaction)
		}
	}
	return history
}

func (m *model) putProfile(t *testing.T, user string) {
	p := store.Profile{User: user, Version: m.profiles[user].Version}
	if m.rng.IntN(3) == 0 {
		p.Version = m.rng.Uint64N(5)
	}
	for _, segment := range []string{"s1", "s2", "s3"} {
		if m.rng.IntN(2) == 0 {
			p.Segments = append(p.Segments, segment)
		}
	}
	got, err := m.f.PutProfile(t.Context(), p)
	if p.Version != m.profiles[user].Version {
		wantErr(t, "PutProfile", store.ErrConflict, err)
	} else {
		p.Version++
		m.profiles[user] = p
		equal(t, "PutProfile", p, got)
	}
	if want, ok := m.profiles[user]; ok {
		equal(t, "Profile", want, m.f.profile(t, user))
	}
}

func (m *model) segment(t *testing.T, segment string) (users []string) {
	for user, p := range m.profiles {
		if slices.Contains(p.Segments, segment) {
			users = append(users, user)
		}
	}
	for user := range m.f.Segment(t.Context(), segment) { // those of earlier seeds
		if !strings.HasPrefix(user, m.prefix) {
			users = append(users, user)
		}
	}
	slices.Sort(users)
	return users
}

func (m *model) putPage(t *testing.T, user string) {
	key, ttl := fmt.Sprint(m.rng.IntN(3)), time.Duration(1+m.rng.IntN(10))*time.Second
	page := fmt.Sprint(m.rng.Uint64())
	m.f.putPage(t, user, key, page, ttl)
	m.pages[[2]string{user, key}] = modelPage{page, m.f.clock.Now().Add(ttl)}
}

// usePages reads the user's pages. A store may lose a page, but not show one that is dead or dropped.
func (m *model) usePages(t *testing.T, user string) {
	m.f.clock.Advance(time.Duration(m.rng.IntN(4)) * time.Second)
	if m.rng.IntN(4) == 0 {
		if err := m.f.DropPages(t.Context(), user); err != nil {
			t.Error(err)
		}
		for key := range m.pages {
			if key[0] == user {
				delete(m.pages, key)
			}
		}
	}
	for _, key := range []string{"0", "1", "2"} {
		page, err := m.f.Page(t.Context(), user, key)
		want, ok := m.pages[[2]string{user, key}]
		switch {
		case err != nil:
			wantErr(t, "Page", store.ErrNotFound, err)
		case !ok || string(page) != want.page || !m.f.clock.Now().Before(want.dies):
			t.Errorf("Page(%q, %q) = %q, want %+v at %v", user, key, page, want, m.f.clock.Now())
		}
	}
}

func (m *model) useModels(t *testing.T) {
	name := m.prefix + "als"
	if m.models[name] == nil {
		m.models[name] = make(map[uint64]string)
	}
	if m.rng.IntN(2) == 0 {
		data := strings.Repeat("x", m.rng.IntN(2000))
		m.last++
		if version := m.f.putModel(t, name, data); version != m.last {
			t.Errorf("version %d, want %d", version, m.last)
		}
		m.models[name][m.last] = data
	}
	version := 1 + m.rng.Uint64N(m.last+1)
	if m.rng.IntN(3) == 0 {
		if err := m.f.DeleteModel(t.Context(), name, version); err != nil {
			t.Error(err)
		}
		delete(m.models[name], version)
	}
	if data, ok := m.models[name][version]; ok {
		m.f.wantModel(t, name, version, version, data)
	} else if _, _, err := m.f.OpenModel(t.Context(), name, version); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("OpenModel of a version that is not there: %v", err)
	}
}
