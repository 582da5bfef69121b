module github.com/goldrec/gold/examples

go 1.26.0

replace github.com/goldrec/gold => ..

replace github.com/goldrec/gold/store/pebblestore => ../store/pebblestore

require (
	github.com/brianvoe/gofakeit/v7 v7.18.1
	github.com/goldrec/gold v0.0.0-00010101000000-000000000000
	github.com/google/go-cmp v0.7.0
)

require (
	github.com/RoaringBitmap/roaring/v2 v2.30.0 // indirect
	github.com/bits-and-blooms/bitset v1.24.4 // indirect
	github.com/mschoch/smat v0.2.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
