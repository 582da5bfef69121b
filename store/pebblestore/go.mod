module github.com/goldrec/gold/store/pebblestore

go 1.26.0

replace github.com/goldrec/gold => ../..
