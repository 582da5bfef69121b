package kafkastore

import (
	"crypto/sha256"
	"slices"
	"sort"
	"sync"

	"github.com/goldrec/gold/store"
)

// partition is what the records of one partition come to, read in their order: which entries live, and the newest of them.
// It is the same in every process that has come as far.
type partition struct {
	number int

	mu      sync.Mutex
	next    int64 // offset of the record that is judged next
	acked   int64 // offset behind the last record that this process has appended
	from    int64 // before it nothing lives
	end     store.Position
	trimmed store.Position
	forgets map[string]store.Position
	trims   []trim                      // the earlier ones reach further: in order of at, before goes down
	dups    map[store.Position]struct{} // entries that are none
	ids     map[idHash]identified
	facts   []fact // that Trimmed has to tell of, if they live

	tail    []*node        // entries that lived when they were judged, and trims, in order
	behind  store.Position // the tail has all of them after it
	users   map[string]*node
	applied store.Position // the view has what is up to here
}

// trim says that entries up to a position are gone whose time is before so many microseconds.
type trim struct {
	at     store.Position
	before int64
}

// identified is an entry with an ID.
type identified struct {
	at     store.Position
	micros int64
}

// fact is an entry other than an interaction or an exposure.
type fact struct {
	identified
	user string
}

// idHash stands for a user and an ID.
type idHash [16]byte

func hashID(user, id string) idHash {
	b := make([]byte, 0, 256)
	b = append(appendText(b, user), id...)
	sum := sha256.Sum256(b)
	return idHash(sum[:])
}

func newPartition(number int) *partition {
	return &partition{
		number: number, forgets: make(map[string]store.Position), dups: make(map[store.Position]struct{}),
		ids: make(map[idHash]identified), users: make(map[string]*node),
	}
}

// begin takes over what is known of records that have been deleted.
func (p *partition) begin(b base) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end, p.trimmed = max(p.end, b.end), max(p.trimmed, b.trimmed)
	p.from, p.next = max(p.from, b.from), max(p.next, b.from)
	for _, at := range b.dups {
		p.dups[at] = struct{}{}
	}
	p.forgetOld()
}

// baseAt is what somebody will have to know who cannot read the records before an offset, in which nothing lives.
func (p *partition) baseAt(from int64) base {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := base{from: max(from, p.from), end: p.end, trimmed: p.trimmed}
	for at := range p.dups {
		if offsetOf(at) >= b.from {
			b.dups = append(b.dups, at)
		}
	}
	slices.Sort(b.dups)
	return b
}

// forgetOld lets go of rules for what has been deleted.
func (p *partition) forgetOld() {
	before := positionOf(p.from, 0)
	for user, at := range p.forgets {
		if at < before {
			delete(p.forgets, user)
		}
	}
	for at := range p.dups {
		if at < before {
			delete(p.dups, at)
		}
	}
	p.trims = slices.DeleteFunc(p.trims, func(t trim) bool { return t.at < before })
}

// lives reports whether an entry is there by the records read so far, if it is not one whose ID had been there.
func (p *partition) lives(user string, e identified) bool {
	if offsetOf(e.at) < p.from || e.at < p.forgets[user] {
		return false // the Forgotten entry lies at the position itself
	}
	i := sort.Search(len(p.trims), func(i int) bool { return p.trims[i].at > e.at })
	return i == len(p.trims) || e.micros >= p.trims[i].before
}

func identify(e *store.Entry) identified {
	return identified{e.Position, e.Interaction.Time.UnixMicro()}
}

// judge applies the next record, and reports whether entries are gone by it.
func (p *partition) judge(r *record, offset int64) (removed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if offset < p.next {
		return false
	}
	p.next = offset + 1
	if r.kind == kindTrimmed {
		p.trim(trim{positionOf(offset, 0), r.before})
		return true
	}
	for i := range r.entries {
		e := &r.entries[i]
		if e.Fact == store.Forgotten {
			p.forgets[e.Interaction.User] = e.Position
		} else if p.known(e) {
			p.dups[e.Position] = struct{}{}
			continue
		}
		p.end = e.Position
		if e.Fact != store.Interacted && e.Fact != store.Exposed {
			p.facts = append(p.facts, fact{identify(e), e.Interaction.User})
		}
		p.push(&node{entry: *e})
	}
	return r.kind == kindForgotten
}

// known reports whether an entry has an ID that is there already; if not, it is from now on.
func (p *partition) known(e *store.Entry) bool {
	if _, ok := p.dups[e.Position]; ok {
		return true // as was said by who could read what is deleted
	}
	if e.Interaction.ID == "" {
		return false
	}
	key := hashID(e.Interaction.User, e.Interaction.ID)
	if first, ok := p.ids[key]; ok && p.lives(e.Interaction.User, first) {
		return true
	}
	p.ids[key] = identify(e)
	return false
}

func (p *partition) trim(t trim) {
	p.facts = slices.DeleteFunc(p.facts, func(f fact) bool {
		alive := p.lives(f.user, f.identified)
		if alive && f.micros < t.before {
			p.trimmed = max(p.trimmed, f.at)
		}
		return !alive || f.micros < t.before
	})
	for key, e := range p.ids {
		if e.micros < t.before {
			delete(p.ids, key)
		}
	}
	for len(p.trims) > 0 && p.trims[len(p.trims)-1].before <= t.before {
		p.trims = p.trims[:len(p.trims)-1]
	}
	p.trims = append(p.trims, t)
	p.push(&node{trim: &t})
}

// shows reports whether an entry that was read from the topic counts.
func (p *partition) shows(e *store.Entry) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, dup := p.dups[e.Position]
	return !dup && p.lives(e.Interaction.User, identify(e))
}

// place returns one of the numbers of a partition.
func (p *partition) place(of func(p *partition) store.Position) store.Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	return of(p)
}

// ack notes that this process has appended up to an offset.
func (p *partition) ack(offset int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acked = max(p.acked, offset+1)
}

// reached reports whether what is before an offset has been judged, and what this process has appended.
func (p *partition) reached(offset int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next >= max(offset, p.acked)
}

// firstAndNext are the offsets before which nothing lives, and of the record that is judged next.
func (p *partition) firstAndNext() [2]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return [...]int64{p.from, p.next}
}

// lacks reports whether records before an offset have not been judged.
func (p *partition) lacks(offset int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next < offset
}
