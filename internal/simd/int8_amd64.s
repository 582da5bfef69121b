#include "textflag.h"

// Kernels over 8-bit codes. VPDPBUSD multiplies unsigned by signed bytes, so the VNNI kernels turn a's sign bits over,
// which adds 128 to each code, and start their sums at -128·Σb.

DATA signs<>+0(SB)/4, $0x80808080
GLOBL signs<>(SB), RODATA|NOPTR, $4

// MASK512 sets K1 to the low CX bits, CX below 64.
#define MASK512 \
	MOVQ  $1, BX;     \
	SHLQ  CX, BX;     \
	DECQ  BX;         \
	KMOVQ BX, K1

// ROW sets p to the row of the id at off(R14), or leaves with false.
#define ROW(off, p) \
	MOVL  off(R14), p; \
	IMULQ R12, p;      \
	CMPQ  p, R13;      \
	JHI   outside;     \
	ADDQ  DI, p

// BIAS takes 128·Σq off: q's bytes are in Z4.
#define BIAS \
	VPDPBUSD Z4, Z15, Z14

#define STEP(p, z, acc) \
	VPXORD   Z15, z, z; \
	VPDPBUSD Z4, z, acc

// SCALE stores the float32 of the int32 in lane i of X0 times the scale of the id at 4·i(R14) and leaves when DX rows
// are done.
#define SCALE(off) \
	MOVL   off(R14), BX;       \
	VMULSS (R11)(BX*4), X0, X1; \
	VMOVSS X1, off(R15)

// func dotInt8VNNI(a, b *int8, n int) int32
TEXT ·dotInt8VNNI(SB), NOSPLIT, $0-28
	MOVQ         a+0(FP), SI
	MOVQ         b+8(FP), DI
	MOVQ         n+16(FP), CX
	VPBROADCASTD signs<>(SB), Z15
	VPXORD       Z0, Z0, Z0
	VPXORD       Z14, Z14, Z14
	SUBQ         $64, CX
	JLT          tail

loop:
	VMOVDQU8 (SI), Z4
	VMOVDQU8 (DI), Z5
	BIAS
	STEP(DI, Z5, Z0)
	ADDQ     $64, SI
	ADDQ     $64, DI
	SUBQ     $64, CX
	JGE      loop

tail:
	ADDQ       $64, CX
	JEQ        done
	MASK512
	VMOVDQU8.Z (SI), K1, Z4
	VMOVDQU8.Z (DI), K1, Z5
	BIAS
	STEP(DI, Z5, Z0)

done:
	VPSUBD        Z14, Z0, Z0
	VEXTRACTI64X4 $1, Z0, Y1
	VPADDD        Y1, Y0, Y0
	VPHADDD       Y0, Y0, Y0
	VPHADDD       Y0, Y0, Y0
	VEXTRACTI128  $1, Y0, X1
	VPADDD        X1, X0, X0
	VZEROUPPER
	MOVL          X0, ret+24(FP)
	RET

// func dotInt8IDsVNNI(dst *float32, q, rows *int8, scale *float32, ids *uint32, n, d, size int) bool
TEXT ·dotInt8IDsVNNI(SB), NOSPLIT, $0-65
	MOVQ         dst+0(FP), R15
	MOVQ         q+8(FP), SI
	MOVQ         rows+16(FP), DI
	MOVQ         ids+32(FP), R14
	MOVQ         n+40(FP), DX
	MOVQ         d+48(FP), R12
	MOVQ         size+56(FP), R13
	SUBQ         R12, R13
	JLT          outside
	VPBROADCASTD signs<>(SB), Z15
	VPXORD       Z14, Z14, Z14
	MOVQ         R12, CX
	ANDQ         $63, CX
	MASK512

	// The bias of a whole list, once.
	XORQ AX, AX
	MOVQ R12, BX
	SUBQ CX, BX
	JEQ  biasTail

bias:
	VMOVDQU8 (SI)(AX*1), Z4
	BIAS
	ADDQ     $64, AX
	CMPQ     AX, BX
	JLT      bias

biasTail:
	VMOVDQU8.Z (SI)(AX*1), K1, Z4
	BIAS
	VPXORD     Z5, Z5, Z5
	VPSUBD     Z14, Z5, Z14

group:
	ROW(0, R8)
	MOVQ R8, R9
	MOVQ R8, R10
	MOVQ R8, R11
	CMPQ DX, $2
	JLT  rowsSet
	ROW(4, R9)
	CMPQ DX, $3
	JLT  rowsSet
	ROW(8, R10)
	CMPQ DX, $4
	JLT  rowsSet
	ROW(12, R11)

rowsSet:
	VMOVDQA64 Z14, Z0
	VMOVDQA64 Z14, Z1
	VMOVDQA64 Z14, Z2
	VMOVDQA64 Z14, Z3
	XORQ      AX, AX
	CMPQ      AX, BX
	JEQ       tail

loop:
	VMOVDQU8 (SI)(AX*1), Z4
	VPXORD   (R8)(AX*1), Z15, Z5
	VPXORD   (R9)(AX*1), Z15, Z6
	VPXORD   (R10)(AX*1), Z15, Z7
	VPXORD   (R11)(AX*1), Z15, Z8
	VPDPBUSD Z4, Z5, Z0
	VPDPBUSD Z4, Z6, Z1
	VPDPBUSD Z4, Z7, Z2
	VPDPBUSD Z4, Z8, Z3
	ADDQ     $64, AX
	CMPQ     AX, BX
	JLT      loop

tail:
	TESTQ      CX, CX
	JEQ        sum
	VMOVDQU8.Z (SI)(AX*1), K1, Z4
	VMOVDQU8.Z (R8)(AX*1), K1, Z5
	VMOVDQU8.Z (R9)(AX*1), K1, Z6
	VMOVDQU8.Z (R10)(AX*1), K1, Z7
	VMOVDQU8.Z (R11)(AX*1), K1, Z8
	STEP(R8, Z5, Z0)
	STEP(R9, Z6, Z1)
	STEP(R10, Z7, Z2)
	STEP(R11, Z8, Z3)

sum:
	VEXTRACTI64X4 $1, Z0, Y5
	VEXTRACTI64X4 $1, Z1, Y6
	VEXTRACTI64X4 $1, Z2, Y7
	VEXTRACTI64X4 $1, Z3, Y8
	VPADDD        Y5, Y0, Y0
	VPADDD        Y6, Y1, Y1
	VPADDD        Y7, Y2, Y2
	VPADDD        Y8, Y3, Y3
	VPHADDD       Y1, Y0, Y0
	VPHADDD       Y3, Y2, Y2
	VPHADDD       Y2, Y0, Y0
	VEXTRACTI128  $1, Y0, X1
	VPADDD        X1, X0, X0
	VCVTDQ2PS     X0, X0
	MOVQ          scale+24(FP), R11
	SCALE(0)
	CMPQ          DX, $2
	JLT           done
	VPSHUFD       $0x39, X0, X0
	SCALE(4)
	CMPQ          DX, $3
	JLT           done
	VPSHUFD       $0x39, X0, X0
	SCALE(8)
	CMPQ          DX, $4
	JLT           done
	VPSHUFD       $0x39, X0, X0
	SCALE(12)
	MOVQ          R12, BX
	SUBQ          CX, BX
	ADDQ          $16, R15
	ADDQ          $16, R14
	SUBQ          $4, DX
	JNE           group

done:
	VZEROUPPER
	MOVB $1, ret+64(FP)
	RET

outside:
	VZEROUPPER
	MOVB $0, ret+64(FP)
	RET

// func dotInt8AVX2(a, b *int8, n int) int32
TEXT ·dotInt8AVX2(SB), NOSPLIT, $0-28
	MOVQ  a+0(FP), SI
	MOVQ  b+8(FP), DI
	MOVQ  n+16(FP), CX
	VPXOR Y0, Y0, Y0
	SUBQ  $16, CX
	JLT   tail

loop:
	VPMOVSXBW (SI), Y4
	VPMOVSXBW (DI), Y5
	VPMADDWD  Y4, Y5, Y5
	VPADDD    Y5, Y0, Y0
	ADDQ      $16, SI
	ADDQ      $16, DI
	SUBQ      $16, CX
	JGE       loop

tail:
	VPHADDD      Y0, Y0, Y0
	VPHADDD      Y0, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD       X1, X0, X0
	MOVL         X0, AX
	VZEROUPPER
	ADDQ         $16, CX
	JEQ          done

single:
	MOVBLSX (SI), R8
	MOVBLSX (DI), R9
	IMULL   R9, R8
	ADDL    R8, AX
	INCQ    SI
	INCQ    DI
	DECQ    CX
	JNE     single

done:
	MOVL AX, ret+24(FP)
	RET

// func dotInt8IDsAVX2(dst *float32, q, rows *int8, scale *float32, ids *uint32, n, d, size int) bool
TEXT ·dotInt8IDsAVX2(SB), NOSPLIT, $0-65
	MOVQ dst+0(FP), R15
	MOVQ q+8(FP), SI
	MOVQ rows+16(FP), DI
	MOVQ scale+24(FP), R11
	MOVQ ids+32(FP), R14
	MOVQ n+40(FP), DX
	MOVQ d+48(FP), R12
	MOVQ size+56(FP), R13
	SUBQ R12, R13
	JLT  outside

row:
	ROW(0, R8)
	VPXOR Y0, Y0, Y0
	XORQ  AX, AX
	MOVQ  R12, CX
	SUBQ  $16, CX
	JLT   tail

loop:
	VPMOVSXBW (SI)(AX*1), Y4
	VPMOVSXBW (R8)(AX*1), Y5
	VPMADDWD  Y4, Y5, Y5
	VPADDD    Y5, Y0, Y0
	ADDQ      $16, AX
	CMPQ      AX, CX
	JLE       loop

tail:
	VPHADDD      Y0, Y0, Y0
	VPHADDD      Y0, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD       X1, X0, X0
	MOVL         X0, R9
	CMPQ         AX, R12
	JEQ          done

single:
	MOVBLSX (SI)(AX*1), R10
	MOVBLSX (R8)(AX*1), BX
	IMULL   BX, R10
	ADDL    R10, R9
	INCQ    AX
	CMPQ    AX, R12
	JLT     single

done:
	MOVL      (R14), BX
	MOVL      R9, X0
	VCVTDQ2PS X0, X0
	VMULSS    (R11)(BX*4), X0, X0
	VMOVSS    X0, (R15)
	ADDQ      $4, R15
	ADDQ      $4, R14
	DECQ      DX
	JNE       row
	VZEROUPPER
	MOVB      $1, ret+64(FP)
	RET

outside:
	VZEROUPPER
	MOVB $0, ret+64(FP)
	RET
