package simd

import "unsafe"

func dotCodes(dst []float32, p *CodeProbe, c *Codes, ids []uint32) bool {
	switch {
	case len(ids) == 0:
		return true
	case c.Half == 0 || len(c.Rows) == 0:
	case hasVNNI:
		scales, at, stride := c.scales()
		if len(scales)/stride < len(c.Rows)/c.Stride {
			return false
		}
		return dotCodesVNNI(&dst[0], &p.Code[0], &c.Rows[0], &ids[0], len(ids), c.Half, c.Stride, len(c.Rows),
			&scales[at], stride, c.planes(), p.Factor, p.Base)
	case hasAVX2:
		return dotCodesAVX2(dst, p, c, ids)
	}
	return dotCodesGeneric(dst, p, c, ids)
}

func dotCodesAVX2(dst []float32, p *CodeProbe, c *Codes, ids []uint32) bool {
	var bias int32
	for _, v := range p.Code {
		bias += int32(v)
	}
	bias *= 1<<c.Bits - 1
	for i, id := range ids {
		if !c.holds(id) {
			return false
		}
		scale, add := c.Scale(id)
		sum := 2*dotPlanesAVX2(&p.Code[0], &c.Row(id)[0], c.Half, c.planes()) - bias
		dst[i] = float32(float32(sum)*float32(scale*p.Factor)) + float32(add+p.Base)
	}
	return true
}

func unpackCodes(dst []int8, row []byte, bits int) {
	if !hasAVX512 || len(dst) == 0 {
		unpackCodesGeneric(dst, row, bits)
		return
	}
	unpackCodesAVX512(&dst[0], &row[0], len(dst)/4, bits)
}

func expandCodes(dst []float32, high, crumbs, low []byte, scale float32) {
	if !hasAVX512 || len(dst) == 0 {
		expandCodesGeneric(dst, high, crumbs, low, scale)
		return
	}
	expandCodesAVX512(&dst[0], &high[0], &crumbs[0], &low[0], len(crumbs), scale)
}

//go:noescape
func dotCodesVNNI(dst *float32, q *int8, rows *byte, ids *uint32, n, half, stride, size int, scales *byte, scaleStride, planes int, factor, base float32) bool

//go:noescape
func dotPlanesAVX2(q *int8, row *byte, half, planes int) int32

//go:noescape
func unpackCodesAVX512(dst *int8, row *byte, quarter, bits int)

//go:noescape
func expandCodesAVX512(dst *float32, high, crumbs, low *byte, quarter int, scale float32)

//go:noescape
func prefetch(p unsafe.Pointer, size int)
