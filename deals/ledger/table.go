package ledger

// table finds what is named by a text, with one probe where a map of Go takes two for a text that is new. Its entries know their
// names; equal names are not entered twice by those who look first. It grows at three quarters, by doubling.
type table[E any, P named[E]] struct {
	slots []slot[E] // a power of two
	n     int
}

type slot[E any] struct {
	hash  uint64
	entry *E // nil: free
}

type named[E any] interface {
	*E
	name() string
}

// find returns the entry of a name, or nil and where it would be.
func (t *table[E, P]) find(hash uint64, name string) (entry *E, at int) {
	if len(t.slots) == 0 {
		return nil, -1
	}
	mask := len(t.slots) - 1
	for i := t.home(hash); ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.entry == nil {
			return nil, i
		}
		if s.hash == hash && P(s.entry).name() == name {
			return s.entry, i
		}
	}
}

// home is where a hash is looked for first: by its upper bits, since the lower ones have chosen the shard.
func (t *table[E, P]) home(hash uint64) int { return int(hash>>16) & (len(t.slots) - 1) }

// enter puts an entry where find said that it would be.
func (t *table[E, P]) enter(hash uint64, e *E, at int) {
	if 4*(t.n+1) > 3*len(t.slots) {
		t.grow()
		at = t.free(hash)
	}
	t.slots[at] = slot[E]{hash, e}
	t.n++
}

func (t *table[E, P]) free(hash uint64) int {
	i := t.home(hash)
	for t.slots[i].entry != nil {
		i = (i + 1) & (len(t.slots) - 1)
	}
	return i
}

func (t *table[E, P]) grow() {
	old := t.slots
	t.slots = make([]slot[E], max(8, 2*len(old)))
	for _, s := range old {
		if s.entry != nil {
			t.slots[t.free(s.hash)] = s
		}
	}
}

// remove takes an entry out, and moves up those behind it that were pushed there.
func (t *table[E, P]) remove(hash uint64, name string) {
	e, i := t.find(hash, name)
	if e == nil {
		return
	}
	t.n--
	mask := len(t.slots) - 1
	for j := (i + 1) & mask; t.slots[j].entry != nil; j = (j + 1) & mask {
		if (j-t.home(t.slots[j].hash))&mask >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = slot[E]{}
}
