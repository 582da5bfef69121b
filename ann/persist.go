package ann

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/goldrec/gold/internal/simd"
)

// ErrCorrupt says that what was to be an index is damaged, cut short, or of another kind or version.
var ErrCorrupt = errors.New("ann: corrupt index")

// The form of a saved index: a header of 32-bit numbers with its checksum, then the arrays of the used slots with theirs.
const (
	fileMagic   = 0x6e6e6167 // "gann"
	fileVersion = 2
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

// WriteTo writes the index to w in a form that ReadHNSW reads, and returns how many bytes that took. Searches go on
// meanwhile; writers wait. It implements [io.WriterTo].
func (h *HNSW) WriteTo(w io.Writer) (int64, error) {
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
	e := newEncoder(w)
	e.uint32s([]uint32{fileMagic, fileVersion})
	for _, f := range head.fields() {
		e.uint32s([]uint32{*f})
	}
	e.checksum()
	c := h.calibration.Load()
	if c == nil {
		c = new(calibration)
	}
	e.uint32s([]uint32{uint32(c.size)})
	for i := range c.recall {
		e.float32s(c.recall[i][:])
	}
	e.uint32s(g.keys[:used])
	e.uint32s(g.alive[:(used+31)/32])
	e.uint32s(g.links[:used*2*g.m])
	e.uint32s(g.upper[:upper])
	e.float32s(g.centre)
	if g.rows != nil {
		e.float32s(g.rows[:used*g.dim])
	} else {
		for slot := range uint32(used) {
			scale, add := g.near.Scale(slot)
			e.float32s([]float32{scale, add})
		}
		for slot := range uint32(used) {
			e.bytes(g.near.Row(slot)[:simd.CodeSize(g.near.Half, g.near.Bits)])
		}
		e.bytes(g.rest[:used*simd.RestSize(g.near.Half, g.near.Bits)])
	}
	e.checksum()
	if e.err != nil {
		return e.n, fmt.Errorf("ann: write index: %w", e.err)
	}
	return e.n, nil
}

// ReadHNSW reads an index that WriteTo wrote, and not a byte further. It returns ErrCorrupt, wrapped with what is wrong,
// for anything else, having allocated no more than a small multiple of what r gave; errors of r are returned as they are.
// Of runtime it takes what a file does not hold: Workers and Progress.
func ReadHNSW(r io.Reader, runtime Options) (*HNSW, error) {
	d := newDecoder(r)
	h, err := readHNSW(d, runtime)
	if d.err != nil && !errors.Is(d.err, io.EOF) && !errors.Is(d.err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("ann: read index: %w", d.err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	return h, nil
}

func readHNSW(d *decoder, runtime Options) (*HNSW, error) {
	var head header
	fields := head.fields()
	numbers := d.uint32s(2 + len(fields))
	if !d.checksum() || numbers[0] != fileMagic {
		return nil, errors.New("no header")
	}
	if numbers[1] != fileVersion {
		return nil, fmt.Errorf("version %d, this program reads %d", numbers[1], fileVersion)
	}
	for i, f := range fields {
		*f = numbers[2+i]
	}
	opts, err := Options{
		Dim: int(head.Dim), Metric: Metric(min(head.Metric, math.MaxUint8)),
		Storage: Storage(min(head.Storage, math.MaxUint8)), M: int(head.M),
		EfConstruction: int(head.EfConstruction), Seed: uint64(head.SeedHigh)<<32 | uint64(head.SeedLow),
		Workers: runtime.Workers, Progress: runtime.Progress,
	}.withDefaults()
	if err != nil || head.Dim == 0 || head.M == 0 || head.EfConstruction == 0 || head.Used > slotsMax ||
		head.Fitted > slotsMax || head.Bits != 4 && head.Bits != 6 && head.Bits != 10 || head.Centred > 1 {
		return nil, errors.New("header out of range")
	}
	used := int(head.Used)
	g := &graph{dim: opts.Dim, m: opts.M, metric: opts.Metric, storage: opts.Storage, seed: opts.Seed}
	c := readCalibration(d)
	keys := d.uint32s(used)
	g.alive = d.uint32s((used + 31) / 32)
	links := d.uint32s(used * 2 * g.m)
	g.upper = d.uint32s(int(head.Upper))
	var centre, rows, scales []float32
	if head.Centred == 1 {
		centre = d.float32s(g.dim)
	}
	var records, rest []byte
	half, bits := numbersOf(g.dim)/2, int(head.Bits)
	if g.storage == Float32 {
		rows = d.float32s(used * g.dim)
	} else {
		scales, records = d.float32s(2*used), d.bytes(used*simd.CodeSize(half, bits))
		rest = d.bytes(used * simd.RestSize(half, bits))
	}
	if !d.checksum() {
		return nil, errors.New("the arrays do not match their checksum")
	}
	g.allot(used, centre, bits)
	g.fitted = int(head.Fitted)
	copy(g.keys, keys)
	copy(g.links, links)
	copy(g.rows, rows)
	copy(g.rest, rest)
	for slot := range uint32(len(scales) / 2) {
		g.near.SetScale(slot, scales[2*slot], scales[2*slot+1])
		n := simd.CodeSize(half, bits)
		copy(g.near.Row(slot), records[int(slot)*n:][:n])
	}
	g.entry.Store(uint64(head.EntryHigh)<<32 | uint64(head.EntryLow))
	if err := g.restore(); err != nil {
		return nil, err
	}
	h, err := adopt(g, opts)
	if err == nil && c.size > 0 {
		h.calibration.Store(c)
	}
	return h, err
}

// readCalibration reads what may be false: then searches take another Ef, and no harm is done.
func readCalibration(d *decoder) *calibration {
	c := new(calibration)
	for _, n := range d.uint32s(1) {
		c.size = int(n)
	}
	for i := range c.recall {
		copy(c.recall[i][:], d.float32s(ladderSteps))
	}
	return c
}

// restore fills in what is not stored, and checks what is.
func (g *graph) restore() error {
	if g.measureUpper(g.size()) != len(g.upper) {
		return errors.New("upper levels of a wrong size")
	}
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

// Save writes the index to a file, in whole or not at all: to a temporary one beside it, which is synced and takes its
// name.
func (h *HNSW) Save(path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("ann: save: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if _, err := h.WriteTo(f); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("ann: save: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("ann: save: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename in a directory last.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("ann: save: %w", err)
	}
	// Some file systems, and Windows, cannot sync a directory; there the rename is as lasting as they make it.
	_ = d.Sync()
	return d.Close()
}

// Load reads an index from a file that Save wrote, as ReadHNSW does. What follows the index makes the file corrupt.
func Load(path string, runtime Options) (*HNSW, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("ann: load: %w", err)
	}
	defer f.Close()
	h, err := ReadHNSW(f, runtime)
	if err != nil {
		return nil, err
	}
	if n, _ := f.Read(make([]byte, 1)); n != 0 {
		return nil, fmt.Errorf("%w: data after the end", ErrCorrupt)
	}
	return h, nil
}
