package ann

import (
	"errors"
	"fmt"
	"math"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/internal/simd"
)

// The form of a saved index: a section of the header's numbers, the calibration, and the arrays of the used slots, each in
// pieces, so that nothing of its size is held beside it while it is read.
const (
	sectionName    = "hnsw"
	sectionVersion = 3
	pieceSize      = 64 << 10 // bytes, about
)

// header is the head of a saved index.
type header struct {
	Dim, Metric, Storage, M, EfConstruction uint32
	SeedLow, SeedHigh                       uint32
	Used                                    uint32 // slots
	Upper                                   uint32 // links above the bottom
	EntryLow, EntryHigh                     uint32
	Fitted                                  uint32 // how many vectors codes were fitted to
	Bits                                    uint32 // of a record's numbers
	Centred                                 uint32 // 0 or 1
}

func (h *header) fields() []*uint32 {
	return []*uint32{&h.Dim, &h.Metric, &h.Storage, &h.M, &h.EfConstruction, &h.SeedLow, &h.SeedHigh, &h.Used, &h.Upper,
		&h.EntryLow, &h.EntryHigh, &h.Fitted, &h.Bits, &h.Centred}
}

// SaveSection puts the index into a section, for LoadSection. Searches go on meanwhile; writers wait.
func (h *HNSW) SaveSection(w *codec.Writer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	g, used := h.graph.Load(), h.used
	upper := len(g.upper)
	if used < g.size() {
		upper = g.upperOf(uint32(used))
	}
	entry := g.entry.Load()
	head := header{
		Dim: uint32(g.dim), Metric: uint32(g.metric), Storage: uint32(g.storage), M: uint32(g.m), EfConstruction: uint32(h.opts.EfConstruction),
		SeedLow: uint32(g.seed), SeedHigh: uint32(g.seed >> 32), Used: uint32(used), Upper: uint32(upper),
		EntryLow: uint32(entry), EntryHigh: uint32(entry >> 32), Fitted: uint32(g.fitted),
		Bits: uint32(g.near.Bits),
	}
	if g.centre != nil {
		head.Centred = 1
	}
	w.Section(sectionName, sectionVersion)
	for _, f := range head.fields() {
		w.Uint32(*f)
	}
	h.calibration.Load().save(w)
	w.Float32s(g.centre)
	save(g.keys[:used], 4, w.Uint32s)
	save(g.alive[:(used+31)/32], 4, w.Uint32s)
	save(g.links[:used*2*g.m], 4, w.Uint32s)
	save(g.upper[:upper], 4, w.Uint32s)
	if g.rows != nil {
		save(g.rows[:used*g.dim], 4, w.Float32s)
		return
	}
	g.saveCodes(w, used)
}

// saveCodes puts the codes of the used slots, without the gaps between them.
func (g *graph) saveCodes(w *codec.Writer, used int) {
	size := simd.CodeSize(g.near.Half, g.near.Bits)
	per := piece(size)
	var records []byte
	var scales []float32
	for from := 0; from < used; from += per {
		records, scales = records[:0], scales[:0]
		for slot := from; slot < min(from+per, used); slot++ {
			records = append(records, g.near.Row(uint32(slot))[:size]...)
			scale, add := g.near.Scale(uint32(slot))
			scales = append(scales, scale, add)
		}
		w.Bytes(records)
		w.Float32s(scales)
	}
	rest := simd.RestSize(g.near.Half, g.near.Bits)
	save(g.rest[:used*rest], 1, w.Bytes)
}

// piece is how many elements of a size are put at a time.
func piece(size int) int { return max(1, pieceSize/size) }

// save puts an array in pieces.
func save[T any](all []T, size int, put func([]T)) {
	for from := 0; from < len(all); from += piece(size) {
		put(all[from:min(from+piece(size), len(all))])
	}
}

// LoadSection reads an index that SaveSection put. What is stored under a key comes under the one that move gives it, or is
// deleted where move says so; nil moves nothing. Workers and Progress come from runtime.
//
// The arrays are read straight to their places, so that it takes little more memory than the index does, when r knows
// how long it is; else twice as much. A damaged section is ErrCorrupt, and takes no more than a small multiple of what there
// is of it.
func LoadSection(r *codec.Reader, runtime Options, move func(key uint32) (now uint32, ok bool)) (*HNSW, error) {
	r.Section(sectionName, sectionVersion)
	var head header
	for _, f := range head.fields() {
		*f = r.Uint32()
	}
	c, centre := loadCalibration(r), r.Float32s()
	opts, err := head.options(runtime)
	if err == nil && len(centre) != int(head.Centred)*opts.Dim {
		err = errors.New("centre of a wrong length")
	}
	if err != nil {
		r.Fail("ann: %v", err)
	}
	if r.Err() != nil {
		return nil, fmt.Errorf("ann: read index: %w", r.Err())
	}
	if head.Centred == 0 {
		centre = nil
	}
	g := &graph{dim: opts.Dim, m: opts.M, metric: opts.Metric, storage: opts.Storage, seed: opts.Seed, fitted: int(head.Fitted)}
	if g.load(r, &head, centre); r.Err() != nil {
		return nil, fmt.Errorf("ann: read index: %w", r.Err())
	}
	h, err := g.index(opts, move)
	if err != nil {
		r.Fail("ann: %v", err)
		return nil, fmt.Errorf("ann: read index: %w", r.Err())
	}
	if c.size > 0 {
		h.calibration.Store(c)
	}
	return h, nil
}

// index makes an index of a graph just read.
func (g *graph) index(opts Options, move func(key uint32) (uint32, bool)) (*HNSW, error) {
	if err := g.restore(); err != nil {
		return nil, err
	}
	for slot := range uint32(g.size()) {
		if move == nil || !g.isAlive(slot) {
			continue
		}
		if key, ok := move(g.keys[slot]); ok {
			g.keys[slot] = key
		} else {
			g.kill(slot)
		}
	}
	return adopt(g, opts)
}

// options are those of the index, as far as they are in range.
func (h *header) options(runtime Options) (Options, error) {
	opts, err := Options{
		Dim: int(h.Dim), Metric: Metric(min(h.Metric, math.MaxUint8)),
		Storage: Storage(min(h.Storage, math.MaxUint8)), M: int(h.M),
		EfConstruction: int(h.EfConstruction), Seed: uint64(h.SeedHigh)<<32 | uint64(h.SeedLow),
		Workers: runtime.Workers, Progress: runtime.Progress,
	}.withDefaults()
	if err != nil || h.Dim == 0 || h.M == 0 || h.EfConstruction == 0 || h.Used > slotsMax ||
		h.Fitted > slotsMax || h.Bits != 4 && h.Bits != 6 && h.Bits != 10 || h.Centred > 1 {
		return opts, errors.New("header out of range")
	}
	return opts, nil
}

// save puts the calibration; that of a small index is nil.
func (c *calibration) save(w *codec.Writer) {
	if c == nil {
		c = new(calibration)
	}
	w.Uint32(uint32(c.size))
	for i := range c.recall {
		w.Float32s(c.recall[i][:])
	}
}

// loadCalibration reads what may be false: then searches take another Ef, and no harm is done.
func loadCalibration(r *codec.Reader) *calibration {
	c := &calibration{size: int(r.Uint32())}
	for i := range c.recall {
		copy(c.recall[i][:], r.Float32s())
	}
	return c
}

// load reads the arrays. Where r does not know how long it is they are gathered first, since the header may promise more
// than there is.
func (g *graph) load(r *codec.Reader, head *header, centre []float32) {
	used, bits := int(head.Used), int(head.Bits)
	room := func() {
		g.allot(used, centre, bits)
		g.alive = make([]uint32, (used+31)/32)
		if g.upper = make([]uint32, head.Upper); g.measureUpper(used) != len(g.upper) {
			r.Fail("ann: upper levels of a wrong size")
		}
	}
	l := loader{r: r}
	left, known := r.Left()
	if known {
		if int64(used) > left/int64(g.slotSize(bits)) || int64(head.Upper) > left/4 {
			r.Fail("ann: %d vectors in %d bytes", used, left)
			return
		}
		room()
	} else {
		l.later = []func(){room}
	}
	if fill(&l, used, 4, r.Uint32s, func(at int, p []uint32) { copy(g.keys[at:], p) }); r.Err() != nil {
		return
	}
	fill(&l, (used+31)/32, 4, r.Uint32s, func(at int, p []uint32) { copy(g.alive[at:], p) })
	fill(&l, used*2*g.m, 4, r.Uint32s, func(at int, p []uint32) { copy(g.links[at:], p) })
	fill(&l, int(head.Upper), 4, r.Uint32s, func(at int, p []uint32) { copy(g.upper[at:], p) })
	if g.storage == Float32 {
		fill(&l, used*g.dim, 4, r.Float32s, func(at int, p []float32) { copy(g.rows[at:], p) })
	} else {
		g.loadCodes(&l, used, bits)
	}
	for _, do := range l.later {
		if r.Err() == nil {
			do()
		}
	}
	g.entry.Store(uint64(head.EntryHigh)<<32 | uint64(head.EntryLow))
}

// slotSize is how many bytes of a section a slot has at least.
func (g *graph) slotSize(bits int) int {
	n := 4 + 8*g.m
	if g.storage == Float32 {
		return n + 4*g.dim
	}
	half := numbersOf(g.dim) / 2
	return n + 8 + simd.CodeSize(half, bits) + simd.RestSize(half, bits)
}

// loadCodes reads what saveCodes put.
func (g *graph) loadCodes(l *loader, used, bits int) {
	half := numbersOf(g.dim) / 2
	size := simd.CodeSize(half, bits)
	for from := 0; from < used && l.r.Err() == nil; from += piece(size) {
		n := min(piece(size), used-from)
		records, scales := l.r.Bytes(), l.r.Float32s()
		if len(records) != n*size || len(scales) != 2*n {
			l.r.Fail("ann: piece of a wrong length")
			return
		}
		l.do(func() {
			for i := range n {
				slot := uint32(from + i)
				copy(g.near.Row(slot), records[i*size:][:size])
				g.near.SetScale(slot, scales[2*i], scales[2*i+1])
			}
		})
	}
	fill(l, used*simd.RestSize(half, bits), 1, l.r.Bytes, func(at int, p []byte) { copy(g.rest[at:], p) })
}

// loader reads arrays.
type loader struct {
	r     *codec.Reader
	later []func() // what is to be done when all has been read; nil when it can be done at once
}

func (l *loader) do(what func()) {
	if l.later == nil {
		what()
		return
	}
	l.later = append(l.later, what)
}

// fill reads what save put of an array of n elements.
func fill[T any](l *loader, n, size int, get func() []T, put func(at int, p []T)) {
	for at := 0; at < n && l.r.Err() == nil; at += piece(size) {
		p := get()
		if len(p) != min(piece(size), n-at) {
			l.r.Fail("ann: piece of a wrong length")
			return
		}
		l.do(func() { put(at, p) })
	}
}

// restore fills in what is not stored, and checks what is.
func (g *graph) restore() error {
	for _, lists := range [][]uint32{g.links, g.upper} {
		for _, id := range lists {
			if id != none && int(id) >= g.size() {
				return errors.New("link out of range")
			}
		}
	}
	for slot := range uint32(g.size()) {
		level := g.level(slot)
		for l := 1; l <= level; l++ {
			for _, id := range appendList(nil, g.list(l, slot)) {
				if g.level(id) < l {
					return errors.New("link to a level that is not there")
				}
			}
		}
	}
	if entry := g.entry.Load(); entry == noEntry {
		if g.countAlive() > 0 {
			return errors.New("no entry")
		}
	} else if slot := uint32(entry); int(slot) >= g.size() || int(entry>>32) != g.level(slot) {
		return errors.New("entry out of range")
	}
	if g.size()%32 != 0 && g.alive[len(g.alive)-1]>>(g.size()%32) != 0 {
		return errors.New("a vector beyond the last")
	}
	return g.restoreRows()
}

// restoreRows checks the vectors and makes what is stored of them only in part.
func (g *graph) restoreRows() error {
	if g.centre != nil {
		if err := check(g.centre, g.dim, L2); err != nil {
			return fmt.Errorf("centre: %w", err)
		}
	}
	c := newCoder(g.dim)
	for slot := range uint32(g.size()) {
		if g.rows != nil {
			if err := check(g.row(slot), g.dim, L2); err != nil {
				return err
			}
			c.take(g, g.row(slot))
			g.setCode(slot, c)
			continue
		}
		scale, add := g.near.Scale(slot)
		if !(scale >= 0 && scale <= componentMax/8) || !(math.Abs(float64(add)) <= 0x1p125) {
			return errors.New("code out of range")
		}
		if g.norms != nil {
			x := g.vector(c.placed[:0], slot, c)
			g.norms[slot] = inverseLength(x)
		}
	}
	return nil
}

// adopt makes an index of a graph whose slots are all used.
func adopt(g *graph, opts Options) (*HNSW, error) {
	h, err := NewHNSW(opts)
	if err != nil {
		return nil, err
	}
	t := newTable(g.size())
	for slot := range uint32(g.size()) {
		if !g.isAlive(slot) {
			h.dead = append(h.dead, slot)
			continue
		}
		if _, twice := t.get(g.keys[slot], g.keys); twice {
			return nil, fmt.Errorf("key %d twice", g.keys[slot])
		}
		t.put(g.keys[slot], slot, g.keys)
	}
	h.graph.Store(g)
	h.table.Store(t)
	h.used = g.size()
	h.len.Store(int64(g.countAlive()))
	return h, nil
}
