package experiment

import "math/bits"

// Buckets is the number of buckets that units are hashed into: the upper 32 bits of a 64-bit hash.
const Buckets = 1 << 32

// The primes of XXH64, as its specification gives them.
const (
	prime1 = 0x9E3779B185EBCA87
	prime2 = 0xC2B2AE3D27D4EB4F
	prime3 = 0x165667B19E3779F9
	prime4 = 0x85EBCA77C2B2AE63
	prime5 = 0x27D4EB2F165667C5
)

// Hash is XXH64 of s under a seed (Collet, "xxHash fast digest algorithm", specification 0.2.0). It costs about 5 ns
// for an identifier of 16 bytes and allocates nothing.
func Hash(seed uint64, s string) uint64 {
	n := uint64(len(s))
	h := seed + prime5
	if len(s) >= 32 {
		h, s = hashStripes(seed, s)
	}
	h += n
	for ; len(s) >= 8; s = s[8:] {
		h = bits.RotateLeft64(h^round(0, load64(s)), 27)*prime1 + prime4
	}
	if len(s) >= 4 {
		h = bits.RotateLeft64(h^uint64(load32(s))*prime1, 23)*prime2 + prime3
		s = s[4:]
	}
	for i := range len(s) {
		h = bits.RotateLeft64(h^uint64(s[i])*prime5, 11) * prime1
	}
	h = (h ^ h>>33) * prime2
	h = (h ^ h>>29) * prime3
	return h ^ h>>32
}

// hashStripes consumes the stripes of 32 bytes that s begins with and returns what is left of it.
func hashStripes(seed uint64, s string) (uint64, string) {
	// Added in variables, since the constants alone would overflow.
	a, b, c, d := seed, seed+prime2, seed, seed
	a += prime1
	a += prime2
	d -= prime1
	for ; len(s) >= 32; s = s[32:] {
		a = round(a, load64(s))
		b = round(b, load64(s[8:]))
		c = round(c, load64(s[16:]))
		d = round(d, load64(s[24:]))
	}
	h := bits.RotateLeft64(a, 1) + bits.RotateLeft64(b, 7) + bits.RotateLeft64(c, 12) + bits.RotateLeft64(d, 18)
	for _, lane := range [...]uint64{a, b, c, d} {
		h = (h^round(0, lane))*prime1 + prime4
	}
	return h, s
}

func round(acc, lane uint64) uint64 {
	return bits.RotateLeft64(acc+lane*prime2, 31) * prime1
}

// load64 reads eight bytes, the lowest first; the compiler makes one load of it.
func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func load32(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// The questions that a hash answers, each under a seed of its own.
const (
	askArm      = "arm"
	askCoverage = "coverage"
	askLayer    = "layer"
	askHoldout  = "holdout"
)

// seedOf is the seed of a question about whatever has the salt.
func seedOf(question, salt string) uint64 {
	return Hash(0, question+"\x00"+salt)
}

// bucket is the unit's bucket under a seed, below Buckets.
func bucket(seed uint64, unit string) uint64 {
	return Hash(seed, unit) >> 32
}
