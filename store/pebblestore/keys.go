package pebblestore

import (
	"encoding/binary"
	"fmt"

	"github.com/goldrec/gold/store"
)

// The keys, each beginning with a letter for what it is; id is two bytes of length and the identifier, so that no
// identifier is the prefix of another, whatever bytes it has. Numbers are big-endian.
//
//	f                      the format of the whole, formatValue
//	e                      the largest position when something was last forgotten
//	l position             an entry of the log: the user and the record
//	h id(user) ^position   the same entry in its user's history, the newest first: the record
//	p user                 a profile
//	s id(segment) user     a user in a segment, no value
//	n id(model)            the last version number given
//	v id(model) version    a version: the upload that holds it and its size
//	c upload number        a chunk of an upload
const (
	prefixEnd     = 'e'
	prefixLog     = 'l'
	prefixHistory = 'h'
	prefixProfile = 'p'
	prefixSegment = 's'
	prefixModel   = 'n'
	prefixVersion = 'v'
	prefixChunk   = 'c'
)

// formatValue changes when a program that knows only the old layout would misread the new one.
const formatValue = "gold/pebblestore 1"

var (
	formatKey = []byte("f")
	endKey    = []byte{prefixEnd}
)

const logKeyLen = 1 + 8

// putLogKey writes the key into key, which has logKeyLen bytes.
func putLogKey(key []byte, p store.Position) {
	key[0] = prefixLog
	binary.BigEndian.PutUint64(key[1:], uint64(p))
}

func logKey(p store.Position) []byte {
	key := make([]byte, logKeyLen)
	putLogKey(key, p)
	return key
}

func parseLogKey(key []byte) (store.Position, error) {
	if len(key) != logKeyLen {
		return 0, fmt.Errorf("pebblestore: damaged key %x", key)
	}
	return store.Position(binary.BigEndian.Uint64(key[1:])), nil
}

func appendID(key []byte, id string) []byte {
	key = binary.BigEndian.AppendUint16(key, uint16(len(id)))
	return append(key, id...)
}

// idKey is what all keys of one identifier begin with.
func idKey(prefix byte, id string) []byte {
	return appendID([]byte{prefix}, id)
}

// idEnd is the first key after all keys that begin with key: the bytes as a number, plus one.
func idEnd(key []byte) []byte {
	end := append([]byte(nil), key...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil // never: every key begins with a letter
}

func historyKeyLen(user string) int { return 1 + 2 + len(user) + 8 }

// putHistoryKey writes the key into key, which has historyKeyLen(user) bytes.
func putHistoryKey(key []byte, user string, p store.Position) {
	key = appendID(append(key[:0], prefixHistory), user)
	binary.BigEndian.AppendUint64(key, ^uint64(p))
}

func historyKey(user string, p store.Position) []byte {
	key := make([]byte, historyKeyLen(user))
	putHistoryKey(key, user, p)
	return key
}

// parseHistoryKey returns the position of a key of the user's.
func parseHistoryKey(key []byte) (store.Position, error) {
	if len(key) < 1+2+8 {
		return 0, fmt.Errorf("pebblestore: damaged key %x", key)
	}
	return store.Position(^binary.BigEndian.Uint64(key[len(key)-8:])), nil
}

func numberKey(prefix byte, id string, n uint64) []byte {
	return binary.BigEndian.AppendUint64(idKey(prefix, id), n)
}

func chunkKey(upload uint64, number uint32) []byte {
	key := binary.BigEndian.AppendUint64([]byte{prefixChunk}, upload)
	return binary.BigEndian.AppendUint32(key, number)
}
