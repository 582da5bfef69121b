#include "textflag.h"

#define ARGS \
	MOVQ c+0(FP), DI;          \
	MOVQ d+8(FP), DX;          \
	MOVQ steps+16(FP), CX;     \
	MOVQ left+24(FP), SI;      \
	MOVQ leftStep+32(FP), R8;  \
	MOVQ right+40(FP), R9;     \
	MOVQ rightStep+48(FP), R10; \
	SHLQ $2, DX;               \
	SHLQ $2, R8;               \
	SHLQ $2, R10

#define ZERO2(x, y) \
	VPXORD x, x, x; \
	VPXORD y, y, y

// STEP2 adds a left value times the two right registers to a row of two.
#define STEP2(off, x, y) \
	VBROADCASTSS off(SI), Z18; \
	VFMADD231PS  Z16, Z18, x;  \
	VFMADD231PS  Z17, Z18, y

#define SAVE2(x, y) \
	VADDPS  (DI), x, x;   \
	VMOVUPS x, (DI);      \
	VADDPS  64(DI), y, y; \
	VMOVUPS y, 64(DI);    \
	ADDQ    DX, DI

// STEPY and SAVEY are the same on 256 bits.
#define STEPY(off, x, y) \
	VBROADCASTSS off(SI), Y10; \
	VFMADD231PS  Y8, Y10, x;   \
	VFMADD231PS  Y9, Y10, y

#define SAVEY(x, y) \
	VADDPS  (DI), x, x;   \
	VMOVUPS x, (DI);      \
	VADDPS  32(DI), y, y; \
	VMOVUPS y, 32(DI);    \
	ADDQ    DX, DI

// ASK fetches a row of the tile, which is needed after the loop: its first byte, one in the middle and its last number.
#define ASK(middle, last) \
	PREFETCHT0 (AX);       \
	PREFETCHT0 middle(AX); \
	PREFETCHT0 last(AX);   \
	ADDQ       DX, AX

// func tileAVX512(c *float32, d, steps int, left *float32, leftStep int, right *float32, rightStep int)
TEXT ·tileAVX512(SB), NOSPLIT, $0-56
	ARGS
	ZERO2(Z0, Z1)
	ZERO2(Z2, Z3)
	ZERO2(Z4, Z5)
	ZERO2(Z6, Z7)
	ZERO2(Z8, Z9)
	ZERO2(Z10, Z11)
	ZERO2(Z12, Z13)
	ZERO2(Z14, Z15)
	MOVQ DI, AX
	ASK(64, 124)
	ASK(64, 124)
	ASK(64, 124)
	ASK(64, 124)
	ASK(64, 124)
	ASK(64, 124)
	ASK(64, 124)
	ASK(64, 124)

loop:
	VMOVUPS (R9), Z16
	VMOVUPS 64(R9), Z17
	STEP2(0, Z0, Z1)
	STEP2(4, Z2, Z3)
	STEP2(8, Z4, Z5)
	STEP2(12, Z6, Z7)
	STEP2(16, Z8, Z9)
	STEP2(20, Z10, Z11)
	STEP2(24, Z12, Z13)
	STEP2(28, Z14, Z15)
	ADDQ    R8, SI
	ADDQ    R10, R9
	DECQ    CX
	JNE     loop
	SAVE2(Z0, Z1)
	SAVE2(Z2, Z3)
	SAVE2(Z4, Z5)
	SAVE2(Z6, Z7)
	SAVE2(Z8, Z9)
	SAVE2(Z10, Z11)
	SAVE2(Z12, Z13)
	SAVE2(Z14, Z15)
	VZEROUPPER
	RET

// func tileAVX2(c *float32, d, steps int, left *float32, leftStep int, right *float32, rightStep int)
TEXT ·tileAVX2(SB), NOSPLIT, $0-56
	ARGS
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	MOVQ   DI, AX
	ASK(32, 60)
	ASK(32, 60)
	ASK(32, 60)
	ASK(32, 60)

loop:
	VMOVUPS (R9), Y8
	VMOVUPS 32(R9), Y9
	STEPY(0, Y0, Y1)
	STEPY(4, Y2, Y3)
	STEPY(8, Y4, Y5)
	STEPY(12, Y6, Y7)
	ADDQ    R8, SI
	ADDQ    R10, R9
	DECQ    CX
	JNE     loop
	SAVEY(Y0, Y1)
	SAVEY(Y2, Y3)
	SAVEY(Y4, Y5)
	SAVEY(Y6, Y7)
	VZEROUPPER
	RET
