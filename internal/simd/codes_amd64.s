#include "textflag.h"

// Kernels over Codes. VPDPBUSD and VPMADDUBSW multiply unsigned by signed bytes, and a row's numbers are unsigned as they
// stand: Σ q·(2u-15) is twice Σ q·u less 15·Σq.

DATA nibbles<>+0(SB)/4, $0x0f0f0f0f
GLOBL nibbles<>(SB), RODATA|NOPTR, $4

DATA units<>+0(SB)/4, $0x00010001
GLOBL units<>(SB), RODATA|NOPTR, $4

// ROWAT sets p to the record of the id at off(R14), or leaves with false.
#define ROWAT(off, p) \
	MOVL  off(R14), p;         \
	IMULQ stride+48(FP), p;    \
	CMPQ  p, R13;              \
	JHI   outside;             \
	ADDQ  DI, p

// NIBBLES adds the products of the query's bytes in Z10 and Z11 and the numbers in z.
#define NIBBLES(z, t, acc) \
	VPANDD   Z15, z, t;   \
	VPSRLW   $4, z, z;    \
	VPANDD   Z15, z, z;   \
	VPDPBUSD Z10, t, acc; \
	VPDPBUSD Z11, z, acc

// CRUMBS does so for numbers of two bits and the query's bytes in Z16 to Z19.
#define CRUMBS(z, t, acc) \
	VPANDD   Z20, z, t;   \
	VPDPBUSD Z16, t, acc; \
	VPSRLW   $2, z, t;    \
	VPANDD   Z20, t, t;   \
	VPDPBUSD Z17, t, acc; \
	VPSRLW   $4, z, t;    \
	VPANDD   Z20, t, t;   \
	VPDPBUSD Z18, t, acc; \
	VPSRLW   $6, z, t;    \
	VPANDD   Z20, t, t;   \
	VPDPBUSD Z19, t, acc

// LOAD loads from the four rows under a mask.
#define LOAD(k, a, b, c, d) \
	VMOVDQU8.Z (R8)(AX*1), k, a;  \
	VMOVDQU8.Z (R9)(AX*1), k, b;  \
	VMOVDQU8.Z (R10)(AX*1), k, c; \
	VMOVDQU8.Z (R11)(AX*1), k, d

// SHIFT makes room for n bits below each sum, and moves the rows on by step.
#define SHIFT(n, step) \
	VPSLLD $n, Z0, Z0; \
	VPSLLD $n, Z1, Z1; \
	VPSLLD $n, Z2, Z2; \
	VPSLLD $n, Z3, Z3; \
	ADDQ   step, R8;   \
	ADDQ   step, R9;   \
	ADDQ   step, R10;  \
	ADDQ   step, R11

// MASK sets k to the low CX bits, CX below 64.
#define MASK(k) \
	MOVQ  $1, AX;  \
	SHLQ  CX, AX;  \
	DECQ  AX;      \
	KMOVQ AX, k

// func dotCodesVNNI(dst *float32, q *int8, rows *byte, ids *uint32, n, half, stride, size int, scales *byte, scaleStride, planes int, factor, base float32) bool
TEXT ·dotCodesVNNI(SB), NOSPLIT, $8-97
	MOVQ         dst+0(FP), R15
	MOVQ         q+8(FP), SI
	MOVQ         rows+16(FP), DI
	MOVQ         ids+24(FP), R14
	MOVQ         n+32(FP), DX
	MOVQ         half+40(FP), CX
	MOVQ         size+56(FP), R13
	SUBQ         stride+48(FP), R13
	JLT          outside
	LEAQ         (SI)(CX*1), R12
	VPBROADCASTD nibbles<>(SB), Z15
	VBROADCASTSS factor+88(FP), X12
	VBROADCASTSS base+92(FP), X13

	// The last bytes of a plane are taken under a mask: K1 for four bits a number, K2 for two. They are loaded no wider than
	// they are, since a load that reaches into the next line waits for it, whatever its mask.
	MOVQ CX, BX
	SHRQ $1, CX
	ANDQ $63, CX
	MASK(K2)
	MOVQ BX, CX
	ANDQ $63, CX
	MOVQ CX, tail-8(SP)
	SUBQ CX, BX
	MASK(K1)
	MOVL         $0x03030303, AX
	VPBROADCASTD AX, Z20

	// Σq, from products with 1: 15, 63 or 1023 times it is taken off.
	VPXORD   Z14, Z14, Z14
	MOVQ     $0x0101010101010101, AX
	VPBROADCASTQ AX, Z9
	XORQ     AX, AX
	CMPQ     AX, BX
	JEQ      sumTail

sumLoop:
	VMOVDQU8 (SI)(AX*1), Z10
	VMOVDQU8 (R12)(AX*1), Z11
	VPDPBUSD Z10, Z9, Z14
	VPDPBUSD Z11, Z9, Z14
	ADDQ     $64, AX
	CMPQ     AX, BX
	JLT      sumLoop

sumTail:
	VMOVDQU8.Z    (SI)(AX*1), K1, Z10
	VMOVDQU8.Z    (R12)(AX*1), K1, Z11
	VPDPBUSD      Z10, Z9, Z14
	VPDPBUSD      Z11, Z9, Z14
	VEXTRACTI64X4 $1, Z14, Y5
	VPADDD        Y5, Y14, Y14
	VEXTRACTI32X4 $1, Y14, X5
	VPADDD        X5, X14, X14
	VPSHUFD       $0x4E, X14, X5
	VPADDD        X5, X14, X14
	VPSHUFD       $0xB1, X14, X5
	VPADDD        X5, X14, X14
	MOVQ          planes+80(FP), CX
	VPSLLD        $4, X14, X5
	CMPQ          CX, $1
	JEQ           biased
	VPSLLD        $6, X14, X5
	CMPQ          CX, $2
	JEQ           biased
	VPSLLD        $10, X14, X5

biased:
	VPSUBD X14, X5, X14

group:
	ROWAT(0, R8)
	MOVQ R8, R9
	MOVQ R8, R10
	MOVQ R8, R11
	CMPQ DX, $2
	JLT  rowsSet
	ROWAT(4, R9)
	CMPQ DX, $3
	JLT  rowsSet
	ROWAT(8, R10)
	CMPQ DX, $4
	JLT  rowsSet
	ROWAT(12, R11)

rowsSet:
	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1
	VPXORD Z2, Z2, Z2
	VPXORD Z3, Z3, Z3
	MOVQ   planes+80(FP), CX

nibbles:
	XORQ AX, AX
	CMPQ AX, BX
	JEQ  tail

loop:
	VMOVDQU8 (SI)(AX*1), Z10
	VMOVDQU8 (R12)(AX*1), Z11
	VMOVDQU8 (R8)(AX*1), Z4
	VMOVDQU8 (R9)(AX*1), Z5
	VMOVDQU8 (R10)(AX*1), Z6
	VMOVDQU8 (R11)(AX*1), Z7
	NIBBLES(Z4, Z8, Z0)
	NIBBLES(Z5, Z9, Z1)
	NIBBLES(Z6, Z8, Z2)
	NIBBLES(Z7, Z9, Z3)
	ADDQ     $64, AX
	CMPQ     AX, BX
	JLT      loop

tail:
	VMOVDQU8.Z (SI)(AX*1), K1, Z10
	VMOVDQU8.Z (R12)(AX*1), K1, Z11
	CMPQ       tail-8(SP), $16
	JLE        tail16
	CMPQ       tail-8(SP), $32
	JLE        tail32
	LOAD(K1, Z4, Z5, Z6, Z7)
	JMP        loaded

tail16:
	LOAD(K1, X4, X5, X6, X7)
	JMP loaded

tail32:
	LOAD(K1, Y4, Y5, Y6, Y7)

loaded:
	NIBBLES(Z4, Z8, Z0)
	NIBBLES(Z5, Z9, Z1)
	NIBBLES(Z6, Z8, Z2)
	NIBBLES(Z7, Z9, Z3)
	CMPQ       CX, $1
	JEQ        sum

	// The two bits below. A quarter of the query's numbers lies every half of half bytes.
	SHIFT(2, half+40(FP))
	MOVQ half+40(FP), BX
	SHRQ $1, BX
	XORQ AX, AX

crumbs:
	MOVQ BX, R13
	SUBQ AX, R13
	CMPQ R13, $64
	JLT  crumbTail
	KXNORQ K3, K3, K3
	JMP  crumbPart

crumbTail:
	KMOVQ K2, K3

crumbPart:
	LEAQ       (SI)(BX*1), R13
	VMOVDQU8.Z (SI)(AX*1), K3, Z16
	VMOVDQU8.Z (R13)(AX*1), K3, Z17
	LEAQ       (R12)(BX*1), R13
	VMOVDQU8.Z (R12)(AX*1), K3, Z18
	VMOVDQU8.Z (R13)(AX*1), K3, Z19
	MOVQ       BX, R13
	SUBQ       AX, R13
	CMPQ       R13, $16
	JLE        crumb16
	CMPQ       R13, $32
	JLE        crumb32
	LOAD(K3, Z4, Z5, Z6, Z7)
	JMP        crumbLoaded

crumb16:
	LOAD(K3, X4, X5, X6, X7)
	JMP crumbLoaded

crumb32:
	LOAD(K3, Y4, Y5, Y6, Y7)

crumbLoaded:
	CRUMBS(Z4, Z8, Z0)
	CRUMBS(Z5, Z9, Z1)
	CRUMBS(Z6, Z8, Z2)
	CRUMBS(Z7, Z9, Z3)
	ADDQ       $64, AX
	CMPQ       AX, BX
	JLT        crumbs
	CMPQ       CX, $2
	JEQ        restore

	// And the last four.
	SHIFT(4, BX)
	MOVQ $1, CX

restore:
	MOVQ size+56(FP), R13
	SUBQ stride+48(FP), R13
	MOVQ half+40(FP), BX
	ANDQ $~63, BX
	CMPQ CX, $1
	JEQ  nibbles

sum:
	VEXTRACTI64X4 $1, Z0, Y4
	VEXTRACTI64X4 $1, Z1, Y5
	VEXTRACTI64X4 $1, Z2, Y6
	VEXTRACTI64X4 $1, Z3, Y7
	VPADDD        Y4, Y0, Y0
	VPADDD        Y5, Y1, Y1
	VPADDD        Y6, Y2, Y2
	VPADDD        Y7, Y3, Y3
	VPHADDD       Y1, Y0, Y0
	VPHADDD       Y3, Y2, Y2
	VPHADDD       Y2, Y0, Y0
	VEXTRACTI128  $1, Y0, X1
	VPADDD        X1, X0, X0
	VPADDD        X0, X0, X0
	VPSUBD        X14, X0, X0
	VCVTDQ2PS     X0, X0

	// Times (scale·factor), plus (addend + base).
	MOVQ      scales+64(FP), AX
	MOVL      (R14), R8
	IMULQ     scaleStride+72(FP), R8
	VMOVSS    (AX)(R8*1), X1
	VMOVSS    4(AX)(R8*1), X2
	CMPQ      DX, $2
	JLT       scaled
	MOVL      4(R14), R8
	IMULQ     scaleStride+72(FP), R8
	VINSERTPS $0x10, (AX)(R8*1), X1, X1
	VINSERTPS $0x10, 4(AX)(R8*1), X2, X2
	CMPQ      DX, $3
	JLT       scaled
	MOVL      8(R14), R8
	IMULQ     scaleStride+72(FP), R8
	VINSERTPS $0x20, (AX)(R8*1), X1, X1
	VINSERTPS $0x20, 4(AX)(R8*1), X2, X2
	CMPQ      DX, $4
	JLT       scaled
	MOVL      12(R14), R8
	IMULQ     scaleStride+72(FP), R8
	VINSERTPS $0x30, (AX)(R8*1), X1, X1
	VINSERTPS $0x30, 4(AX)(R8*1), X2, X2

scaled:
	VMULPS    X12, X1, X1
	VMULPS    X1, X0, X0
	VADDPS    X13, X2, X2
	VADDPS    X2, X0, X0
	CMPQ      DX, $4
	JLT       last
	VMOVUPS   X0, (R15)
	ADDQ      $16, R15
	ADDQ      $16, R14
	SUBQ      $4, DX
	JNE       group

done:
	VZEROUPPER
	MOVB $1, ret+96(FP)
	RET

last:
	VMOVSS  X0, (R15)
	VPSHUFD $0x39, X0, X0
	ADDQ    $4, R15
	DECQ    DX
	JNE     last
	JMP     done

outside:
	VZEROUPPER
	MOVB $0, ret+96(FP)
	RET

// PLANE adds to acc the products of the plane at p and the query.
#define PLANE(p, acc) \
	VMOVDQU    (p)(AX*1), Y4;          \
	VPAND      Y15, Y4, Y5;            \
	VPSRLW     $4, Y4, Y4;             \
	VPAND      Y15, Y4, Y4;            \
	VPMADDUBSW (SI)(AX*1), Y5, Y5;     \
	VPMADDUBSW (R12)(AX*1), Y4, Y4;    \
	VPADDW     Y4, Y5, Y5;             \
	VPMADDWD   Y14, Y5, Y5;            \
	VPADDD     Y5, acc, acc

#define PLANE16(p, acc) \
	VMOVDQU    (p)(AX*1), X4;          \
	VPAND      X15, X4, X5;            \
	VPSRLW     $4, X4, X4;             \
	VPAND      X15, X4, X4;            \
	VPMADDUBSW (SI)(AX*1), X5, X5;     \
	VPMADDUBSW (R12)(AX*1), X4, X4;    \
	VPADDW     X4, X5, X5;             \
	VPMADDWD   X14, X5, X5;            \
	VPADDD     Y5, acc, acc

// BYTE adds to R10 the products of one byte of the plane at p.
#define BYTE(p) \
	MOVBLZX (p)(AX*1), R9;   \
	MOVL    R9, CX;          \
	ANDL    $15, R9;         \
	SHRL    $4, CX;          \
	MOVBLSX (SI)(AX*1), R11; \
	IMULL   R11, R9;         \
	ADDL    R9, R10;         \
	MOVBLSX (R12)(AX*1), R11; \
	IMULL   R11, CX;         \
	ADDL    CX, R10

// CRUMB adds to R10 the product of the two bits from the shift up of one byte at R8 and the query's at p.
#define CRUMB(p, shift) \
	MOVBLZX (R8)(AX*1), R9; \
	SHRL    $shift, R9;     \
	ANDL    $3, R9;         \
	MOVBLSX (p)(AX*1), R11; \
	IMULL   R11, R9;        \
	ADDL    R9, R10

// SUM8 adds the eight int32 in y to R10.
#define SUM8(y, x) \
	VEXTRACTI128 $1, y, X4; \
	VPADDD  X4, x, x;       \
	VPHADDD x, x, x;        \
	VPHADDD x, x, x;        \
	MOVL    x, CX;          \
	ADDL    CX, R10

// func dotPlanesAVX2(q *int8, row *byte, half, planes int) int32
//
// It returns Σ q·u.
TEXT ·dotPlanesAVX2(SB), NOSPLIT, $0-36
	MOVQ         q+0(FP), SI
	MOVQ         row+8(FP), R8
	MOVQ         half+16(FP), DX
	MOVQ         planes+24(FP), BX
	LEAQ         (SI)(DX*1), R12
	VPBROADCASTD nibbles<>(SB), Y15
	VPBROADCASTD units<>(SB), Y14
	XORL         R13, R13

plane:
	VPXOR Y0, Y0, Y0
	XORL  R10, R10
	XORQ  AX, AX
	MOVQ  DX, CX
	SUBQ  $32, CX
	JLT   sixteen

loop:
	PLANE(R8, Y0)
	ADDQ $32, AX
	CMPQ AX, CX
	JLE  loop

sixteen:
	MOVQ DX, CX
	SUBQ $16, CX
	CMPQ AX, CX
	JGT  single
	PLANE16(R8, Y0)
	ADDQ $16, AX

single:
	CMPQ AX, DX
	JGE  sum
	BYTE(R8)
	INCQ AX
	JMP  single

sum:
	SUM8(Y0, X0)
	SHLL $4, R13
	ADDL R10, R13
	ADDQ DX, R8
	CMPQ BX, $1
	JEQ  done

	// Two bits a number: the query's quarters begin at SI, R14, R12 and R15.
	SHLL         $2, R13
	SHRQ         $1, DX
	LEAQ         (SI)(DX*1), R14
	LEAQ         (R12)(DX*1), R15
	VPXOR        Y0, Y0, Y0
	XORL         R10, R10
	XORQ         AX, AX
	MOVQ         DX, CX
	SUBQ         $16, CX
	VPSRLW       $2, Y15, Y13
	VPAND        Y15, Y13, Y13

crumbs:
	CMPQ       AX, CX
	JGT        crumb
	VMOVDQU    (R8)(AX*1), X4
	VPAND      X13, X4, X5
	VPMADDUBSW (SI)(AX*1), X5, X5
	VPSRLW     $2, X4, X6
	VPAND      X13, X6, X6
	VPMADDUBSW (R14)(AX*1), X6, X6
	VPADDW     X6, X5, X5
	VPSRLW     $4, X4, X6
	VPAND      X13, X6, X6
	VPMADDUBSW (R12)(AX*1), X6, X6
	VPADDW     X6, X5, X5
	VPSRLW     $6, X4, X6
	VPAND      X13, X6, X6
	VPMADDUBSW (R15)(AX*1), X6, X6
	VPADDW     X6, X5, X5
	VPMADDWD   X14, X5, X5
	VPADDD     Y5, Y0, Y0
	ADDQ       $16, AX
	JMP        crumbs

crumb:
	CMPQ AX, DX
	JGE  crumbSum
	CRUMB(SI, 0)
	CRUMB(R14, 2)
	CRUMB(R12, 4)
	CRUMB(R15, 6)
	INCQ AX
	JMP  crumb

crumbSum:
	SUM8(Y0, X0)
	ADDL R10, R13
	CMPQ BX, $2
	JEQ  done
	ADDQ DX, R8
	SHLQ $1, DX
	MOVQ $1, BX
	JMP  plane

done:
	VZEROUPPER
	MOVL R13, ret+32(FP)
	RET

// JOIN puts below the number in z the bits of b from the shift up that Z13 lets through, and takes the middle off twice that.
#define JOIN(z, b, shift) \
	VPSRLW $shift, b, Z10; \
	VPANDD Z13, Z10, Z10;  \
	VPADDB z, z, z;        \
	VPADDB z, z, z;        \
	VPORD  Z10, z, z

#define JOINBIT(z, b, shift) \
	VPSRLW $shift, b, Z10; \
	VPANDD Z12, Z10, Z10;  \
	VPADDB z, z, z;        \
	VPORD  Z10, z, z

#define CENTRE(z, p) \
	VPADDB   z, z, z;   \
	VPSUBB   Z14, z, z; \
	VMOVDQU8 z, K1, (p)

// func unpackCodesAVX512(dst *int8, row *byte, quarter, bits int)
TEXT ·unpackCodesAVX512(SB), NOSPLIT, $0-32
	MOVQ         dst+0(FP), DI
	MOVQ         row+8(FP), SI
	MOVQ         quarter+16(FP), DX
	MOVQ         bits+24(FP), BX
	VPBROADCASTD nibbles<>(SB), Z15
	MOVL         $0x03030303, AX
	VPBROADCASTD AX, Z13
	MOVL         $0x01010101, AX
	VPBROADCASTD AX, Z12
	MOVL         $0x0f0f0f0f, AX
	CMPQ         BX, $4
	JEQ          middle
	MOVL         $0x3f3f3f3f, AX
	CMPQ         BX, $6
	JEQ          middle
	MOVL         $0x7f7f7f7f, AX

middle:
	VPBROADCASTD AX, Z14
	LEAQ         (SI)(DX*1), R9  // the second half of the first plane
	LEAQ         (SI)(DX*2), R10 // the second plane
	LEAQ         (R10)(DX*1), R11 // the third
	LEAQ         (R11)(DX*1), R12
	LEAQ         (DI)(DX*1), R13
	LEAQ         (DI)(DX*2), R14
	LEAQ         (R13)(DX*2), R15
	KXNORQ       K1, K1, K1
	XORQ         AX, AX

loop:
	MOVQ  DX, CX
	SUBQ  AX, CX
	CMPQ  CX, $64
	JGE   whole
	TESTQ CX, CX
	JEQ   done
	MOVQ  $1, R8
	SHLQ  CX, R8
	DECQ  R8
	KMOVQ R8, K1

whole:
	VMOVDQU8.Z (SI)(AX*1), K1, Z4
	VMOVDQU8.Z (R9)(AX*1), K1, Z5
	VPSRLW     $4, Z4, Z6
	VPSRLW     $4, Z5, Z7
	VPANDD     Z15, Z4, Z4
	VPANDD     Z15, Z5, Z5
	VPANDD     Z15, Z6, Z6
	VPANDD     Z15, Z7, Z7
	CMPQ       BX, $4
	JEQ        store
	VMOVDQU8.Z (R10)(AX*1), K1, Z8
	JOIN(Z4, Z8, 0)
	JOIN(Z5, Z8, 2)
	JOIN(Z6, Z8, 4)
	JOIN(Z7, Z8, 6)
	CMPQ       BX, $6
	JEQ        store
	VMOVDQU8.Z (R11)(AX*1), K1, Z8
	VMOVDQU8.Z (R12)(AX*1), K1, Z9
	JOINBIT(Z4, Z8, 3)
	JOINBIT(Z5, Z9, 3)
	JOINBIT(Z6, Z8, 7)
	JOINBIT(Z7, Z9, 7)

store:
	LEAQ (DI)(AX*1), R8
	CENTRE(Z4, R8)
	LEAQ (R13)(AX*1), R8
	CENTRE(Z5, R8)
	LEAQ (R14)(AX*1), R8
	CENTRE(Z6, R8)
	LEAQ (R15)(AX*1), R8
	CENTRE(Z7, R8)
	ADDQ $64, AX
	CMPQ AX, DX
	JLT  loop

done:
	VZEROUPPER
	RET

// NUMBER puts to off(DI), for the quarter of the numbers whose bits are shifted by these many, sixteen numbers: h, c and
// l are the bytes with the upper, middle and lowest bits, as dwords.
#define NUMBER(h, l, c, nibble, crumb, p) \
	VPSRLD    $nibble, h, Z6;   \
	VPANDD    Z15, Z6, Z6;      \
	VPSLLD    $6, Z6, Z6;       \
	VPSRLD    $nibble, l, Z7;   \
	VPANDD    Z15, Z7, Z7;      \
	VPORD     Z7, Z6, Z6;       \
	VPSRLD    $crumb, c, Z7;    \
	VPANDD    Z14, Z7, Z7;      \
	VPSLLD    $4, Z7, Z7;       \
	VPORD     Z7, Z6, Z6;       \
	VPADDD    Z6, Z6, Z6;       \
	VPSUBD    Z13, Z6, Z6;      \
	VCVTDQ2PS Z6, Z6;           \
	VMULPS    Z12, Z6, Z6;      \
	VMOVUPS   Z6, K1, (p)

// func expandCodesAVX512(dst *float32, high, crumbs, low *byte, quarter int, scale float32)
TEXT ·expandCodesAVX512(SB), NOSPLIT, $0-44
	MOVQ         dst+0(FP), DI
	MOVQ         high+8(FP), SI
	MOVQ         low+24(FP), R8
	MOVQ         crumbs+16(FP), R9
	MOVQ         quarter+32(FP), DX
	VBROADCASTSS scale+40(FP), Z12
	MOVL         $15, AX
	VPBROADCASTD AX, Z15
	MOVL         $3, AX
	VPBROADCASTD AX, Z14
	MOVL         $1023, AX
	VPBROADCASTD AX, Z13
	LEAQ         (SI)(DX*1), R10
	LEAQ         (R8)(DX*1), R11
	LEAQ         (DI)(DX*4), R12
	LEAQ         (R12)(DX*4), R13
	LEAQ         (R13)(DX*4), R14
	KXNORW       K1, K1, K1

loop:
	SUBQ  $16, DX
	JGE   whole
	MOVQ  DX, CX
	ADDQ  $16, CX
	JEQ   done
	MOVL  $1, AX
	SHLL  CX, AX
	DECL  AX
	KMOVW AX, K1

whole:
	VPMOVZXBD.Z (SI), K1, Z0
	VPMOVZXBD.Z (R10), K1, Z1
	VPMOVZXBD.Z (R8), K1, Z2
	VPMOVZXBD.Z (R11), K1, Z3
	VPMOVZXBD.Z (R9), K1, Z4
	NUMBER(Z0, Z2, Z4, 0, 0, DI)
	NUMBER(Z1, Z3, Z4, 0, 2, R12)
	NUMBER(Z0, Z2, Z4, 4, 4, R13)
	NUMBER(Z1, Z3, Z4, 4, 6, R14)
	ADDQ        $16, SI
	ADDQ        $16, R10
	ADDQ        $16, R8
	ADDQ        $16, R11
	ADDQ        $16, R9
	ADDQ        $64, DI
	ADDQ        $64, R12
	ADDQ        $64, R13
	ADDQ        $64, R14
	TESTQ       DX, DX
	JGT         loop

done:
	VZEROUPPER
	RET

// func prefetch(p unsafe.Pointer, size int)
TEXT ·prefetch(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ size+8(FP), BX
	LEAQ -1(AX)(BX*1), BX

line:
	PREFETCHT0 (AX)
	ADDQ       $64, AX
	CMPQ       AX, BX
	JLS        line
	PREFETCHT0 (BX)
	RET
