#include "textflag.h"

// Float32 kernels. One accumulator a row, added up in the same order whether a row comes alone or among others:
// lanes 0-7 plus lanes 8-15, then pairs, then pairs of pairs, then the two halves.

// Eight ones and eight zeros: the 32 bytes at 4·(8-t) mask the first t lanes.
DATA tailMask<>+0(SB)/8, $0xffffffffffffffff
DATA tailMask<>+8(SB)/8, $0xffffffffffffffff
DATA tailMask<>+16(SB)/8, $0xffffffffffffffff
DATA tailMask<>+24(SB)/8, $0xffffffffffffffff
DATA tailMask<>+32(SB)/8, $0
DATA tailMask<>+40(SB)/8, $0
DATA tailMask<>+48(SB)/8, $0
DATA tailMask<>+56(SB)/8, $0
GLOBL tailMask<>(SB), RODATA|NOPTR, $64

// TAIL512 sets K1 to the low CX bits, CX below 16.
#define TAIL512 \
	MOVL  $1, BX; \
	SHLL  CX, BX; \
	DECL  BX; \
	KMOVW BX, K1

// TAIL256 sets Y15 to ones in its low CX lanes, CX below 8.
#define TAIL256 \
	LEAQ    tailMask<>+32(SB), BX; \
	SHLQ    $2, CX; \
	SUBQ    CX, BX; \
	VMOVDQU (BX), Y15

// SUM1 reduces Y0 to its sum in X0.
#define SUM1 \
	VHADDPS      Y0, Y0, Y0; \
	VHADDPS      Y0, Y0, Y0; \
	VEXTRACTF128 $1, Y0, X1; \
	VADDPS       X1, X0, X0

// SUM4 reduces Y0 to Y3 to their four sums in X0.
#define SUM4 \
	VHADDPS      Y1, Y0, Y0; \
	VHADDPS      Y3, Y2, Y2; \
	VHADDPS      Y2, Y0, Y0; \
	VEXTRACTF128 $1, Y0, X1; \
	VADDPS       X1, X0, X0

// FOLD adds the upper half of a ZMM register to its lower.
#define FOLD(z, y, t) \
	VEXTRACTF64X4 $1, z, t; \
	VADDPS        t, y, y

// PAIR512 and PAIR256 walk a at SI and b at DI, CX floats long; STEP uses register 4 (from a) and memory or register 5.
#define DOTZ(x) VFMADD231PS x, Z4, Z0
#define DOTY(x) VFMADD231PS x, Y4, Y0
#define L2Z(x) \
	VSUBPS      x, Z4, Z4; \
	VFMADD231PS Z4, Z4, Z0
#define L2Y(x) \
	VSUBPS      x, Y4, Y4; \
	VFMADD231PS Y4, Y4, Y0

#define PAIR512(STEP) \
	MOVQ       a+0(FP), SI; \
	MOVQ       b+8(FP), DI; \
	MOVQ       n+16(FP), CX; \
	VPXORD     Z0, Z0, Z0; \
	SUBQ       $16, CX; \
	JLT        tail; \
loop: \
	VMOVUPS    (SI), Z4; \
	STEP((DI)); \
	ADDQ       $64, SI; \
	ADDQ       $64, DI; \
	SUBQ       $16, CX; \
	JGE        loop; \
tail: \
	ADDQ       $16, CX; \
	JEQ        done; \
	TAIL512; \
	VMOVUPS.Z  (SI), K1, Z4; \
	VMOVUPS.Z  (DI), K1, Z5; \
	STEP(Z5); \
done: \
	FOLD(Z0, Y0, Y1); \
	SUM1; \
	VZEROUPPER; \
	VMOVSS     X0, ret+24(FP); \
	RET

#define PAIR256(STEP) \
	MOVQ       a+0(FP), SI; \
	MOVQ       b+8(FP), DI; \
	MOVQ       n+16(FP), CX; \
	VXORPS     Y0, Y0, Y0; \
	SUBQ       $8, CX; \
	JLT        tail; \
loop: \
	VMOVUPS    (SI), Y4; \
	STEP((DI)); \
	ADDQ       $32, SI; \
	ADDQ       $32, DI; \
	SUBQ       $8, CX; \
	JGE        loop; \
tail: \
	ADDQ       $8, CX; \
	JEQ        done; \
	TAIL256; \
	VMASKMOVPS (SI), Y15, Y4; \
	VMASKMOVPS (DI), Y15, Y5; \
	STEP(Y5); \
done: \
	SUM1; \
	VZEROUPPER; \
	VMOVSS     X0, ret+24(FP); \
	RET

// The kernels over rows hold four row pointers (R8 to R11) and four sums (registers 0 to 3) at a time; a last group of
// fewer repeats its first row and stores only what was asked for. DX counts the rows left, R13 is the last offset at
// which a row may start, R12 a row's size, both in bytes.

// ROW sets p to the row of the id at off(R14), or leaves with false.
#define ROW(off, p) \
	MOVL  off(R14), p; \
	IMULQ R12, p; \
	CMPQ  p, R13; \
	JHI   outside; \
	ADDQ  DI, p

#define ROWS \
	ROW(0, R8); \
	MOVQ R8, R9; \
	MOVQ R8, R10; \
	MOVQ R8, R11; \
	CMPQ DX, $2; \
	JLT  rowsSet; \
	ROW(4, R9); \
	CMPQ DX, $3;       \
	JLT  rowsSet;      \
	ROW(8, R10); \
	CMPQ DX, $4; \
	JLT  rowsSet; \
	ROW(12, R11); \
rowsSet:

#define LIST(W) \
	MOVQ dst+0(FP), R15; \
	MOVQ q+8(FP), SI; \
	MOVQ rows+16(FP), DI; \
	MOVQ ids+24(FP), R14; \
	MOVQ n+32(FP), DX; \
	MOVQ d+40(FP), R12; \
	MOVQ size+48(FP), R13; \
	MOVQ R12, CX; \
	ANDQ $(W-1), CX; \
	SUBQ R12, R13; \
	JLT  outside; \
	SHLQ $2, R13; \
	SHLQ $2, R12

// STORE writes X0, or the first DX floats of it in the last group.
#define STORE \
	CMPQ    DX, $4; \
	JLT     part; \
	VMOVUPS X0, (R15); \
	ADDQ    $16, R15; \
	ADDQ    $16, R14; \
	SUBQ    $4, DX; \
	JNE     group; \
	JMP     done; \
part: \
	VMOVSS  X0, (R15); \
	CMPQ    DX, $2; \
	JLT     done; \
	VEXTRACTPS $1, X0, 4(R15); \
	JEQ     done; \
	VEXTRACTPS $2, X0, 8(R15); \
done: \
	VZEROUPPER; \
	MOVB    $1, ret+56(FP); \
	RET; \
outside: \
	VZEROUPPER; \
	MOVB    $0, ret+56(FP); \
	RET

#define DOT4Z(x0, x1, x2, x3) \
	VFMADD231PS x0, Z4, Z0; \
	VFMADD231PS x1, Z4, Z1; \
	VFMADD231PS x2, Z4, Z2; \
	VFMADD231PS x3, Z4, Z3
#define DOT4Y(x0, x1, x2, x3) \
	VFMADD231PS x0, Y4, Y0; \
	VFMADD231PS x1, Y4, Y1; \
	VFMADD231PS x2, Y4, Y2; \
	VFMADD231PS x3, Y4, Y3
#define L24Z(x0, x1, x2, x3) \
	VSUBPS      x0, Z4, Z5; \
	VSUBPS      x1, Z4, Z6; \
	VSUBPS      x2, Z4, Z7; \
	VSUBPS      x3, Z4, Z8; \
	VFMADD231PS Z5, Z5, Z0; \
	VFMADD231PS Z6, Z6, Z1; \
	VFMADD231PS Z7, Z7, Z2; \
	VFMADD231PS Z8, Z8, Z3
#define L24Y(x0, x1, x2, x3) \
	VSUBPS      x0, Y4, Y5; \
	VSUBPS      x1, Y4, Y6; \
	VSUBPS      x2, Y4, Y7; \
	VSUBPS      x3, Y4, Y8; \
	VFMADD231PS Y5, Y5, Y0; \
	VFMADD231PS Y6, Y6, Y1; \
	VFMADD231PS Y7, Y7, Y2; \
	VFMADD231PS Y8, Y8, Y3

// ROWS512 and ROWS256 are the whole bodies: AX is the byte offset inside the rows, R12 minus the tail where it ends.
#define ROWS512(STEP4) \
	LIST(16); \
	TAIL512; \
	SHLQ      $2, CX; \
group: \
	ROWS; \
	VPXORD    Z0, Z0, Z0; \
	VPXORD    Z1, Z1, Z1; \
	VPXORD    Z2, Z2, Z2; \
	VPXORD    Z3, Z3, Z3; \
	XORQ      AX, AX; \
	MOVQ      R12, BX; \
	SUBQ      CX, BX; \
	JEQ       tail; \
loop: \
	VMOVUPS   (SI)(AX*1), Z4; \
	STEP4((R8)(AX*1), (R9)(AX*1), (R10)(AX*1), (R11)(AX*1)); \
	ADDQ      $64, AX; \
	CMPQ      AX, BX; \
	JLT       loop; \
tail: \
	TESTQ     CX, CX; \
	JEQ       sum; \
	VMOVUPS.Z (SI)(AX*1), K1, Z4; \
	VMOVUPS.Z (R8)(AX*1), K1, Z9; \
	VMOVUPS.Z (R9)(AX*1), K1, Z10; \
	VMOVUPS.Z (R10)(AX*1), K1, Z11; \
	VMOVUPS.Z (R11)(AX*1), K1, Z12; \
	STEP4(Z9, Z10, Z11, Z12); \
sum: \
	FOLD(Z0, Y0, Y5); \
	FOLD(Z1, Y1, Y6); \
	FOLD(Z2, Y2, Y7); \
	FOLD(Z3, Y3, Y8); \
	SUM4; \
	STORE

#define ROWS256(STEP4) \
	LIST(8); \
	TAIL256; \
group: \
	ROWS; \
	VXORPS    Y0, Y0, Y0; \
	VXORPS    Y1, Y1, Y1; \
	VXORPS    Y2, Y2, Y2; \
	VXORPS    Y3, Y3, Y3; \
	XORQ      AX, AX; \
	MOVQ      R12, BX; \
	SUBQ      CX, BX; \
	JEQ       tail; \
loop: \
	VMOVUPS   (SI)(AX*1), Y4; \
	STEP4((R8)(AX*1), (R9)(AX*1), (R10)(AX*1), (R11)(AX*1)); \
	ADDQ      $32, AX; \
	CMPQ      AX, BX; \
	JLT       loop; \
tail: \
	TESTQ     CX, CX; \
	JEQ       sum; \
	VMASKMOVPS (SI)(AX*1), Y15, Y4; \
	VMASKMOVPS (R8)(AX*1), Y15, Y9; \
	VMASKMOVPS (R9)(AX*1), Y15, Y10; \
	VMASKMOVPS (R10)(AX*1), Y15, Y11; \
	VMASKMOVPS (R11)(AX*1), Y15, Y12; \
	STEP4(Y9, Y10, Y11, Y12); \
sum: \
	SUM4; \
	STORE

// func dotAVX512(a, b *float32, n int) float32
TEXT ·dotAVX512(SB), NOSPLIT, $0-28
	PAIR512(DOTZ)

// func l2AVX512(a, b *float32, n int) float32
TEXT ·l2AVX512(SB), NOSPLIT, $0-28
	PAIR512(L2Z)

// func dotAVX2(a, b *float32, n int) float32
TEXT ·dotAVX2(SB), NOSPLIT, $0-28
	PAIR256(DOTY)

// func l2AVX2(a, b *float32, n int) float32
TEXT ·l2AVX2(SB), NOSPLIT, $0-28
	PAIR256(L2Y)

// func axpyAVX512(alpha float32, x, y *float32, n int)
TEXT ·axpyAVX512(SB), NOSPLIT, $0-32
	VBROADCASTSS alpha+0(FP), Z0
	MOVQ         x+8(FP), SI
	MOVQ         y+16(FP), DI
	MOVQ         n+24(FP), CX
	SUBQ         $16, CX
	JLT          tail

loop:
	VMOVUPS     (DI), Z1
	VFMADD231PS (SI), Z0, Z1
	VMOVUPS     Z1, (DI)
	ADDQ        $64, SI
	ADDQ        $64, DI
	SUBQ        $16, CX
	JGE         loop

tail:
	ADDQ        $16, CX
	JEQ         done
	TAIL512
	VMOVUPS.Z   (DI), K1, Z1
	VMOVUPS.Z   (SI), K1, Z2
	VFMADD231PS Z2, Z0, Z1
	VMOVUPS     Z1, K1, (DI)

done:
	VZEROUPPER
	RET

// func axpyAVX2(alpha float32, x, y *float32, n int)
TEXT ·axpyAVX2(SB), NOSPLIT, $0-32
	VBROADCASTSS alpha+0(FP), Y0
	MOVQ         x+8(FP), SI
	MOVQ         y+16(FP), DI
	MOVQ         n+24(FP), CX
	SUBQ         $8, CX
	JLT          tail

loop:
	VMOVUPS     (DI), Y1
	VFMADD231PS (SI), Y0, Y1
	VMOVUPS     Y1, (DI)
	ADDQ        $32, SI
	ADDQ        $32, DI
	SUBQ        $8, CX
	JGE         loop

tail:
	ADDQ        $8, CX
	JEQ         done
	TAIL256
	VMASKMOVPS  (DI), Y15, Y1
	VMASKMOVPS  (SI), Y15, Y2
	VFMADD231PS Y2, Y0, Y1
	VMASKMOVPS  Y1, Y15, (DI)

done:
	VZEROUPPER
	RET

// func dotIDsAVX512(dst, q, rows *float32, ids *uint32, n, d, size int) bool
TEXT ·dotIDsAVX512(SB), NOSPLIT, $0-57
	ROWS512(DOT4Z)

// func l2IDsAVX512(dst, q, rows *float32, ids *uint32, n, d, size int) bool
TEXT ·l2IDsAVX512(SB), NOSPLIT, $0-57
	ROWS512(L24Z)

// func dotIDsAVX2(dst, q, rows *float32, ids *uint32, n, d, size int) bool
TEXT ·dotIDsAVX2(SB), NOSPLIT, $0-57
	ROWS256(DOT4Y)

// func l2IDsAVX2(dst, q, rows *float32, ids *uint32, n, d, size int) bool
TEXT ·l2IDsAVX2(SB), NOSPLIT, $0-57
	ROWS256(L24Y)
