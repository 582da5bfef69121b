#include "textflag.h"

// Kernels over Codes. SDOT and SMULL multiply signed bytes, and the numbers of a plane are small enough to be such as they
// stand: Σ q·(2u-15) is 2·Σ q·u - 15·Σ q.

// Zeros for what a last block has had before, and ones for the rest.
DATA mask<>+0(SB)/8, $0
DATA mask<>+8(SB)/8, $0
DATA mask<>+16(SB)/8, $0xffffffffffffffff
DATA mask<>+24(SB)/8, $0xffffffffffffffff
GLOBL mask<>(SB), RODATA|NOPTR, $32

// Instructions that the assembler has no name for: d, n and m are register numbers, and d = n·m, d += n·m and so on.
#define SMULL8(m, n, d) WORD $(0x0E20C000 | m<<16 | n<<5 | d)
#define SMLAL8H(m, n, d) WORD $(0x4E208000 | m<<16 | n<<5 | d)
#define SADALP(n, d) WORD $(0x4E606800 | n<<5 | d)
#define SSHL16(m, n, d) WORD $(0x4E204400 | m<<16 | n<<5 | d)
#define SXTL4(n, d) WORD $(0x0F10A400 | n<<5 | d)
#define SXTL4H(n, d) WORD $(0x4F10A400 | n<<5 | d)
#define FMUL4(m, n, d) WORD $(0x6E20DC00 | m<<16 | n<<5 | d)

// SCVTF4BY32 makes float32 of int32 divided by 32.
#define SCVTF4BY32(n, d) WORD $(0x4F3BE400 | n<<5 | d)

// SDOT and MULADD add sixteen products of signed bytes to the four sums in d. Two products of a byte and a number up to 15
// fit 16 bits.
#define SDOT(m, n, d) WORD $(0x4E809400 | m<<16 | n<<5 | d)
#define MULADD(m, n, d) \
	SMULL8(m, n, 20);  \
	SMLAL8H(m, n, 20); \
	SADALP(20, d)

// NIBBLES adds the products of a block of the query's halves, at R14 and R15, and of the numbers in V4.
#define NIBBLES(DOT) \
	VLD1.P 16(R14), [V16.B16];      \
	VLD1.P 16(R15), [V17.B16];      \
	VAND   V31.B16, V4.B16, V5.B16; \
	VUSHR  $4, V4.B16, V6.B16;      \
	DOT(16, 5, 0);                  \
	DOT(17, 6, 1)

// CRUMBS does so for numbers of two bits and the query's quarters, at R14, R16, R15 and R19.
#define CRUMBS(DOT) \
	VLD1.P 16(R14), [V16.B16];      \
	VLD1.P 16(R16), [V17.B16];      \
	VLD1.P 16(R15), [V18.B16];      \
	VLD1.P 16(R19), [V19.B16];      \
	VUSHR  $2, V4.B16, V5.B16;      \
	VUSHR  $4, V4.B16, V6.B16;      \
	VUSHR  $6, V4.B16, V7.B16;      \
	VAND   V30.B16, V4.B16, V4.B16; \
	VAND   V30.B16, V5.B16, V5.B16; \
	VAND   V30.B16, V6.B16, V6.B16; \
	DOT(16, 4, 0);                  \
	DOT(17, 5, 1);                  \
	DOT(18, 6, 0);                  \
	DOT(19, 7, 1)

// START goes to the beginning of the query, for a plane of size bytes: R21 blocks and perhaps a last one.
#define START(size) \
	MOVD R1, R14; \
	MOVD R2, R15; \
	LSR  $4, size, R21

// MASK sets back to how many bytes the last block of a plane of size bytes goes back, and v to what keeps the others.
#define MASK(size, back, v) \
	NEG  size, back;          \
	AND  $15, back;           \
	MOVD $mask<>+16(SB), R14; \
	SUB  back, R14;           \
	VLD1 (R14), [v]

#define CLEAR \
	VEOR V0.B16, V0.B16, V0.B16; \
	VEOR V1.B16, V1.B16, V1.B16

// SHIFT makes room for n bits below each sum.
#define SHIFT(n) \
	VSHL $n, V0.S4, V0.S4; \
	VSHL $n, V1.S4, V1.S4

// SUM leaves the sum of V0 and V1 in R13.
#define SUM \
	VADD  V1.S4, V0.S4, V0.S4; \
	VADDV V0.S4, V0;           \
	VMOV  V0.S[0], R13

// ARGS takes the arguments, and ROWS does the work with them: what Σ q adds to each row is found first, from a plane of ones,
// and kept in R20.
#define ARGS \
	MOVD  dst+0(FP), R0;           \
	MOVD  q+8(FP), R1;             \
	MOVD  rows+16(FP), R3;         \
	MOVD  ids+24(FP), R4;          \
	MOVD  n+32(FP), R5;            \
	MOVD  half+40(FP), R6;         \
	MOVD  stride+48(FP), R7;       \
	MOVD  size+56(FP), R8;         \
	MOVD  scales+64(FP), R9;       \
	MOVD  scaleStride+72(FP), R10; \
	MOVD  bits+80(FP), R11;        \
	FMOVS factor+88(FP), F28;      \
	FMOVS base+92(FP), F29;        \
	ADD   R6, R1, R2;              \
	LSR   $1, R6, R23;             \
	MASK(R6, R12, V27.B16);        \
	MASK(R23, R17, V26.B16);       \
	VMOVI $15, V31.B16;            \
	VMOVI $3, V30.B16;             \
	VMOVI $0x11, V4.B16

#define ROWS(DOT) \
	SUBS    R7, R8, R8;              \
	BLT     outside;                 \
	CLEAR;                           \
	START(R6);                       \
query:                                   \
	NIBBLES(DOT);                    \
	SUB     $1, R21;                 \
	CBNZ    R21, query;              \
	CBZ     R12, bias;               \
	SUB     R12, R14;                \
	SUB     R12, R15;                \
	VAND    V27.B16, V4.B16, V4.B16; \
	NIBBLES(DOT);                    \
bias:                                    \
	SUM;                             \
	LSL     R11, R13, R20;           \
	SUB     R20, R13, R20;           \
row:                                     \
	MOVWU   (R4), R13;               \
	MUL     R7, R13, R13;            \
	CMP     R8, R13;                 \
	BHI     outside;                 \
	ADD     R3, R13;                 \
	MOVD    R11, R22;                \
	CLEAR;                           \
nibbles:                                 \
	START(R6);                       \
nibble:                                  \
	VLD1.P  16(R13), [V4.B16];       \
	NIBBLES(DOT);                    \
	SUB     $1, R21;                 \
	CBNZ    R21, nibble;             \
	CBZ     R12, crumbs;             \
	SUB     R12, R13;                \
	SUB     R12, R14;                \
	SUB     R12, R15;                \
	VLD1.P  16(R13), [V4.B16];       \
	VAND    V27.B16, V4.B16, V4.B16; \
	NIBBLES(DOT);                    \
crumbs:                                  \
	SUBS    $4, R22, R22;            \
	BEQ     sum;                     \
	SHIFT(2);                        \
	START(R23);                      \
	ADD     R23, R14, R16;           \
	ADD     R23, R15, R19;           \
crumb:                                   \
	VLD1.P  16(R13), [V4.B16];       \
	CRUMBS(DOT);                     \
	SUB     $1, R21;                 \
	CBNZ    R21, crumb;              \
	CBZ     R17, last;               \
	SUB     R17, R13;                \
	SUB     R17, R14;                \
	SUB     R17, R15;                \
	SUB     R17, R16;                \
	SUB     R17, R19;                \
	VLD1.P  16(R13), [V4.B16];       \
	VAND    V26.B16, V4.B16, V4.B16; \
	CRUMBS(DOT);                     \
last:                                    \
	SUBS    $2, R22, R22;            \
	BEQ     sum;                     \
	SHIFT(4);                        \
	B       nibbles;                 \
sum:                                     \
	SUM;                             \
	ADD     R13<<1, R20, R13;        \
	SCVTFWS R13, F0;                 \
	MOVWU.P 4(R4), R14;              \
	MADD    R10, R9, R14, R14;       \
	FMOVS   (R14), F1;               \
	FMOVS   4(R14), F2;              \
	FMULS   F28, F1, F1;             \
	FADDS   F29, F2, F2;             \
	FMULS   F1, F0, F0;              \
	FADDS   F2, F0, F0;              \
	FMOVS.P F0, 4(R0);               \
	SUB     $1, R5;                  \
	CBNZ    R5, row

// func dotCodesSDOT(dst *float32, q *int8, rows *byte, ids *uint32, n, half, stride, size int, scales *byte, scaleStride, bits int, factor, base float32) bool
TEXT ·dotCodesSDOT(SB), NOSPLIT, $0-97
	ARGS
	ROWS(SDOT)
	MOVD $1, R0
	MOVB R0, ret+96(FP)
	RET

outside:
	MOVB ZR, ret+96(FP)
	RET

// func dotCodesNEON(dst *float32, q *int8, rows *byte, ids *uint32, n, half, stride, size int, scales *byte, scaleStride, bits int, factor, base float32) bool
TEXT ·dotCodesNEON(SB), NOSPLIT, $0-97
	ARGS
	ROWS(MULADD)
	MOVD $1, R0
	MOVB R0, ret+96(FP)
	RET

outside:
	MOVB ZR, ret+96(FP)
	RET

// The kernels below take a block of each quarter of a row's numbers at a time, at the place R5. UPPER puts into V16 to V19,
// one quarter each, the numbers of the first plane, at R1, as the upper four bits of bytes. MIDDLE adds the two bits from R2
// below them, and LOWER two more of the four from R3, which it leaves, first and third quarter and second and fourth, in V4
// and V5. What is below in a byte is left over.
#define UPPER \
	ADD  R5, R1, R7;           \
	VLD1 (R7), [V18.B16];      \
	ADD  R4, R7;               \
	VLD1 (R7), [V19.B16];      \
	VSHL $4, V18.B16, V16.B16; \
	VSHL $4, V19.B16, V17.B16

#define MIDDLE \
	ADD  R5, R2, R7;          \
	VLD1 (R7), [V4.B16];      \
	VSHL $6, V4.B16, V5.B16;  \
	VSHL $4, V4.B16, V6.B16;  \
	VSHL $2, V4.B16, V7.B16;  \
	VSRI $4, V5.B16, V16.B16; \
	VSRI $4, V6.B16, V17.B16; \
	VSRI $4, V7.B16, V18.B16; \
	VSRI $4, V4.B16, V19.B16

#define LOWER \
	ADD  R5, R3, R7;          \
	VLD1 (R7), [V4.B16];      \
	ADD  R4, R7;              \
	VLD1 (R7), [V5.B16];      \
	VSHL $4, V4.B16, V6.B16;  \
	VSHL $4, V5.B16, V7.B16;  \
	VSRI $6, V6.B16, V16.B16; \
	VSRI $6, V7.B16, V17.B16; \
	VSRI $6, V4.B16, V18.B16; \
	VSRI $6, V5.B16, V19.B16

// MOVE takes the place on by a block, or to the last one in R6, unless it is there.
#define MOVE \
	CMP  R6, R5;         \
	BEQ  done;           \
	ADD  $16, R5;        \
	CMP  R6, R5;         \
	CSEL LO, R5, R6, R5; \
	B    loop

// CENTRE stores at R7 the numbers u in v, register number n, as 2u+1 less the power of two in the middle, and moves R7 on to
// the next quarter: with the uppermost bit turned over and the shift to the right in V29, only the 1 is missing.
#define CENTRE(v, n) \
	VEOR V30.B16, v, v; \
	SSHL16(29, n, n);   \
	VORR V31.B16, v, v; \
	VST1 [v], (R7);     \
	ADD  R4, R7

// func unpackCodesNEON(dst *int8, row *byte, quarter, bits int)
TEXT ·unpackCodesNEON(SB), NOSPLIT, $0-32
	MOVD  dst+0(FP), R0
	MOVD  row+8(FP), R1
	MOVD  quarter+16(FP), R4
	MOVD  bits+24(FP), R8
	ADD   R4<<1, R1, R2
	ADD   R4, R2, R3
	SUB   $16, R4, R6
	MOVD  ZR, R5
	VMOVI $0x80, V30.B16
	VMOVI $1, V31.B16
	SUB   $7, R8, R7         // four bits go three to the right, six one, and seven of ten none
	CMP   $10, R8
	CSEL  EQ, ZR, R7, R7
	VDUP  R7, V29.B16

loop:
	UPPER
	CMP $4, R8
	BEQ store
	MIDDLE
	CMP $6, R8
	BEQ store
	LOWER

store:
	ADD R5, R0, R7
	CENTRE(V16.B16, 16)
	CENTRE(V17.B16, 17)
	CENTRE(V18.B16, 18)
	CENTRE(V19.B16, 19)
	MOVE

done:
	RET

// EXPAND stores at R7 the numbers whose upper eight bits are in h and whose lowest two are those of l, and moves R7 on to the
// next quarter. The two make 16 bits with a 1 below and the uppermost bit turned over, which are 32·(2u-1023).
#define EXPAND(h, l) \
	VEOR  V30.B16, h, h;                          \
	VORR  V31.B16, V31.B16, V20.B16;              \
	VSLI  $6, l, V20.B16;                         \
	VZIP2 h, V20.B16, V22.B16;                    \
	VZIP1 h, V20.B16, V20.B16;                    \
	SXTL4H(20, 21);                               \
	SXTL4(20, 20);                                \
	SXTL4H(22, 23);                               \
	SXTL4(22, 22);                                \
	SCVTF4BY32(20, 20);                           \
	SCVTF4BY32(21, 21);                           \
	SCVTF4BY32(22, 22);                           \
	SCVTF4BY32(23, 23);                           \
	FMUL4(28, 20, 20);                            \
	FMUL4(28, 21, 21);                            \
	FMUL4(28, 22, 22);                            \
	FMUL4(28, 23, 23);                            \
	VST1  [V20.S4, V21.S4, V22.S4, V23.S4], (R7); \
	ADD   R4<<2, R7

// func expandCodesNEON(dst *float32, high, crumbs, low *byte, quarter int, scale float32)
TEXT ·expandCodesNEON(SB), NOSPLIT, $0-44
	MOVD  dst+0(FP), R0
	MOVD  high+8(FP), R1
	MOVD  crumbs+16(FP), R2
	MOVD  low+24(FP), R3
	MOVD  quarter+32(FP), R4
	FMOVS scale+40(FP), F28
	VDUP  V28.S[0], V28.S4
	VMOVI $0x80, V30.B16
	VMOVI $0x20, V31.B16
	SUB   $16, R4, R6
	MOVD  ZR, R5

loop:
	UPPER
	MIDDLE
	LOWER
	VUSHR $4, V4.B16, V6.B16
	VUSHR $4, V5.B16, V7.B16
	ADD   R5<<2, R0, R7
	EXPAND(V16.B16, V4.B16)
	EXPAND(V17.B16, V5.B16)
	EXPAND(V18.B16, V6.B16)
	EXPAND(V19.B16, V7.B16)
	MOVE

done:
	RET
