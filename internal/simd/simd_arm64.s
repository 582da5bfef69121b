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

// func dotNEON(a, b *float32, n int) float32
TEXT ·dotNEON(SB), NOSPLIT, $0-28
	MOVD a+0(FP), R0
	MOVD b+8(FP), R1
	MOVD n+16(FP), R2
	ZERO

sixteen:
	CMP    $16, R2
	BLT    four
	VLD1.P 64(R0), [V4.S4, V5.S4, V6.S4, V7.S4]
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]
	VFMLA  V4.S4, V16.S4, V0.S4
	VFMLA  V5.S4, V17.S4, V1.S4
	VFMLA  V6.S4, V18.S4, V2.S4
	VFMLA  V7.S4, V19.S4, V3.S4
	SUB    $16, R2
	B      sixteen

four:
	CMP    $4, R2
	BLT    rest
	VLD1.P 16(R0), [V4.S4]
	VLD1.P 16(R1), [V16.S4]
	VFMLA  V4.S4, V16.S4, V0.S4
	SUB    $4, R2
	B      four

rest:
	SUM

one:
	CBZ     R2, done
	FMOVS.P 4(R0), F4
	FMOVS.P 4(R1), F5
	FMADDS  F4, F0, F5, F0
	SUB     $1, R2
	B       one

done:
	FMOVS F0, ret+24(FP)
	RET

// func l2NEON(a, b *float32, n int) float32
TEXT ·l2NEON(SB), NOSPLIT, $0-28
	MOVD a+0(FP), R0
	MOVD b+8(FP), R1
	MOVD n+16(FP), R2
	ZERO

sixteen:
	CMP    $16, R2
	BLT    four
	VLD1.P 64(R0), [V4.S4, V5.S4, V6.S4, V7.S4]
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]
	FSUB4(16, 4, 4)
	FSUB4(17, 5, 5)
	FSUB4(18, 6, 6)
	FSUB4(19, 7, 7)
	VFMLA  V4.S4, V4.S4, V0.S4
	VFMLA  V5.S4, V5.S4, V1.S4
	VFMLA  V6.S4, V6.S4, V2.S4
	VFMLA  V7.S4, V7.S4, V3.S4
	SUB    $16, R2
	B      sixteen

four:
	CMP    $4, R2
	BLT    rest
	VLD1.P 16(R0), [V4.S4]
	VLD1.P 16(R1), [V16.S4]
	FSUB4(16, 4, 4)
	VFMLA  V4.S4, V4.S4, V0.S4
	SUB    $4, R2
	B      four

rest:
	SUM

one:
	CBZ     R2, done
	FMOVS.P 4(R0), F4
	FMOVS.P 4(R1), F5
	FSUBS   F5, F4, F4
	FMADDS  F4, F0, F4, F0
	SUB     $1, R2
	B       one

done:
	FMOVS F0, ret+24(FP)
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
