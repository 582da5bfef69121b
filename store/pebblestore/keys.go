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
//	e                      the largest position when something was last removed
//	x                      the position of the last fact trimmed that is no interaction or exposure
//	g                      the number of the last group committed
//	l position             an entry of the log: the user and the record
//	h id(user) ^position   an interaction in its user's history, the newest first: the record
//	o id(user) ^position   another entry of the user, no value
//	i id(user) id          the position of the user's entry with this ID
//	p user                 a profile
//	s id(segment) user     a user in a segment, no value
//	n id(model)            the last version number given
//	v id(model) version    a version: the upload that holds it and its size
//	c upload number        a chunk of an upload
//	m id(model)            the current version, 0 for none, and the highest fence
//	t id(lease)            the token of the last lease, and when it expires or expired, in microseconds since 1970
const (
	prefixEnd     = 'e'
	prefixLog     = 'l'
	prefixHistory = 'h'
	prefixProfile = 'p'
	prefixSegment = 's'
	prefixModel   = 'n'
	prefixVersion = 'v'
	prefixChunk   = 'c'
	prefixGroup   = 'g'
	prefixOther   = 'o'
	prefixID      = 'i'
	prefixCurrent = 'm'
	prefixLease   = 't'
	prefixTrimmed = 'x'
)

// formatValue changes when a program that knows only the old layout would misread the new one. Format 1 had records of
// version 1, and none of the keys g, o, i, m, t and x; what is written into it makes it the present one.
const (
	formatValue  = "gold/pebblestore 2"
	formatValue1 = "gold/pebblestore 1"
)

var (
	formatKey = []byte("f")
	endKey    = []byte{prefixEnd}
	groupKey  = []byte{prefixGroup}

	trimmedKey = []byte{prefixTrimmed}
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
		return 0, fmt.Errorf("%w: key %x", ErrDamaged, key)
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

// userKeyLen is the length of the keys by user and position, those of prefixHistory and prefixOther.
func userKeyLen(user string) int { return 1 + 2 + len(user) + 8 }

// putUserKey writes the key into key, which has userKeyLen(user) bytes.
func putUserKey(key []byte, prefix byte, user string, p store.Position) {
	key = appendID(append(key[:0], prefix), user)
	binary.BigEndian.AppendUint64(key, ^uint64(p))
}

func userKey(prefix byte, user string, p store.Position) []byte {
	key := make([]byte, userKeyLen(user))
	putUserKey(key, prefix, user, p)
	return key
}

// parseUserKey returns the position of a key by user.
func parseUserKey(key []byte) (store.Position, error) {
	if len(key) < 1+2+8 {
		return 0, fmt.Errorf("%w: key %x", ErrDamaged, key)
	}
	return store.Position(^binary.BigEndian.Uint64(key[len(key)-8:])), nil
}

// entryIDKey is the key under which an entry with an ID is known.
func entryIDKey(in *store.Interaction) []byte { return append(idKey(prefixID, in.User), in.ID...) }

func numberKey(prefix byte, id string, n uint64) []byte {
	return binary.BigEndian.AppendUint64(idKey(prefix, id), n)
}

func chunkKey(upload uint64, number uint32) []byte {
	key := binary.BigEndian.AppendUint64([]byte{prefixChunk}, upload)
	return binary.BigEndian.AppendUint32(key, number)
}

// number reads a value that is one number.
func number(value []byte) (uint64, error) {
	if len(value) != 8 {
		return 0, fmt.Errorf("%w: number of %d bytes", ErrDamaged, len(value))
	}
	return binary.BigEndian.Uint64(value), nil
}

func numberValue(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// pair reads a value that is two numbers.
func pair(value []byte) (a, b uint64, err error) {
	if len(value) != 16 {
		return 0, 0, fmt.Errorf("%w: two numbers of %d bytes", ErrDamaged, len(value))
	}
	return binary.BigEndian.Uint64(value), binary.BigEndian.Uint64(value[8:]), nil
}

func pairValue(a, b uint64) []byte { return binary.BigEndian.AppendUint64(numberValue(a), b) }
