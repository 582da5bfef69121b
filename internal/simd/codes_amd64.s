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

// NARROW adds the products of the query's bytes in Z10 and Z11 and the numbers in z.
#define NARROW(z, t, acc) \
	VPANDD   Z15, z, t;   \
	VPSRLW   $4, z, z;    \
	VPANDD   Z15, z, z;   \
	VPDPBUSD Z10, t, acc; \
	VPDPBUSD Z11, z, acc

// WIDE does so for the numbers whose upper bits are in z and whose lower ones in y: the masks choose upper bits from one
// and lower ones from the other.
#define WIDE(z, y, t, acc) \
	VPSLLW     $4, z, t;          \
	VPTERNLOGD $0xD8, Z15, y, t;  \
	VPSRLW     $4, y, y;          \
	VPTERNLOGD $0xE4, Z15, z, y;  \
	VPDPBUSD   Z10, t, acc;       \
	VPDPBUSD   Z11, y, acc

// func dotCodesVNNI(dst *float32, q *int8, rows *byte, ids *uint32, n, half, stride, size int, scales *byte, scaleStride, wide int, factor, base float32) bool
TEXT ·dotCodesVNNI(SB), NOSPLIT, $0-97
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

	// The last bytes of a plane are taken under the mask in K1.
	MOVQ  CX, BX
	ANDQ  $63, CX
	SUBQ  CX, BX
	MOVQ  $1, AX
	SHLQ  CX, AX
	DECQ  AX
	KMOVQ AX, K1

	// Σq, from products with 1: 15 times it, or 255 times, is taken off.
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
	MOVQ          wide+80(FP), CX
	VPSLLD        $4, X14, X5
	TESTQ         CX, CX
	JEQ           biased
	VPSLLD        $8, X14, X5

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
	XORQ   AX, AX
	TESTQ  CX, CX
	JNE    wide
	CMPQ   AX, BX
	JEQ    tail

loop:
	VMOVDQU8 (SI)(AX*1), Z10
	VMOVDQU8 (R12)(AX*1), Z11
	VMOVDQU8 (R8)(AX*1), Z4
	VMOVDQU8 (R9)(AX*1), Z5
	VMOVDQU8 (R10)(AX*1), Z6
	VMOVDQU8 (R11)(AX*1), Z7
	NARROW(Z4, Z8, Z0)
	NARROW(Z5, Z9, Z1)
	NARROW(Z6, Z8, Z2)
	NARROW(Z7, Z9, Z3)
	ADDQ     $64, AX
	CMPQ     AX, BX
	JLT      loop

tail:
	CMPQ       AX, half+40(FP)
	JEQ        sum
	VMOVDQU8.Z (SI)(AX*1), K1, Z10
	VMOVDQU8.Z (R12)(AX*1), K1, Z11
	VMOVDQU8.Z (R8)(AX*1), K1, Z4
	VMOVDQU8.Z (R9)(AX*1), K1, Z5
	VMOVDQU8.Z (R10)(AX*1), K1, Z6
	VMOVDQU8.Z (R11)(AX*1), K1, Z7
	NARROW(Z4, Z8, Z0)
	NARROW(Z5, Z9, Z1)
	NARROW(Z6, Z8, Z2)
	NARROW(Z7, Z9, Z3)

sum:
	MOVQ          wide+80(FP), CX
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

wide:
	CMPQ AX, BX
	JEQ  wideTail

wideLoop:
	MOVQ     half+40(FP), CX
	ADDQ     AX, CX
	VMOVDQU8 (SI)(AX*1), Z10
	VMOVDQU8 (R12)(AX*1), Z11
	VMOVDQU8 (R8)(AX*1), Z4
	VMOVDQU8 (R8)(CX*1), Z5
	VMOVDQU8 (R9)(AX*1), Z6
	VMOVDQU8 (R9)(CX*1), Z7
	WIDE(Z4, Z5, Z8, Z0)
	WIDE(Z6, Z7, Z9, Z1)
	VMOVDQU8 (R10)(AX*1), Z4
	VMOVDQU8 (R10)(CX*1), Z5
	VMOVDQU8 (R11)(AX*1), Z6
	VMOVDQU8 (R11)(CX*1), Z7
	WIDE(Z4, Z5, Z8, Z2)
	WIDE(Z6, Z7, Z9, Z3)
	ADDQ     $64, AX
	CMPQ     AX, BX
	JLT      wideLoop

wideTail:
	MOVQ       half+40(FP), CX
	CMPQ       AX, CX
	JEQ        sum
	ADDQ       AX, CX
	VMOVDQU8.Z (SI)(AX*1), K1, Z10
	VMOVDQU8.Z (R12)(AX*1), K1, Z11
	VMOVDQU8.Z (R8)(AX*1), K1, Z4
	VMOVDQU8.Z (R8)(CX*1), K1, Z5
	VMOVDQU8.Z (R9)(AX*1), K1, Z6
	VMOVDQU8.Z (R9)(CX*1), K1, Z7
	WIDE(Z4, Z5, Z8, Z0)
	WIDE(Z6, Z7, Z9, Z1)
	VMOVDQU8.Z (R10)(AX*1), K1, Z4
	VMOVDQU8.Z (R10)(CX*1), K1, Z5
	VMOVDQU8.Z (R11)(AX*1), K1, Z6
	VMOVDQU8.Z (R11)(CX*1), K1, Z7
	WIDE(Z4, Z5, Z8, Z2)
	WIDE(Z6, Z7, Z9, Z3)
	JMP        sum

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

// SUM8 adds the eight int32 in y to R10.
#define SUM8(y, x) \
	VEXTRACTI128 $1, y, X4; \
	VPADDD  X4, x, x;       \
	VPHADDD x, x, x;        \
	VPHADDD x, x, x;        \
	MOVL    x, CX;          \
	ADDL    CX, R10

// func dotPlanesAVX2(q *int8, row *byte, half int, wide int) int32
//
// It returns Σ q·u.
TEXT ·dotPlanesAVX2(SB), NOSPLIT, $0-36
	MOVQ         q+0(FP), SI
	MOVQ         row+8(FP), R8
	MOVQ         half+16(FP), DX
	MOVQ         wide+24(FP), BX
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
	SHLL  $4, R13
	ADDL  R10, R13
	ADDQ  DX, R8
	TESTQ BX, BX
	JEQ   done
	XORQ  BX, BX
	JMP   plane

done:
	VZEROUPPER
	MOVL R13, ret+32(FP)
	RET

// func unpackCodesAVX512(dst *int8, row *byte, half, wide int)
TEXT ·unpackCodesAVX512(SB), NOSPLIT, $0-32
	MOVQ         dst+0(FP), DI
	MOVQ         row+8(FP), SI
	MOVQ         half+16(FP), DX
	MOVQ         wide+24(FP), BX
	VPBROADCASTD nibbles<>(SB), Z15
	LEAQ         (DI)(DX*1), R8
	LEAQ         (SI)(DX*1), R9
	KXNORQ       K1, K1, K1
	MOVQ         $0x8080808080808080, AX
	VPBROADCASTQ AX, Z14

loop:
	SUBQ  $64, DX
	JGE   whole
	MOVQ  DX, CX
	ADDQ  $64, CX
	JEQ   done
	MOVQ  $1, AX
	SHLQ  CX, AX
	DECQ  AX
	KMOVQ AX, K1

whole:
	VMOVDQU8.Z (SI), K1, Z4
	TESTQ      BX, BX
	JNE        both
	VPANDD     Z15, Z4, Z5
	VPSRLW     $4, Z4, Z4
	VPANDD     Z15, Z4, Z4
	VPADDB     Z5, Z5, Z5
	VPADDB     Z4, Z4, Z4
	VPSUBB     Z15, Z5, Z5
	VPSUBB     Z15, Z4, Z4

store:
	VMOVDQU8 Z5, K1, (DI)
	VMOVDQU8 Z4, K1, (R8)
	ADDQ     $64, SI
	ADDQ     $64, DI
	ADDQ     $64, R8
	ADDQ     $64, R9
	TESTQ    DX, DX
	JGT      loop

done:
	VZEROUPPER
	RET

both:
	VMOVDQU8.Z (R9), K1, Z6
	VPSLLW     $4, Z4, Z5
	VPTERNLOGD $0xD8, Z15, Z6, Z5
	VPSRLW     $4, Z6, Z6
	VPTERNLOGD $0xE4, Z15, Z4, Z6
	VPXORD     Z14, Z5, Z5
	VPXORD     Z14, Z6, Z4
	JMP        store

// NUMBER puts to off(DI), for the quarter of the numbers whose bits are shifted by these many, sixteen numbers: h, m and
// l are the bytes with the upper, middle and lowest bits, as dwords.
#define NUMBER(h, m, l, nibble, crumb, p) \
	VPSRLD    $nibble, h, Z6;   \
	VPANDD    Z15, Z6, Z6;      \
	VPSLLD    $6, Z6, Z6;       \
	VPSRLD    $nibble, m, Z7;   \
	VPANDD    Z15, Z7, Z7;      \
	VPSLLD    $2, Z7, Z7;       \
	VPORD     Z7, Z6, Z6;       \
	VPSRLD    $crumb, l, Z7;    \
	VPANDD    Z14, Z7, Z7;      \
	VPORD     Z7, Z6, Z6;       \
	VPADDD    Z6, Z6, Z6;       \
	VPSUBD    Z13, Z6, Z6;      \
	VCVTDQ2PS Z6, Z6;           \
	VMULPS    Z12, Z6, Z6;      \
	VMOVUPS   Z6, K1, (p)

// func expandCodesAVX512(dst *float32, high, middle, low *byte, quarter int, scale float32)
TEXT ·expandCodesAVX512(SB), NOSPLIT, $0-44
	MOVQ         dst+0(FP), DI
	MOVQ         high+8(FP), SI
	MOVQ         middle+16(FP), R8
	MOVQ         low+24(FP), R9
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
