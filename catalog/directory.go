package catalog

import "sync/atomic"

// directory is a list of pointers, nil where none was set, that one writer changes while others read it.
type directory[T any] struct {
	all atomic.Pointer[[]atomic.Pointer[T]]
}

// len is a number that no i with a pointer reaches.
func (d *directory[T]) len() int {
	if all := d.all.Load(); all != nil {
		return len(*all)
	}
	return 0
}

func (d *directory[T]) get(i int) *T {
	if all := d.all.Load(); all != nil && i < len(*all) {
		return (*all)[i].Load()
	}
	return nil
}

func (d *directory[T]) set(i int, p *T) {
	if i >= d.len() {
		larger := make([]atomic.Pointer[T], i+1+i/4)
		for i := range d.len() {
			larger[i].Store(d.get(i))
		}
		d.all.Store(&larger)
	}
	(*d.all.Load())[i].Store(p)
}

// numbers is a list that one writer appends to while others read it.
type numbers struct {
	array atomic.Pointer[numberArray]
}

// numberArray is a list that grows in place, as far as there is room.
type numberArray struct {
	n   atomic.Uint32 // of all, only the first n may be read
	all []uint32
}

// read returns the list. It is not to be written to.
func (l *numbers) read() []uint32 {
	if a := l.array.Load(); a != nil {
		return a.all[:a.n.Load()]
	}
	return nil
}

func (l *numbers) append(x uint32) {
	list := l.read()
	a := l.array.Load()
	if a == nil || len(list) == len(a.all) {
		a = &numberArray{all: make([]uint32, len(list)+len(list)/4+2)}
		copy(a.all, list)
		a.all[len(list)] = x
		a.n.Store(uint32(len(list) + 1))
		l.array.Store(a)
		return
	}
	a.all[len(list)] = x
	a.n.Store(uint32(len(list) + 1))
}

// replace makes the list another.
func (l *numbers) replace(list []uint32) {
	a := &numberArray{all: list}
	a.n.Store(uint32(len(list)))
	l.array.Store(a)
}
