// Moving rows and axes, and stored numbers.

enum { F64, F32, F16, BF16 }; // as DType

__device__ __forceinline__ float stored(const void* x, int type, long long i) {
  switch (type) {
    case F64: return (float) ((const double*) x)[i];
    case F16: return fromF16(((const u16*) x)[i]);
    case BF16: return fromBf16(((const u16*) x)[i]);
    default: return ((const float*) x)[i];
  }
}

// y = x, of a float type, in F32
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_widen(const void* x, int type, float* y, long long n) {
  long long i = globalIndex();
  if (i < n) {
    y[i] = stored(x, type, i);
  }
}

// y = x, of a float type, in BF16
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_narrow(const void* x, int type, u16* y, long long n) {
  long long i = globalIndex();
  if (i < n) {
    y[i] = toBf16(stored(x, type, i));
  }
}

// y[i] = scale · table[rows[i]], rows of c numbers of a float type; row -1 gives zeros; n = number of rows · c
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_rows(const void* table, int type, const int* rows, float scale, float* y, int c, long long n) {
  long long i = globalIndex();
  if (i < n) {
    int row = rows[i / c];
    y[i] = row < 0 ? 0.0f : scale * stored(table, type, (long long) row * c + i % c);
  }
}

// table[targets[k]] += scale · dy[order[j]] for j from starts[k] to starts[k + 1] - 1, one after the other: targets are different
// rows, order has the rows of dy that go there, rising. scale is multiplied by factor[0] where factor is not null.
// grid: x number of targets, y (c + 127) / 128, block: 128
extern "C" __global__ void hone_add_rows(const float* dy, const int* targets, const int* starts, const int* order, float scale,
    const float* factor, float* table, int c) {
  int column = blockIdx.y * blockDim.x + threadIdx.x;
  if (column >= c) {
    return;
  }
  float by = factor ? scale * factor[0] : scale;
  float* target = table + (long long) targets[blockIdx.x] * c + column;
  float sum = *target;
  for (int j = starts[blockIdx.x]; j < starts[blockIdx.x + 1]; j++) {
    sum += by * dy[(long long) order[j] * c + column];
  }
  *target = sum;
}

// y = x with its axes in another order. way: the sizes of y's axes, then the distances along them in x, `axes` numbers each.
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_permute(const float* x, float* y, long long n, int axes, const int* way) {
  long long i = globalIndex();
  if (i < n) {
    long long rest = i, from = 0;
    for (int axis = axes - 1; axis >= 0; axis--) {
      from += rest % way[axis] * way[axes + axis];
      rest /= way[axis];
    }
    y[i] = x[from];
  }
}

// target[o · targetStride + j] (+)= source[o · sourceStride + j] for j < run; n = outer · run
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_copy_block(const float* source, long long sourceStride, float* target, long long targetStride,
    long long run, int accumulate, long long n) {
  long long i = globalIndex();
  if (i < n) {
    float value = source[i / run * sourceStride + i % run];
    long long at = i / run * targetStride + i % run;
    target[at] = accumulate ? target[at] + value : value;
  }
}

// target[rows[i]] = source[i], rows of `width` numbers; those of the source lie `stride` apart; n = number of rows · width
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_store_rows(const float* source, int stride, const int* rows, float* target, int width,
    long long n) {
  long long i = globalIndex();
  if (i < n) {
    target[(long long) rows[i / width] * width + i % width] = source[i / width * stride + i % width];
  }
}
