package simd

func dotCodes(dst []float32, p *CodeProbe, c *Codes, ids []uint32) bool {
	return dotCodesGeneric(dst, p, c, ids)
}

func unpackCodes(dst []int8, row []byte, bits int) { unpackCodesGeneric(dst, row, bits) }

func expandCodes(dst []float32, high, crumbs, low []byte, scale float32) {
	expandCodesGeneric(dst, high, crumbs, low, scale)
}

func insert(list []uint64, n int, x uint64) int { return insertGeneric(list, n, x) }
