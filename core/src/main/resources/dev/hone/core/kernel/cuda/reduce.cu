// Reductions. Sums are taken in an order that the sizes alone decide; float64 where many numbers meet.

// Sums of parts of rows: y[row, part] (+)= scale · Σ x[row, part · partLength ...]; one part is the whole row.
// grid: x rows, y parts = (length + partLength - 1) / partLength, block: 256
extern "C" __global__ void hone_sum_rows(const float* x, int length, int partLength, float scale, int accumulate, float* y) {
  __shared__ double room[33];
  const float* row = x + (long long) blockIdx.x * length;
  int end = min(length, (int) (blockIdx.y + 1) * partLength);
  double sum = 0;
  for (int i = blockIdx.y * partLength + threadIdx.x; i < end; i += blockDim.x) {
    sum += row[i];
  }
  sum = blockSum(sum, room);
  if (threadIdx.x == 0) {
    long long at = (long long) blockIdx.x * gridDim.y + blockIdx.y;
    float scaled = (float) (scale * sum);
    y[at] = accumulate ? y[at] + scaled : scaled;
  }
}

// Sums over the middle axis of [outer, length, inner], in parts: y[outer, part, inner] (+)= scale · Σ.
// grid: x (inner + 31) / 32, y parts = (length + partLength - 1) / partLength, z outer, block: 256
extern "C" __global__ void hone_sum_columns(const float* x, int length, int inner, int partLength, float scale, int accumulate,
    float* y) {
  __shared__ double room[8][32];
  int lane = threadIdx.x % 32, line = threadIdx.x / 32;
  int column = blockIdx.x * 32 + lane;
  int end = min(length, (int) (blockIdx.y + 1) * partLength);
  double sum = 0;
  if (column < inner) {
    for (int row = blockIdx.y * partLength + line; row < end; row += 8) {
      sum += x[((long long) blockIdx.z * length + row) * inner + column];
    }
  }
  room[line][lane] = sum;
  __syncthreads();
  if (line == 0 && column < inner) {
    for (int i = 1; i < 8; i++) {
      sum += room[i][lane];
    }
    long long at = ((long long) blockIdx.z * gridDim.y + blockIdx.y) * inner + column;
    float scaled = (float) (scale * sum);
    y[at] = accumulate ? y[at] + scaled : scaled;
  }
}

// Whether (a, at) comes before (b, bt): NaN first, then the larger, then the earlier.
__device__ __forceinline__ bool beats(float a, int at, float b, int bt) {
  bool aNan = a != a, bNan = b != b;
  return aNan != bNan ? aNan : !aNan && a != b ? a > b : at < bt;
}

// y = the first maximum of each row, or its first NaN; index where indices is not null. length > 0
// grid: rows, block: 128
extern "C" __global__ void hone_max_rows(const float* x, int length, float* y, int* indices) {
  __shared__ float values[128];
  __shared__ int places[128];
  const float* row = x + (long long) blockIdx.x * length;
  float best = -INFINITE;
  int at = 0x7fffffff;
  for (int i = threadIdx.x; i < length; i += 128) {
    if (beats(row[i], i, best, at)) {
      best = row[i];
      at = i;
    }
  }
  values[threadIdx.x] = best;
  places[threadIdx.x] = at;
  __syncthreads();
  for (int half = 64; half > 0; half >>= 1) {
    if (threadIdx.x < half && beats(values[threadIdx.x + half], places[threadIdx.x + half], best, at)) {
      best = values[threadIdx.x] = values[threadIdx.x + half];
      at = places[threadIdx.x] = places[threadIdx.x + half];
    }
    __syncthreads();
  }
  if (threadIdx.x == 0) {
    y[blockIdx.x] = best;
    if (indices) {
      indices[blockIdx.x] = at;
    }
  }
}

// The same over the middle axis of [outer, length, inner]; n = outer · inner.
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_max_columns(const float* x, int length, int inner, float* y, int* indices, long long n) {
  long long i = globalIndex();
  if (i >= n) {
    return;
  }
  const float* first = x + i / inner * length * inner + i % inner;
  float best = first[0];
  int at = 0;
  for (int j = 1; j < length; j++) {
    float value = first[(long long) j * inner];
    if (beats(value, j, best, at)) {
      best = value;
      at = j;
    }
  }
  y[i] = best;
  if (indices) {
    indices[i] = at;
  }
}

// Running sums along the middle axis of [outer, length, inner], from the end if reverse; n = outer · inner.
// grid: (n + 127) / 128, block: 128
extern "C" __global__ void hone_cumulative_sum(const float* x, int length, int inner, int reverse, float* y, long long n) {
  long long i = globalIndex();
  if (i >= n) {
    return;
  }
  long long first = i / inner * length * inner + i % inner;
  double sum = 0;
  for (int j = 0; j < length; j++) {
    long long at = first + (long long) (reverse ? length - 1 - j : j) * inner;
    sum += x[at];
    y[at] = (float) sum;
  }
}

// sums[block] = Σ x² over partLength elements
// grid: parts = (n + partLength - 1) / partLength, block: 256
extern "C" __global__ void hone_sum_of_squares(const float* x, long long n, int partLength, double* sums) {
  __shared__ double room[33];
  long long first = (long long) blockIdx.x * partLength;
  long long end = min(n, first + partLength);
  double sum = 0;
  for (long long i = first + threadIdx.x; i < end; i += blockDim.x) {
    sum += (double) x[i] * x[i];
  }
  sum = blockSum(sum, room);
  if (threadIdx.x == 0) {
    sums[blockIdx.x] = sum;
  }
}

// totals[k] = Σ sums[starts[k] .. starts[k + 1])
// grid: number of totals, block: 256
extern "C" __global__ void hone_sum_doubles(const double* sums, const int* starts, double* totals) {
  __shared__ double room[33];
  double sum = 0;
  for (int i = starts[blockIdx.x] + threadIdx.x; i < starts[blockIdx.x + 1]; i += blockDim.x) {
    sum += sums[i];
  }
  sum = blockSum(sum, room);
  if (threadIdx.x == 0) {
    totals[blockIdx.x] = sum;
  }
}

__device__ __forceinline__ float rowMax(const float* row, int length, float* room) {
  float most = -INFINITE;
  for (int i = threadIdx.x; i < length; i += blockDim.x) {
    most = fmaxf(most, row[i]);
  }
  return blockMax(most, room);
}

__device__ __forceinline__ float rowSumOfExp(const float* row, int length, float shift, float* room) {
  float sum = 0;
  for (int i = threadIdx.x; i < length; i += blockDim.x) {
    sum += expf(row[i] - shift);
  }
  return blockSum(sum, room);
}

// y = softmax of each row of x, or its logarithm
// grid: rows, block: 256
extern "C" __global__ void hone_softmax(const float* x, int logarithm, float* y, int length) {
  __shared__ float room[33];
  const float* in = x + (long long) blockIdx.x * length;
  float* out = y + (long long) blockIdx.x * length;
  float most = rowMax(in, length, room);
  float sum = rowSumOfExp(in, length, most, room);
  if (logarithm) {
    float log = logf(sum);
    for (int i = threadIdx.x; i < length; i += blockDim.x) {
      out[i] = in[i] - most - log; // most first: exact where x is large
    }
  } else {
    float factor = 1.0f / sum;
    for (int i = threadIdx.x; i < length; i += blockDim.x) {
      out[i] = expf(in[i] - most) * factor;
    }
  }
}

// dx (+)= the gradient of softmax from its result y
// grid: rows, block: 256
extern "C" __global__ void hone_softmax_backward(const float* y, int logarithm, const float* dy, int accumulate, float* dx,
    int length) {
  __shared__ float room[33];
  long long first = (long long) blockIdx.x * length;
  float sum = 0;
  for (int i = threadIdx.x; i < length; i += blockDim.x) {
    sum += logarithm ? dy[first + i] : y[first + i] * dy[first + i];
  }
  sum = blockSum(sum, room);
  for (int i = threadIdx.x; i < length; i += blockDim.x) {
    float value = y[first + i];
    float gradient = logarithm ? dy[first + i] - expf(value) * sum : value * (dy[first + i] - sum);
    dx[first + i] = accumulate ? dx[first + i] + gradient : gradient;
  }
}

// y[row] = log Σ e^x
// grid: rows, block: 256
extern "C" __global__ void hone_log_sum_exp(const float* x, float* y, int length) {
  __shared__ float room[33];
  const float* in = x + (long long) blockIdx.x * length;
  float most = rowMax(in, length, room);
  float sum = rowSumOfExp(in, length, most, room);
  if (threadIdx.x == 0) {
    y[blockIdx.x] = most == -INFINITE ? most : most + logf(sum); // only -∞, or nothing
  }
}
