package catalog

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// ErrTooLarge says that a feed is larger than it may be, or so small for what it unpacks to that it is made to harm.
var ErrTooLarge = errors.New("catalog: feed too large")

const (
	gunzipShare = 500     // times that a feed may be as large as it is packed; deflate reaches 1,032, text 20
	gunzipFree  = 1 << 24 // bytes up to which that is not asked
)

// Gunzip returns what r holds, unpacked if it is gzip, as its first bytes say. Reading more than max bytes of it, or more
// than 500 times what was read of r, fails with [ErrTooLarge]. It holds some 50 KiB, however large the feed.
func Gunzip(r io.Reader, max int64) (io.Reader, error) {
	packed := &countedReader{r: r}
	b := bufio.NewReader(packed)
	u := &unpacker{r: b, max: max}
	if magic, err := b.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("catalog: unpack feed: %w", err)
		}
		u.r, u.packed = z, packed
	}
	return u, nil
}

type countedReader struct {
	r io.Reader
	n int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// unpacker reads up to its bounds.
type unpacker struct {
	r      io.Reader
	packed *countedReader // nil: r is not packed
	n, max int64
}

func (u *unpacker) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	u.n += int64(n)
	switch {
	case u.n > u.max:
		return 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, u.max)
	case u.packed != nil && u.n > gunzipFree && u.n/gunzipShare > u.packed.n:
		return 0, fmt.Errorf("%w: %d bytes of %d", ErrTooLarge, u.n, u.packed.n)
	}
	return n, err
}
