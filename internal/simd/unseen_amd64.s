#include "textflag.h"

// func unseenAMD64(dst, list *uint32, n int, seen *uint64, words int, rows unsafe.Pointer, size int) int
//
// No branch depends on what was seen: every number is stored, and the place moves on by one when its bit was clear.
TEXT ·unseenAMD64(SB), NOSPLIT, $0-64
	MOVQ dst+0(FP), DI
	MOVQ list+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ seen+24(FP), R8
	MOVQ words+32(FP), R10
	XORQ R9, R9

loop:
	MOVL (SI), AX
	MOVQ AX, BX
	SHRQ $6, BX
	CMPQ BX, R10
	JAE  fetch
	MOVQ (R8)(BX*8), DX
	BTSQ AX, DX
	MOVQ DX, (R8)(BX*8)
	MOVL AX, (DI)(R9*4)
	CMC
	ADCQ $0, R9
	ADDQ $4, SI
	DECQ CX
	JNE  loop

fetch:
	MOVQ  R9, ret+56(FP)
	MOVQ  size+48(FP), R11
	TESTQ R11, R11
	JEQ   done
	TESTQ R9, R9
	JEQ   done
	MOVQ  rows+40(FP), R8

row:
	MOVL  (DI), AX
	IMULQ R11, AX
	ADDQ  R8, AX
	LEAQ  -1(AX)(R11*1), BX

line:
	PREFETCHT0 (AX)
	ADDQ       $64, AX
	CMPQ       AX, BX
	JLS        line
	PREFETCHT0 (BX)
	ADDQ       $4, DI
	DECQ       R9
	JNE        row

done:
	RET
