// Steps of optimisers, one pass over memory.

__device__ __forceinline__ void adamW(float* p, float g, float* m, float* v, float gradientScale, float keep, float beta1,
    float beta2, float rest1, float rest2, float stepSize, float rootScale, float eps) {
  float gradient = gradientScale * g;
  float first = beta1 * *m + rest1 * gradient;
  float second = beta2 * *v + rest2 * gradient * gradient;
  *m = first;
  *v = second;
  *p = keep * *p - stepSize * first / (sqrtf(second) * rootScale + eps);
}

// AdamW: keep = 1 - lr · decay, rest = 1 - beta, stepSize = lr / (1 - beta1^step), rootScale = 1 / √(1 - beta2^step)
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_adamw(float* p, const float* g, float* m, float* v, long long n, float gradientScale, float keep,
    float beta1, float beta2, float rest1, float rest2, float stepSize, float rootScale, float eps) {
  long long i = globalIndex();
  if (i < n) {
    adamW(p + i, g[i], m + i, v + i, gradientScale, keep, beta1, beta2, rest1, rest2, stepSize, rootScale, eps);
  }
}

// The same where the gradient has only `count` rows of c numbers, whose numbers `rows` rise; it is zero in the others.
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_adamw_rows(float* p, const float* g, const int* rows, int count, int c, float* m, float* v,
    long long n, float gradientScale, float keep, float beta1, float beta2, float rest1, float rest2, float stepSize,
    float rootScale, float eps) {
  long long i = globalIndex();
  if (i >= n) {
    return;
  }
  int row = (int) (i / c);
  int low = 0, high = count; // the first of `rows` that is not below row
  while (low < high) {
    int middle = (low + high) / 2;
    if (rows[middle] < row) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  float gradient = low < count && rows[low] == row ? g[(long long) low * c + i % c] : 0.0f;
  adamW(p + i, gradient, m + i, v + i, gradientScale, keep, beta1, beta2, rest1, rest2, stepSize, rootScale, eps);
}

// mean += (1 - keep) · (p - mean)
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_average(const float* p, float keep, float* mean, long long n) {
  long long i = globalIndex();
  if (i < n) {
    mean[i] += (1.0f - keep) * (p[i] - mean[i]);
  }
}
