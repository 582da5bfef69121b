module github.com/goldrec/gold/benchmarks

go 1.26.0

replace github.com/goldrec/gold => ..

replace github.com/goldrec/gold/store/pebblestore => ../store/pebblestore
