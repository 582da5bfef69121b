#include "textflag.h"

// func insertAVX512(list *uint64, n int, x uint64) int
//
// From the end, eight at a time are moved up while all are smaller than x.
TEXT ·insertAVX512(SB), NOSPLIT, $0-32
	MOVQ         list+0(FP), DI
	MOVQ         n+8(FP), CX
	MOVQ         x+16(FP), DX
	VPBROADCASTQ DX, Z1

eight:
	CMPQ      CX, $8
	JLT       single
	VMOVDQU64 -64(DI)(CX*8), Z0
	VPCMPUQ   $1, Z1, Z0, K1
	VMOVDQU64 Z0, K1, -56(DI)(CX*8)
	KMOVB     K1, AX
	CMPL      AX, $0xFF
	JNE       part
	SUBQ      $8, CX
	JMP       eight

part:
	POPCNTL AX, AX
	SUBQ    AX, CX
	JMP     found

single:
	TESTQ CX, CX
	JEQ   found
	MOVQ  -8(DI)(CX*8), AX
	CMPQ  AX, DX
	JCC   found
	MOVQ  AX, (DI)(CX*8)
	DECQ  CX
	JMP   single

found:
	MOVQ DX, (DI)(CX*8)
	MOVQ CX, ret+24(FP)
	VZEROUPPER
	RET
