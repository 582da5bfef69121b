#include "textflag.h"

// FETCH asks for the cache lines of the R1 bytes from R0 on.
#define FETCH(line) \
	ADD  R0, R1, R2;      \
	SUB  $1, R2;          \
line:                     \
	PRFM (R0), PLDL1KEEP; \
	ADD  $64, R0;         \
	CMP  R2, R0;          \
	BLS  line;            \
	PRFM (R2), PLDL1KEEP

// func prefetch(p unsafe.Pointer, size int)
TEXT ·prefetch(SB), NOSPLIT, $0-16
	MOVD p+0(FP), R0
	MOVD size+8(FP), R1
	FETCH(line)
	RET

// func unseenARM64(dst, list *uint32, n int, seen *uint64, words int, rows unsafe.Pointer, size int) int
//
// No branch depends on what was seen: every number is stored, and the place moves on by one when its bit was clear. The
// numbers are loaded as sync/atomic loads them, since what one leads to was written before it.
TEXT ·unseenARM64(SB), NOSPLIT, $0-64
	MOVD dst+0(FP), R3
	MOVD list+8(FP), R4
	MOVD n+16(FP), R5
	MOVD seen+24(FP), R6
	MOVD words+32(FP), R7
	MOVD ZR, R8
	MOVD $1, R9

loop:
	LDARW (R4), R10
	LSR   $6, R10, R11
	CMP   R7, R11
	BHS   fetch
	MOVD  (R6)(R11<<3), R12
	LSL   R10, R9, R13
	MOVW  R10, (R3)(R8<<2)
	TST   R13, R12
	CINC  EQ, R8, R8
	ORR   R13, R12, R12
	MOVD  R12, (R6)(R11<<3)
	ADD   $4, R4
	SUB   $1, R5
	CBNZ  R5, loop

fetch:
	MOVD R8, ret+56(FP)
	MOVD size+48(FP), R1
	CBZ  R1, done
	CBZ  R8, done
	MOVD rows+40(FP), R6

row:
	MOVWU.P 4(R3), R0
	MADD    R1, R6, R0, R0
	FETCH(line)
	SUB     $1, R8
	CBNZ    R8, row

done:
	RET
