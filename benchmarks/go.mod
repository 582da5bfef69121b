module github.com/goldrec/gold/benchmarks

go 1.26.0

replace github.com/goldrec/gold => ..

replace github.com/goldrec/gold/store/pebblestore => ../store/pebblestore

require (
	github.com/goldrec/gold v0.0.0-00010101000000-000000000000
	github.com/growthbook/growthbook-golang v0.7.0
	github.com/viterin/vek v0.4.3
	golang.org/x/sync v0.11.0
)

require (
	github.com/RoaringBitmap/roaring/v2 v2.30.0 // indirect
	github.com/bits-and-blooms/bitset v1.24.4 // indirect
	github.com/chewxy/math32 v1.10.1 // indirect
	github.com/mschoch/smat v0.2.0 // indirect
	github.com/tmaxmax/go-sse v0.10.0 // indirect
	github.com/viterin/partial v1.1.0 // indirect
	golang.org/x/exp v0.0.0-20230817173708-d852ddb80c63 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
