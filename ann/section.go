package ann

import (
	"errors"
	"fmt"
	"math"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/internal/simd"
)

// The form of a saved index: a section of the header's numbers, the calibration, and the arrays of the used slots.
const (
	sectionName    = "hnsw"
	sectionVersion = 3
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
	w.Uint32s(g.keys[:used])
	w.Uint32s(g.alive[:(used+31)/32])
	w.Uint32s(g.links[:used*2*g.m])
	w.Uint32s(g.upper[:upper])
	if g.rows != nil {
		w.Float32s(g.rows[:used*g.dim])
		return
	}
	g.saveCodes(w, used)
}

// codesPiece is how many codes are put at a time, without the gaps between them.
const codesPiece = 256

// saveCodes puts the codes of the used slots.
func (g *graph) saveCodes(w *codec.Writer, used int) {
	size := simd.CodeSize(g.near.Half, g.near.Bits)
	records, scales := make([]byte, 0, codesPiece*size), make([]float32, 0, 2*codesPiece)
	for from := 0; from < used; from += codesPiece {
		records, scales = records[:0], scales[:0]
		for slot := uint32(from); slot < uint32(min(from+codesPiece, used)); slot++ {
			records = append(records, g.near.Row(slot)[:size]...)
			scale, add := g.near.Scale(slot)
			scales = append(scales, scale, add)
		}
		w.Bytes(records)
		w.Float32s(scales)
	}
	w.Bytes(g.rest[:used*simd.RestSize(g.near.Half, g.near.Bits)])
}

// LoadSection reads an index that SaveSection put. What is stored under a key comes under the one that move gives it, or is
// deleted where move says so; nil moves nothing. Workers and Progress come from runtime.
//
// The arrays are read straight to their places, so that it takes little more memory than the index does, when r knows
// how long it is; else two to three times as much. A damaged section is ErrCorrupt, and takes no more than a small multiple of what there
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
		h.Fitted > slotsMax || h.Bits != 4 && h.Bits != 6 && h.Bits != allBits && h.Bits != rowBits || h.Centred > 1 {
		return opts, errors.New("header out of range")
	}
	return opts, nil
}

// askedBit beside a calibration's size says that it was made on queries that were asked.
const askedBit = 1 << 31

// save puts the calibration; that of a small index is nil.
func (c *calibration) save(w *codec.Writer) {
	if c == nil {
		c = new(calibration)
	}
	size := uint32(c.size)
	if c.asked {
		size |= askedBit
	}
	w.Uint32(size)
	for i := range c.recall {
		w.Float32s(c.recall[i][:])
	}
}

// loadCalibration reads what may be false: then searches take another Ef, and no harm is done.
func loadCalibration(r *codec.Reader) *calibration {
	size := r.Uint32()
	c := &calibration{size: int(size &^ askedBit), asked: size&askedBit != 0}
	for i := range c.recall {
		copy(c.recall[i][:], r.Float32s())
	}
	return c
}

// load reads the arrays.
func (g *graph) load(r *codec.Reader, head *header, centre []float32) {
	used := int(head.Used)
	left, known := r.Left()
	switch {
	case !known:
		g.gather(r, head, centre)
	case int64(used) > left/int64(g.slotSize(int(head.Bits))):
		r.Fail("ann: %d vectors in %d bytes", used, left)
	default:
		g.allotAll(r, head, centre)
		r.Uint32sInto(g.keys)
		r.Uint32sInto(g.alive)
		r.Uint32sInto(g.links)
		r.Uint32sInto(g.upper)
		if g.keeps(int(head.Bits)) {
			r.Float32sInto(g.rows)
		} else {
			g.loadCodes(r, used)
		}
	}
	g.entry.Store(uint64(head.EntryHigh)<<32 | uint64(head.EntryLow))
}

// gather is load where r does not know how long it is: it reads the arrays beside their places, which are not made before all
// has come, for the header may promise more than there is.
func (g *graph) gather(r *codec.Reader, head *header, centre []float32) {
	used := int(head.Used)
	keys, alive, links, upper := r.Uint32s(), r.Uint32s(), r.Uint32s(), r.Uint32s()
	var rows, scales []float32
	var records, rest []byte
	keeps := g.keeps(int(head.Bits))
	if keeps {
		rows = r.Float32s()
	} else {
		for from := 0; from < used && r.Err() == nil; from += codesPiece {
			records, scales = append(records, r.Bytes()...), append(scales, r.Float32s()...)
		}
		rest = r.Bytes()
	}
	if keeps && len(rows) != used*g.dim || len(keys) != used {
		r.Fail("ann: arrays of wrong lengths")
	}
	half, bits := numbersOf(g.dim)/2, int(head.Bits)
	size := simd.CodeSize(half, bits)
	if !keeps && (len(records) != used*size || len(rest) != used*simd.RestSize(half, bits)) {
		r.Fail("ann: arrays of wrong lengths")
	}
	if r.Err() != nil {
		return
	}
	if g.allotAll(r, head, centre); len(alive) != len(g.alive) || len(links) != len(g.links) || len(upper) != len(g.upper) ||
		len(records) > 0 && len(scales) != 2*used {
		r.Fail("ann: arrays of wrong lengths")
		return
	}
	copy(g.keys, keys)
	copy(g.alive, alive)
	copy(g.links, links)
	copy(g.upper, upper)
	copy(g.rows, rows)
	copy(g.rest, rest)
	if !keeps {
		g.placeCodes(0, records, scales)
	}
}

// allotAll makes the arrays.
func (g *graph) allotAll(r *codec.Reader, head *header, centre []float32) {
	if g.allot(int(head.Used), centre, int(head.Bits)); len(g.upper) != int(head.Upper) {
		r.Fail("ann: upper levels of a wrong size")
	}
}

// keeps tells whether a graph with records of that many bits has vectors.
func (g *graph) keeps(bits int) bool { return g.storage == Float32 || bits == rowBits }

// slotSize is how many bytes of a section a slot has at least.
func (g *graph) slotSize(bits int) int {
	n := 4 + 8*g.m
	if g.keeps(bits) {
		return n + 4*g.dim
	}
	half := numbersOf(g.dim) / 2
	return n + 8 + simd.CodeSize(half, bits) + simd.RestSize(half, bits)
}

// loadCodes reads what saveCodes put.
func (g *graph) loadCodes(r *codec.Reader, used int) {
	size := simd.CodeSize(g.near.Half, g.near.Bits)
	records, scales := make([]byte, codesPiece*size), make([]float32, 2*codesPiece)
	for from := 0; from < used && r.Err() == nil; from += codesPiece {
		n := min(codesPiece, used-from)
		r.BytesInto(records[:n*size])
		r.Float32sInto(scales[:2*n])
		g.placeCodes(from, records[:n*size], scales[:2*n])
	}
	r.BytesInto(g.rest)
}

// placeCodes puts codes into the slots from one on.
func (g *graph) placeCodes(from int, records []byte, scales []float32) {
	size := simd.CodeSize(g.near.Half, g.near.Bits)
	for i := range len(scales) / 2 {
		slot := uint32(from + i)
		copy(g.near.Row(slot), records[i*size:][:size])
		g.near.SetScale(slot, scales[2*i], scales[2*i+1])
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
	h.asked.open(h.Len(), h.opts.Dim)
	for slot := range uint32(g.size()) {
		if g.isAlive(slot) {
			h.count(g, slot, 1)
		}
	}
	return h, nil
}
