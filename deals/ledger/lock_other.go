//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package ledger

import (
	"io"
	"strings"
)

// lockDir locks nothing: these systems have no lock that ends with the process.
func lockDir(string) (io.Closer, error) { return io.NopCloser(strings.NewReader("")), nil }
