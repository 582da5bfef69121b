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
			f: f, rng: rand.New(rand.NewPCG(seed, 0)), log: f.scan(t, store.Place{}), end: f.end(t), trimmed: f.trimmed(t),
			profiles: make(map[string]store.Profile), models: make(map[string]map[uint64]string),
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
	end      store.Place
	trimmed  store.Place
	ids      int
	profiles map[string]store.Profile
	models   map[string]map[uint64]string
	last     uint64 // model version
	current  uint64
	fence    uint64
}

func (m *model) step(t *testing.T) {
	ctx := t.Context()
	user := m.prefix + string(rune('a'+m.rng.IntN(6)))
	switch m.rng.IntN(12) {
	case 0, 1, 2:
		m.append(t)
	case 3:
		m.forget(t, user)
	case 4:
		limit := m.rng.IntN(20)
		equal(t, "History", m.history(user, limit), m.f.historyEntries(t, user, limit))
	case 5:
		m.scan(t)
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
		m.useModels(t)
	case 10:
		m.setCurrent(t)
	case 11:
		m.f.clock.Advance(time.Duration(m.rng.IntN(60)) * time.Second)
		before := base.Add(time.Duration(m.rng.IntN(m.rng.IntN(1000)+1)) * time.Second)
		m.f.trim(t, before)
		m.trimmed = trimmedTo(m.trimmed, m.log, before)
		equal(t, "Trimmed", m.trimmed, m.f.trimmed(t))
		m.log = without(m.log, func(e store.Entry) bool { return trimmed(e, before) })
	}
}

func (m *model) append(t *testing.T) {
	batch := make([]store.Entry, m.rng.IntN(30))
	for i := range batch {
		e := &batch[i]
		e.Interaction = view(m.prefix+string(rune('a'+m.rng.IntN(6))), m.rng.IntN(1000))
		if m.rng.IntN(3) == 0 {
			e.Fact = store.Exposed
		}
		if m.rng.IntN(3) == 0 {
			m.ids++
			e.Interaction.ID = fmt.Sprint(m.rng.IntN(m.ids/2 + 1))
		}
	}
	want := slices.Clone(batch)
	m.f.appendFacts(t, batch...)
	for i, e := range batch {
		known := e.Interaction.ID != "" && slices.ContainsFunc(m.log, func(o store.Entry) bool {
			return o.Interaction.User == e.Interaction.User && o.Interaction.ID == e.Interaction.ID
		})
		switch {
		case known != (e.Position == 0):
			t.Errorf("%+v, and its ID was in the log: %v", e, known)
		case !known && e.Position <= m.end.At(e.Partition):
			t.Errorf("%+v after %v", e, m.end)
		case !known:
			m.end = after(m.end, e)
			want[i].Partition, want[i].Position = e.Partition, e.Position
			m.log = append(m.log, want[i])
		}
	}
	byPartition(m.log)
	equal(t, "End", m.end, m.f.end(t))
}

func (m *model) forget(t *testing.T, user string) {
	m.f.forget(t, user)
	m.log = without(m.log, of(user))
	added := m.f.scan(t, m.end)
	if len(added) != 1 {
		t.Errorf("%d entries after Forget, want 1", len(added))
		return
	}
	equal(t, "Forgotten", m.f.forgottenOf(user, added), added[0])
	m.log = byPartition(append(m.log, added...))
	m.end = after(m.end, added...)
}

// scan reads from a place between any two entries.
func (m *model) scan(t *testing.T) {
	var since store.Place
	if len(m.log) > 0 {
		e := m.log[m.rng.IntN(len(m.log))]
		since = since.With(e.Partition, e.Position-store.Position(m.rng.IntN(2)))
	}
	equal(t, "Scan", without(m.log, func(e store.Entry) bool { return e.Position <= since.At(e.Partition) }), m.f.scan(t, since))
}

func (m *model) history(user string, limit int) (history []store.Entry) {
	for _, e := range slices.Backward(m.log) {
		if e.Fact == store.Interacted && e.Interaction.User == user && len(history) < limit {
			history = append(history, e)
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
		if m.current == version {
			m.current = 0
		}
	}
	if data, ok := m.models[name][version]; ok {
		m.f.wantModel(t, name, version, version, data)
	} else if _, _, err := m.f.OpenModel(t.Context(), name, version); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("OpenModel of a version that is not there: %v", err)
	}
}

func (m *model) setCurrent(t *testing.T) {
	name := m.prefix + "als"
	version, fence := m.rng.Uint64N(m.last+2), m.rng.Uint64N(m.fence+3)*m.rng.Uint64N(2)
	err := m.f.SetCurrent(t.Context(), name, version, fence)
	_, ok := m.models[name][version]
	switch {
	case !ok:
		wantErr(t, "SetCurrent of what is not there", store.ErrNotFound, err)
	case fence != 0 && fence < m.fence:
		wantErr(t, fmt.Sprintf("SetCurrent with fence %d after %d", fence, m.fence), store.ErrConflict, err)
	default:
		wantErr(t, "SetCurrent", nil, err)
		m.current, m.fence = version, max(fence, m.fence)
	}
	m.f.wantCurrent(t, name, m.current)
}
