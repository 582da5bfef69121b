//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package journal

import (
	"io"
	"strings"
)

// Lock locks nothing: these systems have no lock that ends with the process.
func Lock(string) (io.Closer, error) { return io.NopCloser(strings.NewReader("")), nil }
