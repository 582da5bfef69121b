package simd

// block is how many bytes of a plane a kernel over codes takes at a time. The last ones of a plane it takes together with
// some it has had, so that shorter planes are left to the twins.
const block = 16

func dotCodes(dst []float32, p *CodeProbe, c *Codes, ids []uint32) bool {
	shortest := c.Half
	if c.Bits > 4 {
		shortest /= 2
	}
	if !hasNEON || len(ids) == 0 || shortest < block || len(c.Rows) == 0 {
		return dotCodesGeneric(dst, p, c, ids)
	}
	scales, at, stride := c.scales()
	if len(scales)/stride < len(c.Rows)/c.Stride {
		return false
	}
	kernel := dotCodesNEON
	if hasSDOT {
		kernel = dotCodesSDOT
	}
	return kernel(&dst[0], &p.Code[0], &c.Rows[0], &ids[0], len(ids), c.Half, c.Stride, len(c.Rows),
		&scales[at], stride, c.Bits, p.Factor, p.Base)
}

func unpackCodes(dst []int8, row []byte, bits int) {
	if !hasNEON || len(dst) < 4*block {
		unpackCodesGeneric(dst, row, bits)
		return
	}
	unpackCodesNEON(&dst[0], &row[0], len(dst)/4, bits)
}

func expandCodes(dst []float32, high, crumbs, low []byte, scale float32) {
	if !hasNEON || len(crumbs) < block {
		expandCodesGeneric(dst, high, crumbs, low, scale)
		return
	}
	expandCodesNEON(&dst[0], &high[0], &crumbs[0], &low[0], len(crumbs), scale)
}

func insert(list []uint64, n int, x uint64) int { return insertGeneric(list, n, x) }

//go:noescape
func dotCodesSDOT(dst *float32, q *int8, rows *byte, ids *uint32, n, half, stride, size int, scales *byte, scaleStride, bits int, factor, base float32) bool

//go:noescape
func dotCodesNEON(dst *float32, q *int8, rows *byte, ids *uint32, n, half, stride, size int, scales *byte, scaleStride, bits int, factor, base float32) bool

//go:noescape
func unpackCodesNEON(dst *int8, row *byte, quarter, bits int)

//go:noescape
func expandCodesNEON(dst *float32, high, crumbs, low *byte, quarter int, scale float32)
