package model

import (
	"fmt"

	"github.com/goldrec/gold/codec"
)

// Places looks at what a Trainer's Load is told of where items are now. It returns one more than the highest handle, and
// whether every item has the handle that it had, so that nothing need be moved. Two items of one handle are ErrCorrupt:
// the file's table of identifiers had one twice. When nothing moved it costs a look at each item, else a bit of memory a
// handle too.
func Places(at []uint32) (size int, same bool, err error) {
	same = true
	for i, h := range at {
		same = same && h == uint32(i)
		if h != NoItem {
			size = max(size, int(h)+1)
		}
	}
	if same {
		return size, true, nil
	}
	taken := make([]uint64, size/64+1)
	for _, h := range at {
		if h == NoItem {
			continue
		}
		if taken[h/64]>>(h%64)&1 == 1 {
			return 0, false, fmt.Errorf("%w: two items have handle %d", codec.ErrCorrupt, h)
		}
		taken[h/64] |= 1 << (h % 64)
	}
	return size, false, nil
}
