#include "textflag.h"

// Instructions on four floats that the assembler has no name for: d, n and m are register numbers, and d = n op m.
#define FADD4(m, n, d) WORD $(0x4E20D400 | m<<16 | n<<5 | d)
#define FSUB4(m, n, d) WORD $(0x4EA0D400 | m<<16 | n<<5 | d)
#define FADDP4(m, n, d) WORD $(0x6E20D400 | m<<16 | n<<5 | d)

// SUM leaves the sum of V0 to V3 in F0.
#define SUM \
	FADD4(1, 0, 0);  \
	FADD4(3, 2, 2);  \
	FADD4(2, 0, 0);  \
	FADDP4(0, 0, 0); \
	FADDP4(0, 0, 0)

#define ZERO \
	VEOR V0.B16, V0.B16, V0.B16; \
	VEOR V1.B16, V1.B16, V1.B16; \
	VEOR V2.B16, V2.B16, V2.B16; \
	VEOR V3.B16, V3.B16, V3.B16

// DOT leaves in F0 the inner product of R2 floats each at R0 and R1, which it moves on.
#define DOT \
	ZERO;                                            \
sixteen:                                             \
	CMP    $16, R2;                                  \
	BLT    four;                                     \
	VLD1.P 64(R0), [V4.S4, V5.S4, V6.S4, V7.S4];     \
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]; \
	VFMLA  V4.S4, V16.S4, V0.S4;                     \
	VFMLA  V5.S4, V17.S4, V1.S4;                     \
	VFMLA  V6.S4, V18.S4, V2.S4;                     \
	VFMLA  V7.S4, V19.S4, V3.S4;                     \
	SUB    $16, R2;                                  \
	B      sixteen;                                  \
four:                                                \
	CMP    $4, R2;                                   \
	BLT    rest;                                     \
	VLD1.P 16(R0), [V4.S4];                          \
	VLD1.P 16(R1), [V16.S4];                         \
	VFMLA  V4.S4, V16.S4, V0.S4;                     \
	SUB    $4, R2;                                   \
	B      four;                                     \
rest:                                                \
	SUM;                                             \
one:                                                 \
	CBZ     R2, done;                                \
	FMOVS.P 4(R0), F4;                               \
	FMOVS.P 4(R1), F5;                               \
	FMADDS  F4, F0, F5, F0;                          \
	SUB     $1, R2;                                  \
	B       one;                                     \
done:

// L2 leaves in F0 their squared distance.
#define L2 \
	ZERO;                                            \
sixteen:                                             \
	CMP    $16, R2;                                  \
	BLT    four;                                     \
	VLD1.P 64(R0), [V4.S4, V5.S4, V6.S4, V7.S4];     \
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]; \
	FSUB4(16, 4, 4);                                 \
	FSUB4(17, 5, 5);                                 \
	FSUB4(18, 6, 6);                                 \
	FSUB4(19, 7, 7);                                 \
	VFMLA  V4.S4, V4.S4, V0.S4;                      \
	VFMLA  V5.S4, V5.S4, V1.S4;                      \
	VFMLA  V6.S4, V6.S4, V2.S4;                      \
	VFMLA  V7.S4, V7.S4, V3.S4;                      \
	SUB    $16, R2;                                  \
	B      sixteen;                                  \
four:                                                \
	CMP    $4, R2;                                   \
	BLT    rest;                                     \
	VLD1.P 16(R0), [V4.S4];                          \
	VLD1.P 16(R1), [V16.S4];                         \
	FSUB4(16, 4, 4);                                 \
	VFMLA  V4.S4, V4.S4, V0.S4;                      \
	SUB    $4, R2;                                   \
	B      four;                                     \
rest:                                                \
	SUM;                                             \
one:                                                 \
	CBZ     R2, done;                                \
	FMOVS.P 4(R0), F4;                               \
	FMOVS.P 4(R1), F5;                               \
	FSUBS   F5, F4, F4;                              \
	FMADDS  F4, F0, F4, F0;                          \
	SUB     $1, R2;                                  \
	B       one;                                     \
done:

#define PAIR \
	MOVD a+0(FP), R0; \
	MOVD b+8(FP), R1; \
	MOVD n+16(FP), R2

// ROWS begins a loop over a list of rows, with what DOT and L2 need of each in place, and NEXT ends it.
#define ROWS \
	MOVD dst+0(FP), R3;   \
	MOVD q+8(FP), R4;     \
	MOVD rows+16(FP), R5; \
	MOVD ids+24(FP), R6;  \
	MOVD n+32(FP), R7;    \
	MOVD d+40(FP), R8;    \
	MOVD size+48(FP), R9; \
	SUBS R8, R9, R9;      \
	BLT  outside;         \
row:                      \
	MOVWU.P 4(R6), R1;    \
	MUL  R8, R1, R1;      \
	CMP  R9, R1;          \
	BHI  outside;         \
	ADD  R1<<2, R5, R1;   \
	MOVD R4, R0;          \
	MOVD R8, R2

#define NEXT \
	FMOVS.P F0, 4(R3); \
	SUB  $1, R7;       \
	CBNZ R7, row;      \
	MOVD $1, R0

// func dotNEON(a, b *float32, n int) float32
TEXT ·dotNEON(SB), NOSPLIT, $0-28
	PAIR
	DOT
	FMOVS F0, ret+24(FP)
	RET

// func l2NEON(a, b *float32, n int) float32
TEXT ·l2NEON(SB), NOSPLIT, $0-28
	PAIR
	L2
	FMOVS F0, ret+24(FP)
	RET

// func dotIDsNEON(dst, q, rows *float32, ids *uint32, n, d, size int) bool
TEXT ·dotIDsNEON(SB), NOSPLIT, $0-57
	ROWS
	DOT
	NEXT
	MOVB R0, ret+56(FP)
	RET

outside:
	MOVB ZR, ret+56(FP)
	RET

// func l2IDsNEON(dst, q, rows *float32, ids *uint32, n, d, size int) bool
TEXT ·l2IDsNEON(SB), NOSPLIT, $0-57
	ROWS
	L2
	NEXT
	MOVB R0, ret+56(FP)
	RET

outside:
	MOVB ZR, ret+56(FP)
	RET

// func axpyNEON(alpha float32, x, y *float32, n int)
TEXT ·axpyNEON(SB), NOSPLIT, $0-32
	FMOVS alpha+0(FP), F0
	VDUP  V0.S[0], V1.S4
	MOVD  x+8(FP), R0
	MOVD  y+16(FP), R1
	MOVD  n+24(FP), R2

four:
	CMP    $4, R2
	BLT    one
	VLD1.P 16(R0), [V4.S4]
	VLD1   (R1), [V5.S4]
	VFMLA  V4.S4, V1.S4, V5.S4
	VST1.P [V5.S4], 16(R1)
	SUB    $4, R2
	B      four

one:
	CBZ     R2, done
	FMOVS.P 4(R0), F4
	FMOVS   (R1), F5
	FMADDS  F4, F5, F0, F5
	FMOVS.P F5, 4(R1)
	SUB     $1, R2
	B       one

done:
	RET
