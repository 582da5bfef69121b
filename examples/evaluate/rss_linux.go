package main

import (
	"bytes"
	"fmt"
	"os"
)

// resetPeakRSS makes the kernel forget the highest resident size so far (proc(5), clear_refs). Where that is refused the
// peak stays that of the whole process.
func resetPeakRSS() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peakRSS is the highest resident size since then, in bytes; 0 when it cannot be read.
func peakRSS() uint64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	var kib uint64
	if _, err := fmt.Sscan(string(rest), &kib); err != nil {
		return 0
	}
	return kib << 10
}
