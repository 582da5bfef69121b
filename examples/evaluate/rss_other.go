//go:build !linux

package main

func resetPeakRSS() {}

// peakRSS is not known here.
func peakRSS() uint64 { return 0 }
