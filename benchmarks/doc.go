// Package benchmarks measures gold beside its rivals, in one run, with quality beside speed.
//
//	go test -bench . ./...
package benchmarks
