package simd

import (
	"encoding/binary"
	"math"
)

// Codes is an array of records, one a row, each a vector of numbers in 4, 6 or 10 bits. A row has two float32 besides, a scale
// and an addend, in its record where that costs no cache line more, and otherwise apart.
//
// The numbers lie in planes. The first, of Half bytes, has their upper four bits: byte j those of number j in its lower half
// and those of number Half+j in its upper half. The second, of Half/2 bytes, has two bits more: byte j those of the numbers j,
// j+Half/2, j+Half and j+3·Half/2, from its lowest bits up. The third has the last four, as the first. The number u stands for
// scale·(2u-15), scale·(2u-63) or scale·(2u-1023).
type Codes struct {
	Half   int    // bytes of the first plane, even
	Bits   int    // 4, 6 or 10
	Stride int    // bytes of a record
	Rows   []byte // the records
	Apart  []byte // scale and addend of each row, 8 bytes; nil where the records have them

	scaleAt int // where in a record they are, if so
}

// line is the size of a cache line.
const line = 64

// NewCodes returns records for n rows in arrays that alloc makes. Records that nearly fill cache lines are stretched to do so,
// since one that lies across a border costs another miss.
func NewCodes(half, bits, n int, alloc func(size int) []byte) Codes {
	c := Codes{Half: half, Bits: bits, Stride: CodeSize(half, bits)}
	if c.scaleAt = (c.Stride + 3) &^ 3; lines(c.scaleAt+8) == lines(c.Stride) {
		c.Stride = c.scaleAt + 8
	} else {
		c.Apart = alloc(8 * n)
	}
	if full := lines(c.Stride) * line; 3*full <= 4*c.Stride {
		c.Stride = full
	}
	c.Rows = alloc(c.Stride * n)
	return c
}

func lines(size int) int { return (size + line - 1) / line }

// FitsLine tells whether a row of that many bits lies in one cache line.
func FitsLine(half, bits int) bool { return lines(CodeSize(half, bits)+8) == 1 }

// CodeSize is how many bytes the numbers of a record take.
func CodeSize(half, bits int) int { return half / 2 * (bits / 2) }

// planes is how many planes a record has.
func (c *Codes) planes() int { return 1 + c.Bits/6 + c.Bits/10 }

// Row returns the record of a row.
func (c *Codes) Row(id uint32) []byte { return c.Rows[int(id)*c.Stride:][:c.Stride] }

// scale is where the scale and the addend of a row are.
func (c *Codes) scale(id uint32) []byte {
	if c.Apart != nil {
		return c.Apart[8*int(id):][:8]
	}
	return c.Rows[int(id)*c.Stride+c.scaleAt:][:8]
}

// Scale returns a row's scale and addend.
func (c *Codes) Scale(id uint32) (scale, add float32) {
	b := c.scale(id)
	return math.Float32frombits(binary.LittleEndian.Uint32(b)), math.Float32frombits(binary.LittleEndian.Uint32(b[4:]))
}

// SetScale stores a row's scale and addend.
func (c *Codes) SetScale(id uint32, scale, add float32) {
	b := c.scale(id)
	binary.LittleEndian.PutUint32(b, math.Float32bits(scale))
	binary.LittleEndian.PutUint32(b[4:], math.Float32bits(add))
}

// CodeProbe is a vector that is compared with Codes.
type CodeProbe struct {
	Code   []int8  // 2·Half numbers
	Factor float32 // what a step of the code is worth
	Base   float32 // added to every result
}

// DotCodes sets dst[i] to
//
//	Σⱼ Code[j]·(2uⱼ-15) · (scale·Factor) + (addend + Base)
//
// for row ids[i], with 63 or 1023 in place of 15 by its bits. The sum is exact up to 8,192 numbers and the rest is rounded as
// written, so that all kernels agree bit for bit. It panics if a row lies outside c.Rows, dst is shorter than ids, or Code is not
// 2·Half long.
func DotCodes(dst []float32, p *CodeProbe, c *Codes, ids []uint32) {
	if len(p.Code) != 2*c.Half {
		panic("simd: code and rows do not match")
	}
	if !dotCodes(dst[:len(ids)], p, c, ids) {
		panic("simd: row outside the array")
	}
}

// UnpackCodes sets dst, of 2·Half, to the numbers of a row as a probe has them: 2u-15 or 2u-63, or of ten bits the upper seven,
// 2u-127, and returns how often the row's scale a step of them is worth: 1, or 8 for ten bits.
func UnpackCodes(dst []int8, c *Codes, id uint32) (worth float32) {
	unpackCodes(dst[:2*c.Half], c.Row(id), c.Bits)
	if c.Bits == 10 {
		return 8
	}
	return 1
}

// RestSize is the length in bytes of a rest: the planes that a row of fewer bits than ten has not.
func RestSize(half, bits int) int { return CodeSize(half, 10) - CodeSize(half, bits) }

// ExpandCodes sets dst, of 2·Half, to scale·(2u-1023) for the ten-bit numbers u of a row and its rest.
func ExpandCodes(dst []float32, c *Codes, id uint32, rest []byte, scale float32) {
	high, crumbs, low := c.split(id, rest)
	expandCodes(dst[:2*c.Half], high, crumbs, low, scale)
}

// split returns the three planes of a row and its rest.
func (c *Codes) split(id uint32, rest []byte) (high, crumbs, low []byte) {
	row := c.Row(id)
	high = row[:c.Half]
	switch c.Bits {
	case 4:
		crumbs, low = rest[:c.Half/2], rest[c.Half/2:]
	case 6:
		crumbs, low = row[c.Half:], rest
	default:
		crumbs, low = row[c.Half:], row[c.Half+c.Half/2:]
	}
	return high, crumbs[:c.Half/2], low[:c.Half]
}

// PackCodes stores ten-bit numbers, 2·Half of them, in a row and its rest. A nil rest is not kept.
func PackCodes(numbers []uint16, c *Codes, id uint32, rest []byte) {
	if rest == nil {
		rest = make([]byte, RestSize(c.Half, c.Bits))
	}
	high, crumbs, low := c.split(id, rest)
	half, quarter := c.Half, c.Half/2
	for j := range half {
		a, b := numbers[j], numbers[half+j]
		high[j] = byte(a>>6 | b>>6<<4)
		low[j] = byte(a&15 | b&15<<4)
	}
	for j := range quarter {
		crumbs[j] = byte(numbers[j]>>4&3 | numbers[j+quarter]>>4&3<<2 | numbers[j+half]>>4&3<<4 | numbers[j+half+quarter]>>4&3<<6)
	}
}

// scales is the array in which the scale and the addend of row i are at at+stride·i.
func (c *Codes) scales() (array []byte, at, stride int) {
	if c.Apart != nil {
		return c.Apart, 0, 8
	}
	return c.Rows, c.scaleAt, c.Stride
}

// holds tells whether there is such a row.
func (c *Codes) holds(id uint32) bool {
	return within(id, c.Stride, len(c.Rows)) && (c.Apart == nil || within(id, 8, len(c.Apart)))
}

func dotCodesGeneric(dst []float32, p *CodeProbe, c *Codes, ids []uint32) bool {
	for i, id := range ids {
		if !c.holds(id) {
			return false
		}
		scale, add := c.Scale(id)
		dst[i] = float32(float32(dotCodeGeneric(p.Code, c.Row(id), c))*float32(scale*p.Factor)) + float32(add+p.Base)
	}
	return true
}

func dotCodeGeneric(q []int8, row []byte, c *Codes) int32 {
	sum, bias := dotPlaneGeneric(q, row[:c.Half]), int32(0)
	for _, v := range q {
		bias += int32(v)
	}
	if c.Bits == 4 {
		return 2*sum - 15*bias
	}
	quarter := c.Half / 2
	sum <<= 2
	for j, b := range row[c.Half : c.Half+quarter] {
		sum += int32(q[j])*int32(b&3) + int32(q[j+quarter])*int32(b>>2&3) +
			int32(q[j+2*quarter])*int32(b>>4&3) + int32(q[j+3*quarter])*int32(b>>6)
	}
	if c.Bits == 6 {
		return 2*sum - 63*bias
	}
	return 2*(sum<<4+dotPlaneGeneric(q, row[c.Half+quarter:][:c.Half])) - 1023*bias
}

// dotPlaneGeneric is the inner product of q and a plane of four bits a number.
func dotPlaneGeneric(q []int8, plane []byte) (sum int32) {
	high := q[len(plane):]
	for j, b := range plane {
		sum += int32(q[j])*int32(b&15) + int32(high[j])*int32(b>>4)
	}
	return sum
}

func unpackCodesGeneric(dst []int8, row []byte, bits int) {
	half := len(dst) / 2
	quarter := half / 2
	for j := range half {
		a, b := row[j]&15, row[j]>>4
		if bits == 4 {
			dst[j], dst[half+j] = int8(2*a)-15, int8(2*b)-15
			continue
		}
		crumb := row[half+j%quarter] >> (2 * (j / quarter))
		a, b = a<<2|crumb&3, b<<2|crumb>>4&3
		if bits == 6 {
			dst[j], dst[half+j] = int8(2*a)-63, int8(2*b)-63
			continue
		}
		low := row[half+quarter+j]
		a, b = a<<1|low>>3&1, b<<1|low>>7
		dst[j], dst[half+j] = int8(2*a-127), int8(2*b-127)
	}
}

func expandCodesGeneric(dst []float32, high, crumbs, low []byte, scale float32) {
	half, quarter := len(high), len(crumbs)
	for j := range half {
		crumb := crumbs[j%quarter] >> (2 * (j / quarter))
		a := uint32(high[j]&15)<<6 | uint32(crumb&3)<<4 | uint32(low[j]&15)
		b := uint32(high[j]>>4)<<6 | uint32(crumb>>4&3)<<4 | uint32(low[j]>>4)
		dst[j] = scale * float32(int32(2*a)-1023)
		dst[half+j] = scale * float32(int32(2*b)-1023)
	}
}
