// Attention forward on the tensor cores: products in BF16, sums, softmax and scores in F32. Four warps, each with 16 of 64 queries;
// tiles of 64 keys. The probabilities that a warp's products leave in its registers are the left operand of the next product as they lie.
// Arguments as those of attention.cu, but that items are of 64 queries.

#define QUERIES 64
#define KEYS 64

struct Sequence {
  int queries, keys, firstRow, firstKeyRow;
};

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

// d += a · b: 16 x 8 sums, 16 numbers deep. volatile: all threads of a warp must come to it, so that no compiler may move it
// behind a condition.
__device__ __forceinline__ void mma(float* d, const unsigned* a, const unsigned* b) {
#ifdef HONE_PTX
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  hone_emulated_mma(emulated::MMA_BF16, __LINE__, d, a, b);
#endif
}

// One past the last key that a query sees, and the first.
__device__ __forceinline__ int endKey(Sequence s, int query, int causal, int window) {
  long long position = (long long) query + s.keys - s.queries;
  return (int) min((long long) s.keys, max(0LL, causal ? position + 1 : position + window));
}

__device__ __forceinline__ int firstKey(Sequence s, int query, int window) {
  return (int) max(0LL, (long long) query + s.keys - s.queries - window + 1);
}

struct Scores {
  float scale, softCap, dropout;
  long long seed;
  const long long* streams; // of the sequences
  const float* bias; // of the head, or null
};

__device__ __forceinline__ float capped(Scores how, float product, int key) {
  float score = how.scale * product;
  if (how.softCap > 0) {
    score = how.softCap * tanhf(score / how.softCap);
  }
  return how.bias ? score + how.bias[key] : score;
}

__device__ __forceinline__ float kept(Scores how, int sequence, int head, int queries, int query,
    int key) {
  if (how.dropout == 0) {
    return 1.0f;
  }
  u64 index = ((u64) head * queries + query) << 24 | (unsigned) key;
  return philoxUniform(how.seed, how.streams[sequence], index) < how.dropout ? 0.0f : 1.0f / (1.0f - how.dropout);
}

// A tile's rows as words of two numbers, MOST / 2 + 4 words apart: eight rows of four words fall on 32 different banks.
template <int MOST> __device__ __forceinline__ void bringWords(unsigned* tile, const float* x, int stride, int column, int first,
    int end, int d) {
  for (int i = threadIdx.x; i < QUERIES * (MOST / 2); i += 128) {
    int row = i / (MOST / 2), at = i % (MOST / 2) * 2;
    const float* from = x + (long long) (first + row) * stride + column + at;
    bool real = first + row < end;
    tile[row * (MOST / 2 + 4) + at / 2] = pack(real && at < d ? from[0] : 0.0f, real && at + 1 < d ? from[1] : 0.0f);
  }
}

template <int MOST> __device__ __forceinline__ void attentionForward(const float* q, int qStride, const float* k, int kStride,
    const float* v, int vStride, float* out, int outStride, float* lse, const int* queryOffsets, const int* keyOffsets,
    const int* items, int rows, int group, int d, int causal, int window, Scores how, int biasLength, unsigned* tile,
    unsigned* values) {
  const int words = MOST / 2 + 4; // between rows of the tile; KEYS / 2 + 4 between columns of the values
  int sequence = items[2 * blockIdx.x], first = items[2 * blockIdx.x + 1], head = blockIdx.y;
  Sequence s = {queryOffsets[sequence + 1] - queryOffsets[sequence], keyOffsets[sequence + 1] - keyOffsets[sequence],
      queryOffsets[sequence], keyOffsets[sequence]};
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32, row0 = lane / 4, within = lane % 4;
  int column = head / group * d;
  how.bias = how.bias ? how.bias + (long long) head * biasLength : how.bias;
  bringWords<MOST>(tile, q, qStride, head * d, s.firstRow + first, s.firstRow + s.queries, d);
  __syncthreads();
  unsigned queries[MOST / 16][4];
#pragma unroll
  for (int i = 0; i < MOST / 16; i++) {
#pragma unroll
    for (int e = 0; e < 4; e++) {
      queries[i][e] = tile[(16 * warp + row0 + 8 * (e % 2)) * words + 8 * i + within + 4 * (e / 2)];
    }
  }
  int from = firstKey(s, first, window), end = endKey(s, min(first + QUERIES, s.queries) - 1, causal, window);
  float sums[MOST / 8][4], most[2] = {-INFINITE, -INFINITE}, total[2] = {0, 0};
  int query[2], ownFrom[2], ownEnd[2];
#pragma unroll
  for (int h = 0; h < 2; h++) { // the two rows of a thread
    query[h] = first + 16 * warp + row0 + 8 * h;
    ownFrom[h] = firstKey(s, query[h], window);
    ownEnd[h] = query[h] < s.queries ? endKey(s, query[h], causal, window) : 0;
  }
#pragma unroll
  for (int i = 0; i < MOST / 8; i++) {
#pragma unroll
    for (int e = 0; e < 4; e++) {
      sums[i][e] = 0;
    }
  }
  for (int key0 = from / KEYS * KEYS; key0 < end; key0 += KEYS) {
    __syncthreads(); // nobody reads the last tiles any more
    bringWords<MOST>(tile, k, kStride, column, s.firstKeyRow + key0, s.firstKeyRow + s.keys, d);
    for (int i = threadIdx.x; i < KEYS / 2 * MOST; i += 128) { // two keys in a word
      int at = i % MOST, key = key0 + i / MOST * 2;
      const float* x = v + (long long) (s.firstKeyRow + key) * vStride + column + at;
      values[at * (KEYS / 2 + 4) + i / MOST] = pack(key < s.keys && at < d ? x[0] : 0.0f,
          key + 1 < s.keys && at < d ? x[vStride] : 0.0f);
    }
    __syncthreads();
    float p[KEYS / 8][4];
#pragma unroll
    for (int j = 0; j < KEYS / 8; j++) {
      p[j][0] = p[j][1] = p[j][2] = p[j][3] = 0;
#pragma unroll
      for (int i = 0; i < MOST / 16; i++) {
        const unsigned* line = tile + (8 * j + row0) * words + 8 * i + within;
        unsigned keys[2] = {line[0], line[4]};
        mma(p[j], queries[i], keys);
      }
    }
#pragma unroll
    for (int h = 0; h < 2; h++) {
      float tileMost = most[h];
#pragma unroll
      for (int j = 0; j < KEYS / 8; j++) {
#pragma unroll
        for (int e = 2 * h; e < 2 * h + 2; e++) {
          int key = key0 + 8 * j + 2 * within + e % 2;
          p[j][e] = key >= ownFrom[h] && key < ownEnd[h] ? capped(how, p[j][e], key) : -INFINITE;
          tileMost = fmaxf(tileMost, p[j][e]);
        }
      }
      tileMost = fmaxf(tileMost, __shfl_xor_sync(ALL_LANES, tileMost, 1));
      tileMost = fmaxf(tileMost, __shfl_xor_sync(ALL_LANES, tileMost, 2));
      float shrink = most[h] == tileMost ? 1.0f : expf(most[h] - tileMost);
      most[h] = tileMost;
      float sum = 0;
#pragma unroll
      for (int j = 0; j < KEYS / 8; j++) {
#pragma unroll
        for (int e = 2 * h; e < 2 * h + 2; e++) {
          int key = key0 + 8 * j + 2 * within + e % 2;
          bool seen = key >= ownFrom[h] && key < ownEnd[h];
          float weight = seen ? expf(p[j][e] - tileMost) : 0.0f;
          sum += weight;
          p[j][e] = seen ? weight * kept(how, sequence, head, s.queries, query[h], key) : 0.0f;
        }
      }
      sum += __shfl_xor_sync(ALL_LANES, sum, 1);
      sum += __shfl_xor_sync(ALL_LANES, sum, 2);
      total[h] = total[h] * shrink + sum;
#pragma unroll
      for (int i = 0; i < MOST / 8; i++) {
        sums[i][2 * h] *= shrink;
        sums[i][2 * h + 1] *= shrink;
      }
    }
#pragma unroll
    for (int j = 0; j < KEYS / 16; j++) {
      unsigned weights[4] = {pack(p[2 * j][0], p[2 * j][1]), pack(p[2 * j][2], p[2 * j][3]),
          pack(p[2 * j + 1][0], p[2 * j + 1][1]), pack(p[2 * j + 1][2], p[2 * j + 1][3])};
#pragma unroll
      for (int i = 0; i < MOST / 8; i++) {
        const unsigned* line = values + (8 * i + row0) * (KEYS / 2 + 4) + 8 * j + within;
        unsigned two[2] = {line[0], line[4]};
        mma(sums[i], weights, two);
      }
    }
  }
#pragma unroll
  for (int h = 0; h < 2; h++) {
    if (query[h] >= s.queries) {
      continue;
    }
    long long row = s.firstRow + query[h];
    float factor = total[h] == 0 ? 0.0f : 1.0f / total[h];
#pragma unroll
    for (int i = 0; i < MOST / 8; i++) {
#pragma unroll
      for (int e = 0; e < 2; e++) {
        if (8 * i + 2 * within + e < d) {
          out[row * outStride + head * d + 8 * i + 2 * within + e] = sums[i][2 * h + e] * factor;
        }
      }
    }
    if (lse && within == 0) {
      lse[(long long) head * rows + row] = most[h] + logf(total[h]);
    }
  }
}

// For heads of up to 64 and 128 numbers. Null: lse
// grid: x items (of 64 queries), y heads, block: 128
extern "C" __global__ void __launch_bounds__(128) hone_attention_forward_bf16_64(const float* q, int qStride, const float* k,
    int kStride, const float* v, int vStride, float* out, int outStride, float* lse, const int* queryOffsets,
    const int* keyOffsets, const int* items, int rows, int group, int d, int causal, int window, float scale, float softCap,
    float dropout, long long seed, const long long* streams, const float* bias, int biasLength) {
  __shared__ unsigned tile[QUERIES * (64 / 2 + 4)];
  __shared__ unsigned values[64 * (KEYS / 2 + 4)];
  Scores how = {scale, softCap, dropout, seed, streams, bias};
  attentionForward<64>(q, qStride, k, kStride, v, vStride, out, outStride, lse, queryOffsets, keyOffsets, items, rows, group, d,
      causal, window, how, biasLength, tile, values);
}

extern "C" __global__ void __launch_bounds__(128) hone_attention_forward_bf16_128(const float* q, int qStride, const float* k,
    int kStride, const float* v, int vStride, float* out, int outStride, float* lse, const int* queryOffsets,
    const int* keyOffsets, const int* items, int rows, int group, int d, int causal, int window, float scale, float softCap,
    float dropout, long long seed, const long long* streams, const float* bias, int biasLength) {
  __shared__ unsigned tile[QUERIES * (128 / 2 + 4)];
  __shared__ unsigned values[128 * (KEYS / 2 + 4)];
  Scores how = {scale, softCap, dropout, seed, streams, bias};
  attentionForward<128>(q, qStride, k, kStride, v, vStride, out, outStride, lse, queryOffsets, keyOffsets, items, rows, group, d,
      causal, window, how, biasLength, tile, values);
}
