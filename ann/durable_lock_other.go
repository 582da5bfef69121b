//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package ann

import "os"

// lockDir locks nothing: these systems have no lock that ends with the process.
func lockDir(string) (*os.File, error) { return nil, nil }
