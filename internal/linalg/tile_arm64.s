#include "textflag.h"

// Instructions that the assembler has no name for; d, n and m are register numbers.
#define FADD4(m, n, d) WORD $(0x4E20D400 | m<<16 | n<<5 | d)

// FMLA4 adds to d the product of n and one float of m, which e chooses.
#define FMLA4(m, e, n, d) WORD $(0x4F801000 | e | m<<16 | n<<5 | d)
#define FIRST 0
#define SECOND 0x200000
#define THIRD 0x800
#define FOURTH 0x200800

#define ZERO2(x, y) \
	VEOR x.B16, x.B16, x.B16; \
	VEOR y.B16, y.B16, y.B16

// STEP2 adds a left value times the two right registers to a row of two.
#define STEP2(m, e, x, y) \
	FMLA4(m, e, 20, x); \
	FMLA4(m, e, 21, y)

#define SAVE2(x, y) \
	VLD1 (R0), [V22.S4, V23.S4]; \
	FADD4(x, 22, 22);            \
	FADD4(y, 23, 23);            \
	VST1 [V22.S4, V23.S4], (R0); \
	ADD  R1, R0

// func tileNEON(c *float32, d, steps int, left *float32, leftStep int, right *float32, rightStep int)
TEXT ·tileNEON(SB), NOSPLIT, $0-56
	MOVD c+0(FP), R0
	MOVD d+8(FP), R1
	MOVD steps+16(FP), R2
	MOVD left+24(FP), R3
	MOVD leftStep+32(FP), R4
	MOVD right+40(FP), R5
	MOVD rightStep+48(FP), R6
	LSL  $2, R1
	LSL  $2, R4
	LSL  $2, R6
	ZERO2(V0, V1)
	ZERO2(V2, V3)
	ZERO2(V4, V5)
	ZERO2(V6, V7)
	ZERO2(V8, V9)
	ZERO2(V10, V11)
	ZERO2(V12, V13)
	ZERO2(V14, V15)

loop:
	VLD1.P (R3)(R4), [V18.S4, V19.S4]
	VLD1.P (R5)(R6), [V20.S4, V21.S4]
	STEP2(18, FIRST, 0, 1)
	STEP2(18, SECOND, 2, 3)
	STEP2(18, THIRD, 4, 5)
	STEP2(18, FOURTH, 6, 7)
	STEP2(19, FIRST, 8, 9)
	STEP2(19, SECOND, 10, 11)
	STEP2(19, THIRD, 12, 13)
	STEP2(19, FOURTH, 14, 15)
	SUB    $1, R2
	CBNZ   R2, loop
	SAVE2(0, 1)
	SAVE2(2, 3)
	SAVE2(4, 5)
	SAVE2(6, 7)
	SAVE2(8, 9)
	SAVE2(10, 11)
	SAVE2(12, 13)
	SAVE2(14, 15)
	RET
