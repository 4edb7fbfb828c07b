// Attention over ragged sequences, and rotary embedding. Tiles of TILE queries by TILE keys; each row of a tile belongs to four
// threads, of which thread `part` has the columns part, part + 4, ... of its sums. No thread adds to what another adds to.
//
// Arguments of all: q, out, dOut, dq [rows, heads · d] and k, v, dk, dv [keys, heads / group · d], rows `...Stride` apart;
// queryOffsets and keyOffsets bounds of the sequences; items: pairs of a sequence and the first query (or key) of a tile, which is
// a multiple of TILE, one pair for each block in x. Head h reads key head h / group. window: keys at this distance or more are
// hidden. softCap and dropout: 0 for none. seed, streams: of the dropout, a stream for
// each sequence; null without dropout. bias: [heads, biasLength] by the key's place, or null.
// lse: [heads, rows], log of the softmax's denominator.

#define TILE 16

struct Sequence {
  int queries, keys, firstRow, firstKeyRow;
};

__device__ __forceinline__ Sequence sequenceOf(const int* queryOffsets, const int* keyOffsets, int s) {
  Sequence q = {queryOffsets[s + 1] - queryOffsets[s], keyOffsets[s + 1] - keyOffsets[s], queryOffsets[s], keyOffsets[s]};
  return q;
}

// The run of keys that a query sees.
__device__ __forceinline__ int firstKey(Sequence s, int query, int window) {
  return (int) max(0LL, (long long) query + s.keys - s.queries - window + 1);
}

__device__ __forceinline__ int endKey(Sequence s, int query, int causal, int window) {
  long long position = (long long) query + s.keys - s.queries;
  return (int) min((long long) s.keys, max(0LL, causal ? position + 1 : position + window));
}

// The run of queries that see a key.
__device__ __forceinline__ int firstQuery(Sequence s, int key, int causal, int window) {
  long long position = causal ? key : (long long) key - window + 1;
  return (int) min((long long) s.queries, max(0LL, position - s.keys + s.queries));
}

__device__ __forceinline__ int endQuery(Sequence s, int key, int window) {
  return (int) min((long long) s.queries, max(0LL, (long long) key + window - s.keys + s.queries));
}

// What makes a score of a product, and what dropout makes of a probability.
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

// Copies rows to shared memory, d + 1 apart; zeros behind the end.
__device__ __forceinline__ void bring(float* tile, const float* x, int stride, int column, int first, int end, int d) {
  for (int i = threadIdx.x; i < TILE * d; i += 4 * TILE) {
    int row = i / d, at = i % d;
    tile[row * (d + 1) + at] = first + row < end ? x[(long long) (first + row) * stride + column + at] : 0.0f;
  }
}

__device__ __forceinline__ float dot(const float* a, const float* b, int d) {
  float sum = 0;
  for (int i = 0; i < d; i++) {
    sum = fmaf(a[i], b[i], sum);
  }
  return sum;
}

template <int MOST> __device__ __forceinline__ void attentionForward(const float* q, int qStride, const float* k, int kStride,
    const float* v, int vStride, float* out, int outStride, float* lse, const int* queryOffsets, const int* keyOffsets,
    const int* items, int rows, int group, int d, int causal, int window, Scores how, int biasLength, const int* pages,
    const int* pageStarts, int pageSize) {
  DYNAMIC_SHARED(float, room);
  float* queries = room;
  float* keys = queries + TILE * (d + 1); // then the values
  float* weights = keys + TILE * (d + 1);
  int sequence = items[2 * blockIdx.x], first = items[2 * blockIdx.x + 1], head = blockIdx.y;
  Sequence s = sequenceOf(queryOffsets, keyOffsets, sequence);
  int r = threadIdx.x / 4, part = threadIdx.x % 4;
  int query = first + r;
  bool real = query < s.queries;
  int column = head / group * d;
  how.bias = how.bias ? how.bias + (long long) head * biasLength : how.bias;
  bring(queries, q, qStride, head * d, s.firstRow + first, s.firstRow + s.queries, d);
  int from = firstKey(s, first, window), end = endKey(s, min(first + TILE, s.queries) - 1, causal, window);
  int ownFrom = firstKey(s, query, window), ownEnd = real ? endKey(s, query, causal, window) : 0;
  float most = -INFINITE, total = 0;
  float sums[MOST / 4];
#pragma unroll
  for (int i = 0; i < MOST / 4; i++) {
    sums[i] = 0;
  }
  for (int key0 = from / TILE * TILE; key0 < end; key0 += TILE) {
    __syncthreads();
    for (int values = 0; values < 2; values++) {
      for (int i = threadIdx.x; i < TILE * d; i += 4 * TILE) {
        int j = i / d, at = i % d, key = key0 + j;
        float x = 0;
        if (key < s.keys) {
          int row = pages ? pages[pageStarts[sequence] + key / pageSize] * pageSize + key % pageSize : s.firstKeyRow + key;
          x = values ? v[(long long) row * vStride + column + at] : k[(long long) row * kStride + column + at];
        }
        keys[j * (d + 1) + at] = x;
      }
      __syncthreads();
      if (values == 0) {
        float scores[TILE / 4], tileMost = most;
#pragma unroll
        for (int j = 0; j < TILE / 4; j++) {
          int key = key0 + part + 4 * j;
          bool seen = key >= ownFrom && key < ownEnd;
          scores[j] = seen ? capped(how, dot(queries + r * (d + 1), keys + (part + 4 * j) * (d + 1), d), key) : -INFINITE;
          tileMost = fmaxf(tileMost, scores[j]);
        }
        tileMost = fmaxf(tileMost, __shfl_xor_sync(ALL_LANES, tileMost, 1));
        tileMost = fmaxf(tileMost, __shfl_xor_sync(ALL_LANES, tileMost, 2));
        float shrink = most == tileMost ? 1.0f : expf(most - tileMost);
        most = tileMost;
        float sum = 0;
#pragma unroll
        for (int j = 0; j < TILE / 4; j++) {
          int key = key0 + part + 4 * j;
          bool seen = key >= ownFrom && key < ownEnd;
          float p = seen ? expf(scores[j] - most) : 0.0f;
          sum += p;
          weights[r * (TILE + 1) + part + 4 * j] = seen ? p * kept(how, sequence, head, s.queries, query, key) : 0.0f;
        }
        sum += __shfl_xor_sync(ALL_LANES, sum, 1);
        sum += __shfl_xor_sync(ALL_LANES, sum, 2);
        total = total * shrink + sum;
#pragma unroll
        for (int i = 0; i < MOST / 4; i++) {
          sums[i] *= shrink;
        }
        __syncthreads(); // all have read the keys
      }
    }
    for (int j = 0; j < TILE; j++) {
      float weight = weights[r * (TILE + 1) + j];
#pragma unroll
      for (int i = 0; i < MOST / 4; i++) {
        if (part + 4 * i < d) {
          sums[i] = fmaf(weight, keys[j * (d + 1) + part + 4 * i], sums[i]);
        }
      }
    }
  }
  if (real) {
    long long row = s.firstRow + query;
    float factor = total == 0 ? 0.0f : 1.0f / total;
#pragma unroll
    for (int i = 0; i < MOST / 4; i++) {
      if (part + 4 * i < d) {
        out[row * outStride + head * d + part + 4 * i] = sums[i] * factor;
      }
    }
    if (lse && part == 0) {
      lse[(long long) head * rows + row] = most + logf(total);
    }
  }
}

// out = softmax(scores) · v for heads of up to 64, 128 and 256 numbers. Null: lse; pages, which else are the pages of all sequences,
// those of sequence s from pageStarts[s] on: key j is in row pages[pageStarts[s] + j / pageSize] · pageSize + j % pageSize.
// grid: x items (of queries), y heads, block: 64; dynamic shared memory: (32 · (d + 1) + 272) · 4 bytes
extern "C" __global__ void __launch_bounds__(64, 2) hone_attention_forward_64(const float* q, int qStride, const float* k, int kStride,
    const float* v, int vStride, float* out, int outStride, float* lse, const int* queryOffsets, const int* keyOffsets,
    const int* items, int rows, int group, int d, int causal, int window, float scale, float softCap, float dropout,
    long long seed, const long long* streams, const float* bias, int biasLength, const int* pages, const int* pageStarts, int pageSize) {
  Scores how = {scale, softCap, dropout, seed, streams, bias};
  attentionForward<64>(q, qStride, k, kStride, v, vStride, out, outStride, lse, queryOffsets, keyOffsets, items, rows, group, d,
      causal, window, how, biasLength, pages, pageStarts, pageSize);
}

extern "C" __global__ void __launch_bounds__(64, 2) hone_attention_forward_128(const float* q, int qStride, const float* k, int kStride,
    const float* v, int vStride, float* out, int outStride, float* lse, const int* queryOffsets, const int* keyOffsets,
    const int* items, int rows, int group, int d, int causal, int window, float scale, float softCap, float dropout,
    long long seed, const long long* streams, const float* bias, int biasLength, const int* pages, const int* pageStarts, int pageSize) {
  Scores how = {scale, softCap, dropout, seed, streams, bias};
  attentionForward<128>(q, qStride, k, kStride, v, vStride, out, outStride, lse, queryOffsets, keyOffsets, items, rows, group, d,
      causal, window, how, biasLength, pages, pageStarts, pageSize);
}

extern "C" __global__ void __launch_bounds__(64, 2) hone_attention_forward_256(const float* q, int qStride, const float* k, int kStride,
    const float* v, int vStride, float* out, int outStride, float* lse, const int* queryOffsets, const int* keyOffsets,
    const int* items, int rows, int group, int d, int causal, int window, float scale, float softCap, float dropout,
    long long seed, const long long* streams, const float* bias, int biasLength, const int* pages, const int* pageStarts, int pageSize) {
  Scores how = {scale, softCap, dropout, seed, streams, bias};
  attentionForward<256>(q, qStride, k, kStride, v, vStride, out, outStride, lse, queryOffsets, keyOffsets, items, rows, group, d,
      causal, window, how, biasLength, pages, pageStarts, pageSize);
}

// delta[head, row] = dOut · out, what the gradients of a row's scores have in common
// grid: x (rows + 7) / 8, y heads, block: 256
extern "C" __global__ void hone_attention_delta(const float* dOut, int dOutStride, const float* out, int outStride, float* delta,
    int rows, int d) {
  int row = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
  float sum = 0;
  for (int i = lane; row < rows && i < d; i += 32) {
    sum = fmaf(dOut[(long long) row * dOutStride + blockIdx.y * d + i], out[(long long) row * outStride + blockIdx.y * d + i], sum);
  }
  sum = warpSum(sum);
  if (lane == 0 && row < rows) {
    delta[(long long) blockIdx.y * rows + row] = sum;
  }
}

// The slope of a score s = scale · q · k by that product, given the score without its bias.
__device__ __forceinline__ float slopeOf(Scores how, float product) {
  if (how.softCap > 0) {
    float t = tanhf(how.scale * product / how.softCap);
    return how.scale * (1.0f - t * t);
  }
  return how.scale;
}

template <int MOST> __device__ __forceinline__ void attentionQueries(const float* q, int qStride, const float* k, int kStride,
    const float* v, int vStride, const float* dOut, int dOutStride, const float* lse, const float* delta, float* dq, int dqStride,
    const int* queryOffsets, const int* keyOffsets, const int* items, int rows, int group, int d, int causal, int window,
    Scores how, int biasLength) {
  DYNAMIC_SHARED(float, room);
  float* queries = room;
  float* slopes = queries + TILE * (d + 1); // dOut
  float* keys = slopes + TILE * (d + 1);
  float* values = keys + TILE * (d + 1);
  float* weights = values + TILE * (d + 1);
  int sequence = items[2 * blockIdx.x], first = items[2 * blockIdx.x + 1], head = blockIdx.y;
  Sequence s = sequenceOf(queryOffsets, keyOffsets, sequence);
  int r = threadIdx.x / 4, part = threadIdx.x % 4;
  int query = first + r, column = head / group * d;
  bool real = query < s.queries;
  how.bias = how.bias ? how.bias + (long long) head * biasLength : how.bias;
  bring(queries, q, qStride, head * d, s.firstRow + first, s.firstRow + s.queries, d);
  bring(slopes, dOut, dOutStride, head * d, s.firstRow + first, s.firstRow + s.queries, d);
  int from = firstKey(s, first, window), end = endKey(s, min(first + TILE, s.queries) - 1, causal, window);
  int ownFrom = firstKey(s, query, window), ownEnd = real ? endKey(s, query, causal, window) : 0;
  long long at = (long long) head * rows + s.firstRow + query;
  float ownLse = real ? lse[at] : 0.0f, ownDelta = real ? delta[at] : 0.0f;
  float sums[MOST / 4];
#pragma unroll
  for (int i = 0; i < MOST / 4; i++) {
    sums[i] = 0;
  }
  for (int key0 = from / TILE * TILE; key0 < end; key0 += TILE) {
    __syncthreads();
    bring(keys, k, kStride, column, s.firstKeyRow + key0, s.firstKeyRow + s.keys, d);
    bring(values, v, vStride, column, s.firstKeyRow + key0, s.firstKeyRow + s.keys, d);
    __syncthreads();
    for (int j = part; j < TILE; j += 4) {
      int key = key0 + j;
      float weight = 0;
      if (key >= ownFrom && key < ownEnd) {
        float product = dot(queries + r * (d + 1), keys + j * (d + 1), d);
        float p = expf(capped(how, product, key) - ownLse);
        float dp = kept(how, sequence, head, s.queries, query, key) * dot(slopes + r * (d + 1), values + j * (d + 1), d);
        weight = p * (dp - ownDelta) * slopeOf(how, product);
      }
      weights[r * (TILE + 1) + j] = weight;
    }
    __syncthreads();
    for (int j = 0; j < TILE; j++) {
      float weight = weights[r * (TILE + 1) + j];
#pragma unroll
      for (int i = 0; i < MOST / 4; i++) {
        if (part + 4 * i < d) {
          sums[i] = fmaf(weight, keys[j * (d + 1) + part + 4 * i], sums[i]);
        }
      }
    }
  }
  if (real) {
#pragma unroll
    for (int i = 0; i < MOST / 4; i++) {
      if (part + 4 * i < d) {
        dq[(long long) (s.firstRow + query) * dqStride + head * d + part + 4 * i] = sums[i];
      }
    }
  }
}

// dq, overwritten, for heads of up to 64, 128 and 256 numbers
// grid: x items (of queries), y heads, block: 64; dynamic shared memory: (64 · (d + 1) + 272) · 4 bytes
extern "C" __global__ void __launch_bounds__(64, 2) hone_attention_dq_64(const float* q, int qStride, const float* k, int kStride,
    const float* v, int vStride, const float* dOut, int dOutStride, const float* lse, const float* delta, float* dq, int dqStride,
    const int* queryOffsets, const int* keyOffsets, const int* items, int rows, int group, int d, int causal, int window,
    float scale, float softCap, float dropout, long long seed, const long long* streams, const float* bias, int biasLength) {
  Scores how = {scale, softCap, dropout, seed, streams, bias};
  attentionQueries<64>(q, qStride, k, kStride, v, vStride, dOut, dOutStride, lse, delta, dq, dqStride, queryOffsets, keyOffsets,
      items, rows, group, d, causal, window, how, biasLength);
}

extern "C" __global__ void __launch_bounds__(64, 2) hone_attention_dq_128(const float* q, int qStride, const float* k, int kStride,
    const float* v, int vStride, const float* dOut, int dOutStride, const float* lse, const float* delta, float* dq, int dqStride,
    const int* queryOffsets, const int* keyOffsets, const int* items, int rows, int group, int d, int causal, int window,
    float scale, float softCap, float dropout, long long seed, const long long* streams, const float* bias, int biasLength) {
  Scores how = {scale, softCap, dropout, seed, streams, bias};
  attentionQueries<128>(q, qStride, k, kStride, v, vStride, dOut, dOutStride, lse, delta, dq, dqStride, queryOffsets, keyOffsets,
      items, rows, group, d, causal, window, how, biasLength);
}

extern "C" __global__ void __launch_bounds__(64, 2) hone_attention_dq_256(const float* q, int qStride, const float* k, int kStride,
    const float* v, int vStride, const float* dOut, int dOutStride, const float* lse, const float* delta, float* dq, int dqStride,
    const int* queryOffsets, const int* keyOffsets, const int* items, int rows, int group, int d, int causal, int window,
    float scale, float softCap, float dropout, long long seed, const long long* streams, const float* bias, int biasLength) {
  Scores how = {scale, softCap, dropout, seed, streams, bias};
  attentionQueries<256>(q, qStride, k, kStride, v, vStride, dOut, dOutStride, lse, delta, dq, dqStride, queryOffsets, keyOffsets,
      items, rows, group, d, causal, window, how, biasLength);
}

template <int MOST> __device__ __forceinline__ void attentionKeys(const float* q, int qStride, const float* k, int kStride,
    const float* v, int vStride, const float* dOut, int dOutStride, const float* lse, const float* delta, float* dk, int dkStride,
    float* dv, int dvStride, const int* queryOffsets, const int* keyOffsets, const int* items, int rows, int group, int d,
    int causal, int window, Scores how, int biasLength) {
  DYNAMIC_SHARED(float, room);
  float* keys = room;
  float* values = keys + TILE * (d + 1);
  float* queries = values + TILE * (d + 1);
  float* slopes = queries + TILE * (d + 1); // dOut
  float* ofKeys = slopes + TILE * (d + 1); // weights of dk, then those of dv
  float* ofValues = ofKeys + TILE * (TILE + 1);
  int sequence = items[2 * blockIdx.x], first = items[2 * blockIdx.x + 1], kvHead = blockIdx.y;
  Sequence s = sequenceOf(queryOffsets, keyOffsets, sequence);
  int r = threadIdx.x / 4, part = threadIdx.x % 4;
  int key = first + r;
  bool real = key < s.keys;
  bring(keys, k, kStride, kvHead * d, s.firstKeyRow + first, s.firstKeyRow + s.keys, d);
  bring(values, v, vStride, kvHead * d, s.firstKeyRow + first, s.firstKeyRow + s.keys, d);
  int from = firstQuery(s, first, causal, window), end = endQuery(s, min(first + TILE, s.keys) - 1, window);
  int ownFrom = firstQuery(s, key, causal, window), ownEnd = real ? endQuery(s, key, window) : 0;
  float keySums[MOST / 4], valueSums[MOST / 4];
#pragma unroll
  for (int i = 0; i < MOST / 4; i++) {
    keySums[i] = valueSums[i] = 0;
  }
  for (int head = kvHead * group; head < (kvHead + 1) * group; head++) {
    Scores own = how;
    own.bias = how.bias ? how.bias + (long long) head * biasLength : how.bias;
    for (int query0 = from / TILE * TILE; query0 < end; query0 += TILE) {
      __syncthreads();
      bring(queries, q, qStride, head * d, s.firstRow + query0, s.firstRow + s.queries, d);
      bring(slopes, dOut, dOutStride, head * d, s.firstRow + query0, s.firstRow + s.queries, d);
      __syncthreads();
      for (int j = part; j < TILE; j += 4) {
        int query = query0 + j;
        float ofKey = 0, ofValue = 0;
        if (query >= ownFrom && query < ownEnd) {
          long long at = (long long) head * rows + s.firstRow + query;
          float product = dot(queries + j * (d + 1), keys + r * (d + 1), d);
          float p = expf(capped(own, product, key) - lse[at]);
          float keep = kept(own, sequence, head, s.queries, query, key);
          float dp = keep * dot(slopes + j * (d + 1), values + r * (d + 1), d);
          ofKey = p * (dp - delta[at]) * slopeOf(own, product);
          ofValue = p * keep;
        }
        ofKeys[r * (TILE + 1) + j] = ofKey;
        ofValues[r * (TILE + 1) + j] = ofValue;
      }
      __syncthreads();
      for (int j = 0; j < TILE; j++) {
        float ofKey = ofKeys[r * (TILE + 1) + j], ofValue = ofValues[r * (TILE + 1) + j];
#pragma unroll
        for (int i = 0; i < MOST / 4; i++) {
          if (part + 4 * i < d) {
            keySums[i] = fmaf(ofKey, queries[j * (d + 1) + part + 4 * i], keySums[i]);
            valueSums[i] = fmaf(ofValue, slopes[j * (d + 1) + part + 4 * i], valueSums[i]);
          }
        }
      }
    }
  }
  if (real) {
    long long row = s.firstKeyRow + key;
#pragma unroll
    for (int i = 0; i < MOST / 4; i++) {
      if (part + 4 * i < d) {
        dk[row * dkStride + kvHead * d + part + 4 * i] = keySums[i];
        dv[row * dvStride + kvHead * d + part + 4 * i] = valueSums[i];
      }
    }
  }
}

// dk and dv, overwritten, for heads of up to 64, 128 and 256 numbers
// grid: x items (of keys), y key heads, block: 64; dynamic shared memory: (64 · (d + 1) + 544) · 4 bytes
extern "C" __global__ void __launch_bounds__(64, 2) hone_attention_dkv_64(const float* q, int qStride, const float* k, int kStride,
    const float* v, int vStride, const float* dOut, int dOutStride, const float* lse, const float* delta, float* dk, int dkStride,
    float* dv, int dvStride, const int* queryOffsets, const int* keyOffsets, const int* items, int rows, int group, int d,
    int causal, int window, float scale, float softCap, float dropout, long long seed, const long long* streams, const float* bias,
    int biasLength) {
  Scores how = {scale, softCap, dropout, seed, streams, bias};
  attentionKeys<64>(q, qStride, k, kStride, v, vStride, dOut, dOutStride, lse, delta, dk, dkStride, dv, dvStride, queryOffsets,
      keyOffsets, items, rows, group, d, causal, window, how, biasLength);
}

extern "C" __global__ void __launch_bounds__(64, 2) hone_attention_dkv_128(const float* q, int qStride, const float* k, int kStride,
    const float* v, int vStride, const float* dOut, int dOutStride, const float* lse, const float* delta, float* dk, int dkStride,
    float* dv, int dvStride, const int* queryOffsets, const int* keyOffsets, const int* items, int rows, int group, int d,
    int causal, int window, float scale, float softCap, float dropout, long long seed, const long long* streams, const float* bias,
    int biasLength) {
  Scores how = {scale, softCap, dropout, seed, streams, bias};
  attentionKeys<128>(q, qStride, k, kStride, v, vStride, dOut, dOutStride, lse, delta, dk, dkStride, dv, dvStride, queryOffsets,
      keyOffsets, items, rows, group, d, causal, window, how, biasLength);
}

extern "C" __global__ void __launch_bounds__(64, 2) hone_attention_dkv_256(const float* q, int qStride, const float* k, int kStride,
    const float* v, int vStride, const float* dOut, int dOutStride, const float* lse, const float* delta, float* dk, int dkStride,
    float* dv, int dvStride, const int* queryOffsets, const int* keyOffsets, const int* items, int rows, int group, int d,
    int causal, int window, float scale, float softCap, float dropout, long long seed, const long long* streams, const float* bias,
    int biasLength) {
  Scores how = {scale, softCap, dropout, seed, streams, bias};
  attentionKeys<256>(q, qStride, k, kStride, v, vStride, dOut, dOutStride, lse, delta, dk, dkStride, dv, dvStride, queryOffsets,
      keyOffsets, items, rows, group, d, causal, window, how, biasLength);
}

// Rotates the pairs (i, i + half) of each head, or (2 · i, 2 · i + 1) if neighbours, by the angle of the row's position, backwards where
// sign is -1; what is behind 2 · half is copied. cos, sin: [positions, half]. y may be x. n = rows · heads · (headDim - half)
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_rotate(const float* x, int xStride, int heads, int headDim, int half, const float* cos,
    const float* sin, const int* positions, float sign, int neighbours, float* y, int yStride, long long n) {
  long long item = globalIndex();
  if (item >= n) {
    return;
  }
  int items = headDim - half; // of a head: pairs, then single numbers
  int i = (int) (item % items), head = (int) (item / items % heads);
  long long row = item / items / heads;
  const float* from = x + row * xStride + (long long) head * headDim;
  float* to = y + row * yStride + (long long) head * headDim;
  if (i >= half) {
    to[i + half] = from[i + half];
    return;
  }
  int first = neighbours ? 2 * i : i, second = neighbours ? 2 * i + 1 : i + half;
  float a = from[first], b = from[second];
  float c = cos[(long long) positions[row] * half + i], s = sign * sin[(long long) positions[row] * half + i];
  to[first] = a * c - b * s;
  to[second] = b * c + a * s;
}
