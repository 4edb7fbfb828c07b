// Steps of optimisers, one pass over memory.

// Numbered as the enum ElementRule, where each rule and the numbers c that it takes are written down.
enum { ADAMW, ADAM, AMSGRAD, ADAMAX, ADADELTA, ADAGRAD, LION, NADAM, RMSPROP, SGD, MOMENTUM, ALONG, FOLLOW };

__device__ __forceinline__ float decayed(float keep, float old, float rest, float x) {
  return keep * old + rest * x;
}

// Adam and its relatives, from beta1 on: what divides is √b, or √c of AMSGrad.
__device__ __forceinline__ void adam(const float* c, float keep, float x, float* p, float* a, float* b, float* top) {
  *a = decayed(c[0], *a, c[2], x);
  *b = decayed(c[1], *b, c[3] * x, x);
  float square = *b;
  if (top) {
    square = *top = square > *top || square != square ? square : *top;
  }
  *p = keep * *p - c[4] * *a / (sqrtf(square) * c[5] + c[6]);
}

__device__ __forceinline__ void adamax(const float* c, float x, float* p, float* a, float* b) {
  *a = decayed(c[2], *a, c[4], x);
  float faded = c[3] * *b, now = fabsf(x) + c[6];
  *b = faded > now || faded != faded ? faded : now;
  *p -= c[5] * *a / *b;
}

__device__ __forceinline__ void adadelta(const float* c, float x, float* p, float* a, float* b) {
  *a = decayed(c[2], *a, c[3] * x, x);
  float delta = sqrtf(*b + c[5]) / sqrtf(*a + c[5]) * x;
  *b = decayed(c[2], *b, c[3] * delta, delta);
  *p -= c[4] * delta;
}

__device__ __forceinline__ void adagrad(const float* c, float x, float* p, float* a) {
  *a += x * x;
  *p -= c[2] * x / (sqrtf(*a) + c[3]);
}

__device__ __forceinline__ void lion(const float* c, float x, float* p, float* a) {
  float direction = decayed(c[2], *a, c[4], x);
  float sign = direction > 0 ? 1.0f : direction < 0 ? -1.0f : direction;
  *p = c[1] * *p - c[6] * sign;
  *a = decayed(c[3], *a, c[5], x);
}

__device__ __forceinline__ void nadam(const float* c, float x, float* p, float* a, float* b) {
  *a = decayed(c[3], *a, c[5], x);
  *b = decayed(c[4], *b, c[6] * x, x);
  *p = c[2] * *p - (c[7] * x + c[8] * *a) / (sqrtf(*b) * c[9] + c[10]);
}

__device__ __forceinline__ void rmsprop(const float* c, float x, float* p, float* a, float* b, float* sum) {
  *a = decayed(c[2], *a, c[3] * x, x);
  float around = 0;
  if (b) {
    around = *b = decayed(c[2], *b, c[3], x);
  }
  float step = x / (sqrtf(*a - around * around) + c[6]);
  if (sum) {
    step = *sum = c[4] * *sum + step;
  }
  *p -= c[5] * step;
}

__device__ __forceinline__ void descend(const float* c, float x, float* p, float* a) {
  if (!a) {
    *p -= c[2] * x;
    return;
  }
  *a = decayed(c[3], *a, c[4], x);
  *p -= c[2] * (c[5] * x + c[6] * *a);
}

__device__ __forceinline__ void momentum(const float* c, float x, float* p, float* a) {
  *a = decayed(c[1], *a, c[2], x);
  *p = c[3] * x + c[4] * *a;
}

__device__ __forceinline__ void follow(const float* c, float g, float* p, float* a) {
  *a += c[2] * (c[1] * g - *a);
  *p = c[0] * *p - *a;
}

// One element, whose states are at a, b and top, as far as the rule has them.
__device__ __forceinline__ void moveElement(int rule, const float* c, float g, float* p, float* a, float* b, float* top) {
  float x = c[0] * g;
  float joined = x + c[1] * *p;
  switch (rule) {
    case ADAMW: adam(c + 2, c[1], x, p, a, b, 0); break;
    case ADAM: case AMSGRAD: adam(c + 3, c[2], joined, p, a, b, top); break;
    case ADAMAX: adamax(c, joined, p, a, b); break;
    case ADADELTA: adadelta(c, joined, p, a, b); break;
    case ADAGRAD: adagrad(c, joined, p, a); break;
    case LION: lion(c, x, p, a); break;
    case NADAM: nadam(c, joined, p, a, b); break;
    case RMSPROP: rmsprop(c, joined, p, a, b, top); break;
    case SGD: descend(c, joined, p, a); break;
    case MOMENTUM: momentum(c, x, p, a); break;
    case ALONG: *p = c[0] * *p - c[1] * g; break;
    case FOLLOW: follow(c, g, p, a); break;
  }
}

// Where the gradient of a row is among those that are given, which rise; -1 if it is zero.
__device__ __forceinline__ int givenRow(const int* rows, int count, int row) {
  int low = 0, high = count; // the first of `rows` that is not below row
  while (low < high) {
    int middle = (low + high) / 2;
    if (rows[middle] < row) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < count && rows[low] == row ? low : -1;
}

// All tensors that move by one rule. Of each of `count`: 5 pointers, p, g and the states a, b and top, null where there is none; 5
// sizes, its elements, its first block of 1024 elements, the first of the rows that g has, how many (-1: all), their width; 12
// numbers.
// grid: blocks of all tensors, block: 256
extern "C" __global__ void hone_step(int rule, float* const* tensors, const long long* sizes, const int* rows,
    const float* numbers, int count) {
  int low = 0, high = count; // the last tensor that begins no later than this block
  while (high - low > 1) {
    int middle = (low + high) / 2;
    if (sizes[5 * middle + 1] <= blockIdx.x) {
      low = middle;
    } else {
      high = middle;
    }
  }
  float* const* t = tensors + 5 * low;
  const long long* size = sizes + 5 * low;
  long long first = (blockIdx.x - size[1]) * 1024;
  long long end = min(size[0], first + 1024);
  for (long long i = first + threadIdx.x; i < end; i += blockDim.x) {
    float g;
    if (size[3] < 0) {
      g = t[1][i];
    } else {
      int row = givenRow(rows + size[2], (int) size[3], (int) (i / size[4]));
      g = row < 0 ? 0.0f : t[1][row * size[4] + i % size[4]];
    }
    moveElement(rule, numbers + 12 * low, g, t[0] + i, t[2] ? t[2] + i : 0, t[3] ? t[3] + i : 0, t[4] ? t[4] + i : 0);
  }
}

// The number of the value that is nearest to x: `table` has 256 values, then the 255 bounds between them.
__device__ __forceinline__ int nearestByte(const float* table, float x) {
  int low = 0, high = 255;
  while (low < high) {
    int middle = (low + high) / 2;
    if (x > table[256 + middle]) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// AdamW with means in bytes, whose blocks of 256 elements share a scale; c: the numbers of ADAMW.
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_adamw_8bit(float* p, const float* g, unsigned char* first, float* firstScale,
    unsigned char* second, float* secondScale, long long n, const float* c, const float* firstTable, const float* secondTable) {
  __shared__ float room[33];
  long long i = globalIndex();
  float m = 0, v = 0;
  if (i < n) {
    m = firstScale[blockIdx.x] * firstTable[first[i]];
    v = secondScale[blockIdx.x] * secondTable[second[i]];
    adam(c + 2, c[1], c[0] * g[i], p + i, &m, &v, 0);
  }
  float largest = blockMax(fabsf(m), room);
  float most = blockMax(fabsf(v), room);
  if (i < n) {
    first[i] = (unsigned char) nearestByte(firstTable, m * (largest > 0 ? 1.0f / largest : 0.0f));
    int code = nearestByte(secondTable, v * (most > 0 ? 1.0f / most : 0.0f));
    second[i] = (unsigned char) (v == 0 ? code : max(1, code)); // what is not zero must not divide as zero
  }
  if (threadIdx.x == 0) {
    firstScale[blockIdx.x] = largest;
    secondScale[blockIdx.x] = most;
  }
}

__device__ __forceinline__ double flooredSquare(float scale, float g, double floor) {
  double x = scale * g;
  return x * x + floor;
}

// Adafactor's mean of the squares of each row takes in a share of those of this step.
// grid: rows, block: 256
extern "C" __global__ void hone_row_squares(const float* g, float scale, double share, double floor, float* row, int columns) {
  __shared__ double room[33];
  const float* from = g + (long long) blockIdx.x * columns;
  double sum = 0;
  for (int i = threadIdx.x; i < columns; i += blockDim.x) {
    sum += flooredSquare(scale, from[i], floor);
  }
  sum = blockSum(sum, room);
  if (threadIdx.x == 0) {
    float old = row[blockIdx.x];
    row[blockIdx.x] = old + (float) (share * (sum / columns - old));
  }
}

// The same of each column.
// grid: (columns + 31) / 32, block: 256
extern "C" __global__ void hone_column_squares(const float* g, float scale, double share, double floor, float* column, int rows,
    int columns) {
  __shared__ double room[8][32];
  int lane = threadIdx.x % 32, line = threadIdx.x / 32;
  int at = blockIdx.x * 32 + lane;
  double sum = 0;
  if (at < columns) {
    for (int r = line; r < rows; r += 8) {
      sum += flooredSquare(scale, g[(long long) r * columns + at], floor);
    }
  }
  room[line][lane] = sum;
  __syncthreads();
  if (line == 0 && at < columns) {
    for (int i = 1; i < 8; i++) {
      sum += room[i][lane];
    }
    float old = column[at];
    column[at] = old + (float) (share * (sum / rows - old));
  }
}

// grid: 1, block: 256
extern "C" __global__ void hone_mean_of_rows(const float* row, int rows, double* mean) {
  __shared__ double room[33];
  double sum = 0;
  for (int i = threadIdx.x; i < rows; i += blockDim.x) {
    sum += row[i];
  }
  sum = blockSum(sum, room);
  if (threadIdx.x == 0) {
    mean[0] = sum / rows;
  }
}

// u = scale · g / √max(least, row · column / max(leastMean, mean))
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_factored(const float* g, float scale, const float* row, const float* column, const double* mean,
    double leastMean, double least, float* u, int columns, long long n) {
  long long i = globalIndex();
  if (i < n) {
    double factor = row[i / columns] / fmax(leastMean, mean[0]);
    u[i] = (float) (scale * g[i] / sqrt(fmax(least, factor * column[i % columns])));
  }
}

// The mean of the squares of each element takes in a share of this step's; u = scale · g / √max(least, mean)
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_element_squares(const float* g, float scale, double share, double floor, double least,
    float* mean, float* u, long long n) {
  long long i = globalIndex();
  if (i < n) {
    float old = mean[i];
    float now = old + (float) (share * (flooredSquare(scale, g[i], floor) - old));
    mean[i] = now;
    u[i] = (float) (scale * g[i] / sqrt(fmax(least, (double) now)));
  }
}

// mean += (1 - keep) · (p - mean)
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_average(const float* p, float keep, float* mean, long long n) {
  long long i = globalIndex();
  if (i < n) {
    mean[i] += (1.0f - keep) * (p[i] - mean[i]);
  }
}
