package simd

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// records makes n records of random ten-bit numbers with their rests, and returns the numbers too.
func records(rng *rand.Rand, n, half, bits int) (c Codes, rests []byte, numbers [][]uint16) {
	c = NewCodes(half, bits, n, func(size int) []byte { return make([]byte, size) })
	for i := range c.Rows {
		c.Rows[i] = byte(rng.Uint32()) // what fills up a record must not matter
	}
	rests = make([]byte, n*RestSize(half, bits))
	for i := range n {
		u := make([]uint16, 2*half)
		for j := range u {
			u[j] = uint16(rng.IntN(1024))
		}
		PackCodes(u, &c, uint32(i), rests[i*RestSize(half, bits):][:RestSize(half, bits)])
		c.SetScale(uint32(i), rng.Float32(), rng.Float32())
		numbers = append(numbers, u)
	}
	return c, rests, numbers
}

func probe(rng *rand.Rand, half int) *CodeProbe {
	p := &CodeProbe{Code: codes(rng, 2*half), Factor: rng.Float32(), Base: rng.Float32()}
	if len(p.Code) > 1 {
		p.Code[0], p.Code[1] = -128, 127
	}
	return p
}

var halves = []int{2, 4, 14, 16, 18, 30, 32, 34, 48, 50, 62, 64, 66, 100, 126, 128, 130, 192, 2048}

func TestDotCodes(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(11, 12))
		for _, half := range halves {
			for _, bits := range []int{4, 6, 10} {
				c, _, numbers := records(rng, 20, half, bits)
				p := probe(rng, half)
				for n := range 10 {
					ids, got := make([]uint32, n), make([]float32, n+1)
					for i := range ids {
						ids[i] = rng.Uint32N(20)
					}
					DotCodes(got, p, &c, ids)
					for i, id := range ids {
						var sum int
						for j, u := range numbers[id] {
							sum += int(p.Code[j]) * (2*int(u>>(10-bits)) - (1<<bits - 1))
						}
						scale, add := c.Scale(id)
						want := float32(float32(sum)*float32(scale*p.Factor)) + float32(add+p.Base)
						if got[i] != want {
							t.Fatalf("half=%d bits=%d n=%d: row %d is %v, want %v", half, bits, n, id, got[i], want)
						}
					}
					if got[n] != 0 {
						t.Fatalf("half=%d bits=%d n=%d: wrote past the list", half, bits, n)
					}
				}
			}
		}
	})
}

func TestUnpackAndExpandCodes(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(13, 14))
		for _, half := range halves {
			for _, bits := range []int{4, 6, 10} {
				c, rests, numbers := records(rng, 3, half, bits)
				size := RestSize(half, bits)
				for i, u := range numbers {
					code, full := make([]int8, 2*half+1), make([]float32, 2*half+1)
					UnpackCodes(code, &c, uint32(i))
					ExpandCodes(full, &c, uint32(i), rests[i*size:][:size], 0.25)
					for j, v := range u {
						kept := min(bits, 7)
						want := int8(2*int(v>>(10-kept)) - (1<<kept - 1))
						if code[j] != want {
							t.Fatalf("half=%d bits=%d: number %d unpacked to %d, want %d", half, bits, j, code[j], want)
						}
						if want := 0.25 * float32(2*int(v)-1023); full[j] != want {
							t.Fatalf("half=%d bits=%d: number %d expanded to %v, want %v", half, bits, j, full[j], want)
						}
					}
					if code[2*half] != 0 || full[2*half] != 0 {
						t.Fatalf("half=%d bits=%d: wrote past the end", half, bits)
					}
				}
			}
		}
	})
}

func TestDotCodesRefuses(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(15, 16))
		for _, bits := range []int{4, 6, 10} {
			c, _, _ := records(rng, 3, 6, bits)
			p, dst := probe(rng, 6), make([]float32, 5)
			for _, id := range []uint32{3, 4, 1 << 31, 1<<32 - 1} {
				for at := range 5 {
					ids := make([]uint32, 5)
					ids[at] = id
					if !panics(func() { DotCodes(dst, p, &c, ids) }) {
						t.Errorf("row %d of 3 at place %d did not panic", id, at)
					}
				}
			}
			short := &CodeProbe{Code: p.Code[:11]}
			if !panics(func() { DotCodes(dst, short, &c, []uint32{0}) }) {
				t.Error("a code of 11 numbers for records of 12 did not panic")
			}
		}
	})
}

// FuzzCodes holds the kernels over records to their twins on arbitrary bytes.
func FuzzCodes(f *testing.F) {
	f.Add(uint16(50), uint64(1), []byte{0, 15, 240, 255}, byte(2))
	f.Add(uint16(64), uint64(2), []byte{}, byte(0))
	f.Fuzz(func(t *testing.T, h uint16, seed uint64, raw []byte, width byte) {
		half, bits := int(h)%300*2+2, []int{4, 6, 10}[width%3]
		rng := rand.New(rand.NewPCG(seed, 3))
		c, rests, _ := records(rng, 5, half, bits)
		for i, b := range raw {
			c.Row(uint32(i) % 5)[i/5%CodeSize(half, bits)] = b
		}
		p, ids := probe(rng, half), []uint32{4, 0, 3, 3, 1}
		want, got := make([]float32, 5), make([]float32, 5)
		dotCodesGeneric(want, p, &c, ids)
		wantCode, gotCode := make([]int8, 2*half), make([]int8, 2*half)
		unpackCodesGeneric(wantCode, c.Row(2), bits)
		wantFull, gotFull := make([]float32, 2*half), make([]float32, 2*half)
		rest := rests[:RestSize(half, bits)]
		high, crumbs, low := c.split(2, rest)
		expandCodesGeneric(wantFull, high, crumbs, low, 0.5)
		eachKernel(t, func(t *testing.T) {
			if DotCodes(got, p, &c, ids); !slices.Equal(got, want) {
				t.Errorf("DotCodes %v, twin %v", got, want)
			}
			if UnpackCodes(gotCode, &c, 2); !slices.Equal(gotCode, wantCode) {
				t.Errorf("UnpackCodes %v, twin %v", gotCode, wantCode)
			}
			if ExpandCodes(gotFull, &c, 2, rest, 0.5); !slices.Equal(gotFull, wantFull) {
				t.Errorf("ExpandCodes %v, twin %v", gotFull, wantFull)
			}
		})
	})
}

func BenchmarkCodes(b *testing.B) {
	rng := rand.New(rand.NewPCG(17, 18))
	for _, d := range []int{64, 100, 768} {
		for _, bits := range []int{4, 6, 10} {
			half := (d + 3) / 4 * 2
			c, rests, _ := records(rng, 1000, half, bits)
			p, ids, dst := probe(rng, half), make([]uint32, 32), make([]float32, 2*half+32)
			for i := range ids {
				ids[i] = rng.Uint32N(1000)
			}
			name := "/d=" + strconv.Itoa(d) + "/bits=" + strconv.Itoa(bits)
			b.Run("Dot"+name, func(b *testing.B) {
				for b.Loop() {
					DotCodes(dst, p, &c, ids)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/32, "ns/row")
			})
			b.Run("Expand"+name, func(b *testing.B) {
				for b.Loop() {
					ExpandCodes(dst, &c, 7, rests[:RestSize(half, bits)], 1)
				}
			})
			code := make([]int8, 2*half)
			b.Run("Unpack"+name, func(b *testing.B) {
				for b.Loop() {
					UnpackCodes(code, &c, 7)
				}
			})
		}
	}
}
