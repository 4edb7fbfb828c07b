// Operations that treat every element alone. Of each grid: (n + 255) / 256 blocks of 256 threads, unless an entry says otherwise.
// Targets may be operands.

enum { NEG, ABS, EXP, LOG, SQRT, RSQRT, POW, CLAMP, AFFINE }; // as ElementwiseKernels.Unary
enum { ADD, SUB, MUL, DIV }; // as ElementwiseKernels.Binary

__device__ __forceinline__ float unaryValue(int f, float p, float q, float x) {
  switch (f) {
    case NEG: return -x;
    case ABS: return fabsf(x);
    case EXP: return expf(x);
    case LOG: return logf(x);
    case SQRT: return sqrtf(x);
    case RSQRT: return 1.0f / sqrtf(x);
    case POW: return powf(x, p);
    case CLAMP: return x < p ? p : x > q ? q : x;
    default: return p * x + q;
  }
}

__device__ __forceinline__ float unarySlope(int f, float p, float q, float x) {
  switch (f) {
    case NEG: return -1.0f;
    case ABS: return x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f;
    case EXP: return expf(x);
    case LOG: return 1.0f / x;
    case SQRT: return 0.5f / sqrtf(x);
    case RSQRT: return -0.5f / (x * sqrtf(x));
    case POW: return p == 0 ? 0.0f : p * powf(x, p - 1.0f); // 0 · x^-1 would be NaN at 0
    case CLAMP: return x >= p && x <= q ? 1.0f : 0.0f;
    default: return p;
  }
}

__device__ __forceinline__ float binaryValue(int f, float a, float b) {
  return f == ADD ? a + b : f == SUB ? a - b : f == MUL ? a * b : a / b;
}

// y = f(x) with parameters p and q
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_unary(int f, float p, float q, const float* x, float* y, long long n) {
  long long i = globalIndex();
  if (i < n) {
    y[i] = unaryValue(f, p, q, x[i]);
  }
}

// dx (+)= dy · f'(x)
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_unary_backward(int f, float p, float q, const float* x, const float* dy, int accumulate,
    float* dx, long long n) {
  long long i = globalIndex();
  if (i < n) {
    float gradient = dy[i] * unarySlope(f, p, q, x[i]);
    dx[i] = accumulate ? dx[i] + gradient : gradient;
  }
}

// y = activation(x)
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_activation(int activation, const float* x, float* y, long long n) {
  long long i = globalIndex();
  if (i < n) {
    y[i] = activate(activation, x[i]);
  }
}

// dx (+)= dy · activation'(x)
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_activation_backward(int activation, const float* x, const float* dy, int accumulate, float* dx,
    long long n) {
  long long i = globalIndex();
  if (i < n) {
    float gradient = dy[i] * activationSlope(activation, x[i]);
    dx[i] = accumulate ? dx[i] + gradient : gradient;
  }
}

// y = a ∘ b, equal shapes
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_binary(int f, const float* a, const float* b, float* y, long long n) {
  long long i = globalIndex();
  if (i < n) {
    y[i] = binaryValue(f, a[i], b[i]);
  }
}

// y = a ∘ b where operands repeat. way: the sizes of y's axes, then the distances along them in a, then in b, `axes` numbers each;
// 0 where an operand repeats.
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_binary_broadcast(int f, const float* a, const float* b, float* y, long long n, int axes,
    const int* way) {
  long long i = globalIndex();
  if (i < n) {
    long long rest = i, left = 0, right = 0;
    for (int axis = axes - 1; axis >= 0; axis--) {
      long long at = rest % way[axis];
      rest /= way[axis];
      left += at * way[axes + axis];
      right += at * way[2 * axes + axis];
    }
    y[i] = binaryValue(f, a[left], b[right]);
  }
}

// y += scale · x
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_add_scaled(float scale, const float* x, float* y, long long n) {
  long long i = globalIndex();
  if (i < n) {
    y[i] += scale * x[i];
  }
}

// y (+)= factor[0] · x
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_scale(const float* factor, const float* x, int accumulate, float* y, long long n) {
  long long i = globalIndex();
  if (i < n) {
    float scaled = factor[0] * x[i];
    y[i] = accumulate ? y[i] + scaled : scaled;
  }
}

// y[i] = low + (high - low) · uniform(i)
// grid: (n + 1023) / 1024, block: 256; a thread writes 4 elements
extern "C" __global__ void hone_uniform(long long seed, long long stream, float low, float high, float* y, long long n) {
  long long first = 4 * globalIndex();
  if (first >= n) {
    return;
  }
  PhiloxBlock bits = philox(seed, stream, (u64) first >> 2);
  for (int k = 0; k < 4 && first + k < n; k++) {
    double share = (double) (bits.word[k] >> 8) * 5.9604644775390625e-8; // 2^-24
    y[first + k] = (float) __dadd_rn((double) low, __dmul_rn((double) (high - low), share));
  }
}

// y = mask ? a : b; mask of bytes 0 or 1
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_where(const unsigned char* mask, const float* a, const float* b, float* y, long long n) {
  long long i = globalIndex();
  if (i < n) {
    y[i] = mask[i] ? a[i] : b[i];
  }
}

// y = activation(gate) · up, rows of `width` numbers that lie `...Stride` apart; n = rows · width
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_gated(int activation, const float* gate, int gateStride, const float* up, int upStride, float* y,
    int yStride, int width, long long n) {
  long long i = globalIndex();
  if (i < n) {
    long long row = i / width, column = i % width;
    y[row * yStride + column] = activate(activation, gate[row * gateStride + column]) * up[row * upStride + column];
  }
}

// dGate = dy · up · activation'(gate), dUp = dy · activation(gate)
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_gated_backward(int activation, const float* gate, int gateStride, const float* up, int upStride,
    const float* dy, int dyStride, float* dGate, int dGateStride, float* dUp, int dUpStride, int width, long long n) {
  long long i = globalIndex();
  if (i < n) {
    long long row = i / width, column = i % width;
    float g = gate[row * gateStride + column];
    float u = up[row * upStride + column];
    float d = dy[row * dyStride + column];
    dGate[row * dGateStride + column] = d * u * activationSlope(activation, g);
    dUp[row * dUpStride + column] = d * activate(activation, g);
  }
}

// y (+)= uniform(i) >= p ? x / (1 - p) : 0
// grid: (n + 1023) / 1024, block: 256; a thread writes 4 elements
extern "C" __global__ void hone_dropout(float p, long long seed, long long stream, const float* x, int accumulate, float* y,
    long long n) {
  long long first = 4 * globalIndex();
  if (first >= n) {
    return;
  }
  float scale = 1.0f / (1.0f - p);
  PhiloxBlock bits = philox(seed, stream, (u64) first >> 2);
  for (int k = 0; k < 4 && first + k < n; k++) {
    float kept = toUniform(bits.word[k]) >= p ? x[first + k] * scale : 0.0f;
    y[first + k] = accumulate ? y[first + k] + kept : kept;
  }
}
