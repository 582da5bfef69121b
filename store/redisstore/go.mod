module github.com/goldrec/gold/store/redisstore

go 1.26.0

replace github.com/goldrec/gold => ../..

require (
	github.com/goldrec/gold v0.0.0-00010101000000-000000000000
	github.com/google/go-cmp v0.7.0
	github.com/redis/go-redis/v9 v9.23.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
