package catalog

import (
	"encoding/binary"
	"math"
)

// AppendKey appends a text to dst that two filters have in common only if they are the same: what a cache of compiled filters
// is asked by. Filters that differ in no more than the order of their members or values have different ones. It allocates
// nothing where dst has room.
func AppendKey(dst []byte, f Filter) []byte {
	switch f := f.(type) {
	case andFilter:
		return appendKeys(append(dst, '&'), f)
	case orFilter:
		return appendKeys(append(dst, '|'), f)
	case notFilter:
		return AppendKey(append(dst, '!'), f.of)
	case availableFilter:
		return append(dst, 'a')
	case inFilter:
		dst = appendText(append(dst, 'i'), f.field)
		dst = binary.AppendUvarint(dst, uint64(len(f.values)))
		for _, v := range f.values {
			dst = appendText(dst, v)
		}
		return dst
	case rangeFilter:
		dst = appendText(append(dst, 'r', bit(f.minOpen)|bit(f.maxOpen)<<1), f.field)
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(f.min))
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f.max))
	case priceFilter:
		dst = appendText(append(dst, 'p'), f.currency)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(f.min))
		return binary.LittleEndian.AppendUint64(dst, uint64(f.max))
	case createdFilter:
		dst = append(dst, 'c')
		for _, t := range [...]int64{f.from.Unix(), int64(f.from.Nanosecond()), f.to.Unix(), int64(f.to.Nanosecond())} {
			dst = binary.AppendVarint(dst, t)
		}
		return dst
	}
	return append(dst, 0) // none, which Compile refuses inside another
}

func appendKeys(dst []byte, filters []Filter) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(filters)))
	for _, f := range filters {
		dst = AppendKey(dst, f)
	}
	return dst
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}
