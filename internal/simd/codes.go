package simd

import (
	"encoding/binary"
	"math"
)

// Codes is an array of records, one a row, each a vector of numbers in 4 or 8 bits. A row has two float32 besides, a scale
// and an addend, in its record where that costs no cache line more, and otherwise apart.
//
// A record begins with a plane of Half bytes: byte j holds the upper four bits of number j in its lower half and those of
// number Half+j in its upper half. Where Wide is set, a second plane holds the lower four bits likewise. The number u stands
// for scale·(2u-15), or scale·(2u-255) where Wide is set.
type Codes struct {
	Half   int // bytes of a plane
	Wide   bool
	Stride int    // bytes of a record
	Rows   []byte // the records
	Apart  []byte // scale and addend of each row, 8 bytes; nil where the records have them

	scaleAt int // where in a record they are, if so
}

// line is the size of a cache line.
const line = 64

// NewCodes returns records for n rows in arrays that alloc makes. Records that nearly fill cache lines are stretched to do so,
// since one that lies across a border costs another miss.
func NewCodes(half int, wide bool, n int, alloc func(size int) []byte) Codes {
	c := Codes{Half: half, Wide: wide, Stride: CodeSize(half, wide)}
	if c.scaleAt = (c.Stride + 3) &^ 3; lines(c.scaleAt+8) == lines(c.Stride) {
		c.Stride = c.scaleAt + 8
	} else {
		c.Apart = alloc(8 * n)
	}
	if full := lines(c.Stride) * line; 5*full <= 6*c.Stride {
		c.Stride = full
	}
	c.Rows = alloc(c.Stride * n)
	return c
}

func lines(size int) int { return (size + line - 1) / line }

// CodeSize is how many bytes the numbers of a record take.
func CodeSize(half int, wide bool) int { return planes(wide) * half }

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
	Code   []int8  // 2·Half numbers of -127 to 127, or -128 with Wide records
	Factor float32 // what an 8-bit step of the code is worth
	Base   float32 // added to every result
}

// DotCodes sets dst[i] to
//
//	Σⱼ Code[j]·(2uⱼ-15) · (scale·Factor) + (addend + Base)
//
// for row ids[i], with 2uⱼ-255 where c.Wide is set. The sum is exact up to 2¹⁵ numbers and the rest is rounded as written,
// so that all kernels agree bit for bit. It panics if a row lies outside c.Rows, dst is shorter than ids, or Code is not
// 2·Half long.
func DotCodes(dst []float32, p *CodeProbe, c *Codes, ids []uint32) {
	if len(p.Code) != 2*c.Half {
		panic("simd: code and rows do not match")
	}
	if !dotCodes(dst[:len(ids)], p, c, ids) {
		panic("simd: row outside the array")
	}
}

func planes(wide bool) int {
	if wide {
		return 2
	}
	return 1
}

// UnpackCodes sets dst, of 2·Half, to the numbers of a row as a probe has them: 2u-15, or u-128 where c.Wide is set, which are
// worth scale and 2·scale a step.
func UnpackCodes(dst []int8, c *Codes, id uint32) {
	unpackCodes(dst[:2*c.Half], c.Row(id)[:CodeSize(c.Half, c.Wide)], c.Wide)
}

// RestSize is the length in bytes of a rest: what a row leaves of numbers of ten bits. It is a plane of the middle four,
// unless the record is wide and has it, and a plane of the lowest two, of half as many bytes, of which byte j holds those of
// the numbers j, j+Half/2, j+Half and j+3·Half/2 from its lowest bits up. Half is even.
func RestSize(half int, wide bool) int { return half/2 + (2-planes(wide))*half }

// ExpandCodes sets dst, of 2·Half, to scale·(2u-1023) for the ten-bit numbers u of a row and its rest. Half is even.
func ExpandCodes(dst []float32, c *Codes, id uint32, rest []byte, scale float32) {
	half, row := c.Half, c.Row(id)
	high, middle, low := row[:half], rest, rest
	if c.Wide {
		middle = row[half:]
	} else {
		low = rest[half:]
	}
	expandCodes(dst[:2*half], high, middle[:half], low[:half/2], scale)
}

// PackCodes stores ten-bit numbers, 2·Half of them, in a row and its rest, which may be nil. Half is even.
func PackCodes(numbers []uint16, c *Codes, id uint32, rest []byte) {
	half, row := c.Half, c.Row(id)
	middle := rest
	if c.Wide {
		middle = row[half:]
	}
	for j := range half {
		a, b := numbers[j], numbers[half+j]
		row[j] = byte(a>>6 | b>>6<<4)
		if middle != nil {
			middle[j] = byte(a>>2&15 | b>>2&15<<4)
		}
	}
	if rest == nil {
		return
	}
	quarter := half / 2
	low := rest[len(rest)-quarter:]
	for j := range quarter {
		low[j] = byte(numbers[j]&3 | numbers[j+quarter]&3<<2 | numbers[j+half]&3<<4 | numbers[j+half+quarter]&3<<6)
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
	return (int(id)+1)*c.Stride <= len(c.Rows) && (c.Apart == nil || 8*(int(id)+1) <= len(c.Apart))
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
	half := c.Half
	var high, low, sum int32
	for j, b := range row[:half] {
		x, y := int32(q[j]), int32(q[half+j])
		high += x*int32(b&15) + y*int32(b>>4)
		sum += x + y
	}
	if !c.Wide {
		return 2*high - 15*sum
	}
	for j, b := range row[half : 2*half] {
		low += int32(q[j])*int32(b&15) + int32(q[half+j])*int32(b>>4)
	}
	return 2*(16*high+low) - 255*sum
}

func unpackCodesGeneric(dst []int8, row []byte, wide bool) {
	half := len(dst) / 2
	for j, b := range row[:half] {
		if wide {
			m := row[half+j]
			dst[j], dst[half+j] = int8(b<<4|m&15)^-128, int8(b&0xf0|m>>4)^-128
		} else {
			dst[j], dst[half+j] = int8(b&15)*2-15, int8(b>>4)*2-15
		}
	}
}

func expandCodesGeneric(dst []float32, high, middle, low []byte, scale float32) {
	half, quarter := len(high), len(low)
	for j := range half {
		crumbs := low[j%quarter] >> (2 * (j / quarter))
		a := uint32(high[j]&15)<<6 | uint32(middle[j]&15)<<2 | uint32(crumbs&3)
		b := uint32(high[j]>>4)<<6 | uint32(middle[j]>>4)<<2 | uint32(crumbs>>4&3)
		dst[j] = scale * float32(int32(2*a)-1023)
		dst[half+j] = scale * float32(int32(2*b)-1023)
	}
}
