module github.com/goldrec/gold/benchmarks

go 1.26.0

replace github.com/goldrec/gold => ..

replace github.com/goldrec/gold/store/pebblestore => ../store/pebblestore

require (
	github.com/chewxy/math32 v1.10.1 // indirect
	github.com/growthbook/growthbook-golang v0.7.0
	github.com/tmaxmax/go-sse v0.10.0 // indirect
	github.com/viterin/partial v1.1.0 // indirect
	github.com/viterin/vek v0.4.3 // indirect
	golang.org/x/exp v0.0.0-20230817173708-d852ddb80c63 // indirect
	golang.org/x/sys v0.11.0 // indirect
)
