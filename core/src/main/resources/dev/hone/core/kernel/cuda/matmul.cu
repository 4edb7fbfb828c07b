// Matrix products: C = op(A) · op(B), then activation(scale · x + bias). An element of C is summed in the order of k, whatever
// other rows and columns there are; where C is added to and scale is 1, the sum goes on from it.
//
// Arguments of all tiled products: A is F32, [m, k], or [k, m] if transA; B of a float type (DType's number), [k, n], or [n, k] if
// transB; C is F32 [m, n]. lda, ldb, ldc: distances of rows; aBatch, bBatch, cBatch: of matrices. Null: bias [n], pre [m, n] as C,
// which receives what the activation is applied to.

enum { F64, F32, F16, BF16 }; // as DType

__device__ __forceinline__ float stored(const void* x, int type, long long i) {
  switch (type) {
    case F16: return fromF16(((const u16*) x)[i]);
    case BF16: return fromBf16(((const u16*) x)[i]);
    default: return ((const float*) x)[i];
  }
}

__device__ __forceinline__ int bytesOf(int type) {
  return type == F32 ? 4 : 2;
}

__device__ __forceinline__ void finish(float sum, long long at, int column, int accumulate, float scale, const float* bias,
    int activation, float* c, float* pre) {
  float x = accumulate && scale == 1.0f ? sum : accumulate ? c[at] + scale * sum : scale * sum;
  if (bias) {
    x += bias[column];
  }
  if (pre) {
    pre[at] = x;
  }
  c[at] = activate(activation, x);
}

// In F32: tiles of 64 x 64, 4 x 4 numbers a thread.
// grid: x (n + 63) / 64, y (m + 63) / 64, z matrices, block: 256
extern "C" __global__ void __launch_bounds__(256) hone_matmul_f32(const float* a, int lda, int transA, long long aBatch,
    const void* b, int bType, int ldb, int transB, long long bBatch, float* c, int ldc, long long cBatch, int m, int n, int k,
    int accumulate, float scale, const float* bias, int activation, float* pre) {
  __shared__ float tileA[16][68]; // by k, so that a thread's numbers are neighbours
  __shared__ float tileB[16][68];
  a += blockIdx.z * aBatch;
  b = (const char*) b + blockIdx.z * bBatch * bytesOf(bType);
  c += blockIdx.z * cBatch;
  int firstRow = blockIdx.y * 64, firstColumn = blockIdx.x * 64;
  int tx = threadIdx.x % 16, ty = threadIdx.x / 16;
  bool carried = accumulate && scale == 1.0f;
  float sums[4][4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int row = firstRow + ty * 4 + i, column = firstColumn + tx * 4 + j;
      sums[i][j] = carried && row < m && column < n ? c[(long long) row * ldc + column] : 0.0f;
    }
  }
  for (int k0 = 0; k0 < k; k0 += 16) {
#pragma unroll
    for (int i = 0; i < 4; i++) { // neighbouring threads read neighbouring numbers
      int item = threadIdx.x + 256 * i;
      int line = transA ? item % 64 : item / 16, depth = transA ? item / 64 : item % 16;
      int row = firstRow + line, at = k0 + depth;
      tileA[depth][line] = row < m && at < k ? a[transA ? (long long) at * lda + row : (long long) row * lda + at] : 0.0f;
      line = transB ? item / 16 : item % 64;
      depth = transB ? item % 16 : item / 64;
      int column = firstColumn + line;
      at = k0 + depth;
      tileB[depth][line] = column < n && at < k
          ? stored(b, bType, transB ? (long long) column * ldb + at : (long long) at * ldb + column) : 0.0f;
    }
    __syncthreads();
#pragma unroll
    for (int depth = 0; depth < 16; depth++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
          sums[i][j] = fmaf(tileA[depth][ty * 4 + i], tileB[depth][tx * 4 + j], sums[i][j]);
        }
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int row = firstRow + ty * 4 + i, column = firstColumn + tx * 4 + j;
      if (row < m && column < n) {
        long long at = (long long) row * ldc + column;
        finish(sums[i][j], at, column, accumulate, scale, bias, activation, c, pre ? pre + blockIdx.z * cBatch : pre);
      }
    }
  }
}

// Two numbers as BF16, the first in the low half.
__device__ __forceinline__ unsigned pack(float low, float high) {
#ifdef HONE_PTX
  unsigned both;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
  return both;
#else
  return (unsigned) toBf16(high) << 16 | toBf16(low);
#endif
}

__device__ __forceinline__ unsigned toTf32(float x) { // to nearest, ties away from zero
  return x == x ? (__float_as_uint(x) + 0x1000u) & 0xffffe000u : 0x7fffe000u;
}

// d += a · b on the tensor cores: 16 x 8 sums; BF16 with 16 numbers deep, or TF32 with 8. A register holds a word: two BF16 or one TF32,
// and the words lie alike in both.
// volatile: all threads of a warp must come to it, so that no compiler may move it behind a condition.
template <bool HALVES> __device__ __forceinline__ void mma(float* d, const unsigned* a, const unsigned* b) {
#ifdef HONE_PTX
  if (HALVES) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  } else {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  }
#else
  hone_emulated_mma(HALVES ? emulated::MMA_BF16 : emulated::MMA_TF32, __LINE__, d, a, b);
#endif
}

#define WORDS 16 // of a tile's row: 32 BF16 or 16 TF32
#define ROW 20 // words between rows: eight rows of four words fall on 32 different banks

// Word `word` of line `line` of an operand whose lines are `ld` apart, or whose columns they are if turned.
template <bool HALVES> __device__ __forceinline__ unsigned wordOf(const void* x, int type, int ld, int turned, int line, int lines,
    int at, int k) {
  if (line >= lines || at >= k) {
    return 0;
  }
  if (!HALVES) {
    return toTf32(stored(x, type, turned ? (long long) at * ld + line : (long long) line * ld + at));
  }
  long long first = turned ? (long long) at * ld + line : (long long) line * ld + at;
  long long step = turned ? ld : 1;
  if (type == BF16) { // as it is
    unsigned low = ((const u16*) x)[first];
    return at + 1 < k ? low | (unsigned) ((const u16*) x)[first + step] << 16 : low;
  }
  return pack(stored(x, type, first), at + 1 < k ? stored(x, type, first + step) : 0.0f);
}

// The words of a tile of 128 lines that a thread brings: 8.
template <bool HALVES> __device__ __forceinline__ void fetch(unsigned* words, const void* x, int type, int ld, int turned,
    int firstLine, int lines, int k0, int k) {
#pragma unroll
  for (int i = 0; i < 8; i++) {
    int item = threadIdx.x + 256 * i;
    int line = turned ? item % 128 : item / WORDS, word = turned ? item / 128 : item % WORDS;
    words[i] = wordOf<HALVES>(x, type, ld, turned, firstLine + line, lines, k0 + (HALVES ? 2 * word : word), k);
  }
}

__device__ __forceinline__ void put(unsigned (*tile)[ROW], const unsigned* words, int turned) {
#pragma unroll
  for (int i = 0; i < 8; i++) {
    int item = threadIdx.x + 256 * i;
    tile[turned ? item % 128 : item / WORDS][turned ? item / 128 : item % WORDS] = words[i];
  }
}

// Tiles of 128 x 128 in two buffers: while the warps multiply one, the words of the next are on their way. Eight warps of 64 x 32.
template <bool HALVES> __device__ __forceinline__ void tensorProduct(const float* a, int lda, int transA, const void* b, int bType,
    int ldb, int transB, float* c, int ldc, int m, int n, int k, int accumulate, float scale, const float* bias, int activation,
    float* pre, unsigned (*tileA)[128][ROW], unsigned (*tileB)[128][ROW]) {
  const int depth = HALVES ? 2 * WORDS : WORDS;
  int firstRow = blockIdx.y * 128, firstColumn = blockIdx.x * 128;
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int group = lane / 4, within = lane % 4;
  int warpRow = warp / 4 * 64, warpColumn = warp % 4 * 32;
  bool carried = accumulate && scale == 1.0f;
  float sums[4][4][4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        int row = firstRow + warpRow + 16 * i + group + 8 * (e / 2);
        int column = firstColumn + warpColumn + 8 * j + 2 * within + e % 2;
        sums[i][j][e] = carried && row < m && column < n ? c[(long long) row * ldc + column] : 0.0f;
      }
    }
  }
  unsigned wordsA[8], wordsB[8];
  fetch<HALVES>(wordsA, a, F32, lda, transA, firstRow, m, 0, k);
  fetch<HALVES>(wordsB, b, bType, ldb, !transB, firstColumn, n, 0, k);
  int buffer = 0;
  for (int k0 = 0; k0 < k; k0 += depth) {
    put(tileA[buffer], wordsA, transA);
    put(tileB[buffer], wordsB, !transB);
    __syncthreads();
    if (k0 + depth < k) {
      fetch<HALVES>(wordsA, a, F32, lda, transA, firstRow, m, k0 + depth, k);
      fetch<HALVES>(wordsB, b, bType, ldb, !transB, firstColumn, n, k0 + depth, k);
    }
#pragma unroll
    for (int step = 0; step < WORDS; step += 8) {
      unsigned fa[4][4], fb[4][2];
#pragma unroll
      for (int i = 0; i < 4; i++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
          fa[i][e] = tileA[buffer][warpRow + 16 * i + group + 8 * (e % 2)][step + within + 4 * (e / 2)];
        }
      }
#pragma unroll
      for (int j = 0; j < 4; j++) {
#pragma unroll
        for (int e = 0; e < 2; e++) {
          fb[j][e] = tileB[buffer][warpColumn + 8 * j + group][step + within + 4 * e];
        }
      }
#pragma unroll
      for (int i = 0; i < 4; i++) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
          mma<HALVES>(sums[i][j], fa[i], fb[j]);
        }
      }
    }
    buffer ^= 1; // the barrier above keeps the next but one from being written while this one is read
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        int row = firstRow + warpRow + 16 * i + group + 8 * (e / 2);
        int column = firstColumn + warpColumn + 8 * j + 2 * within + e % 2;
        if (row < m && column < n) {
          finish(sums[i][j][e], (long long) row * ldc + column, column, accumulate, scale, bias, activation, c, pre);
        }
      }
    }
  }
}

// In BF16 with sums in F32, on the tensor cores.
// grid: x (n + 127) / 128, y (m + 127) / 128, z matrices, block: 256
extern "C" __global__ void __launch_bounds__(256) hone_matmul_bf16(const float* a, int lda, int transA, long long aBatch,
    const void* b, int bType, int ldb, int transB, long long bBatch, float* c, int ldc, long long cBatch, int m, int n, int k,
    int accumulate, float scale, const float* bias, int activation, float* pre) {
  __shared__ unsigned tileA[2][128][ROW];
  __shared__ unsigned tileB[2][128][ROW];
  tensorProduct<true>(a + blockIdx.z * aBatch, lda, transA, (const char*) b + blockIdx.z * bBatch * bytesOf(bType), bType, ldb,
      transB, c + blockIdx.z * cBatch, ldc, m, n, k, accumulate, scale, bias, activation, pre ? pre + blockIdx.z * cBatch : pre,
      tileA, tileB);
}

// In TF32 with sums in F32, on the tensor cores.
// grid: x (n + 127) / 128, y (m + 127) / 128, z matrices, block: 256
extern "C" __global__ void __launch_bounds__(256) hone_matmul_tf32(const float* a, int lda, int transA, long long aBatch,
    const void* b, int bType, int ldb, int transB, long long bBatch, float* c, int ldc, long long cBatch, int m, int n, int k,
    int accumulate, float scale, const float* bias, int activation, float* pre) {
  __shared__ unsigned tileA[2][128][ROW];
  __shared__ unsigned tileB[2][128][ROW];
  tensorProduct<false>(a + blockIdx.z * aBatch, lda, transA, (const char*) b + blockIdx.z * bBatch * bytesOf(bType), bType, ldb,
      transB, c + blockIdx.z * cBatch, ldc, m, n, k, accumulate, scale, bias, activation, pre ? pre + blockIdx.z * cBatch : pre,
      tileA, tileB);
}

// Up to 8 rows by a weight [n, k] that streams by once, a warp for each column of C: text that is written token by token.
// grid: (n + 7) / 8, block: 256
extern "C" __global__ void __launch_bounds__(256, 2) hone_matmul_few(const float* a, int lda, const void* b, int bType, int ldb,
    float* c, int ldc, int m, int n, int k, float scale, const float* bias, int activation) {
  int lane = threadIdx.x % 32, column = blockIdx.x * 8 + threadIdx.x / 32;
  float sums[8] = {};
  if (column < n) {
    for (int i = lane; i < k; i += 32) {
      float w = stored(b, bType, (long long) column * ldb + i);
#pragma unroll
      for (int row = 0; row < 8; row++) {
        if (row < m) {
          sums[row] = fmaf(a[(long long) row * lda + i], w, sums[row]);
        }
      }
    }
  }
  float own = 0; // lane r finishes row r
#pragma unroll
  for (int row = 0; row < 8; row++) {
    float sum = warpSum(sums[row]);
    own = lane == row ? sum : own;
  }
  if (lane < m && column < n) {
    finish(own, (long long) lane * ldc + column, column, 0, scale, bias, activation, c, nullptr);
  }
}

// The same by a weight [k, n]: 32 columns a block, each summed by 8 warps that take every eighth k.
// grid: (n + 31) / 32, block: 256
extern "C" __global__ void __launch_bounds__(256, 2) hone_matmul_few_columns(const float* a, int lda, const void* b, int bType,
    int ldb, float* c, int ldc, int m, int n, int k, float scale, const float* bias, int activation) {
  __shared__ float room[8][8][32];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  int column = blockIdx.x * 32 + lane;
  float sums[8] = {};
  if (column < n) {
    for (int i = warp; i < k; i += 8) {
      float w = stored(b, bType, (long long) i * ldb + column);
#pragma unroll
      for (int row = 0; row < 8; row++) {
        if (row < m) {
          sums[row] = fmaf(a[(long long) row * lda + i], w, sums[row]);
        }
      }
    }
  }
#pragma unroll
  for (int row = 0; row < 8; row++) {
    room[row][warp][lane] = sums[row];
  }
  __syncthreads();
  if (warp < m && column < n) { // warp w finishes row w
    float sum = 0;
    for (int i = 0; i < 8; i++) {
      sum += room[warp][i][lane];
    }
    finish(sum, (long long) warp * ldc + column, column, 0, scale, bias, activation, c, nullptr);
  }
}
