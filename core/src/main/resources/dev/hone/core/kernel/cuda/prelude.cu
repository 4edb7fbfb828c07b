// What the kernels have in common. Stands before the source of each family: kernels include nothing.
// Sums go through blockSum in an order that the sizes alone decide; nothing is added by atomic operations.

#ifndef HONE_EMULATED // what the emulated driver's compiler has of its own
#define DYNAMIC_SHARED(type, name) extern __shared__ type name[]
#define HONE_PTX 1
#endif

typedef unsigned long long u64;
typedef unsigned short u16;

#define ALL_LANES 0xffffffffu
#define INFINITE __int_as_float(0x7f800000)

// The number of the thread in the whole grid of one dimension.
__device__ __forceinline__ long long globalIndex() {
  return (long long) blockIdx.x * blockDim.x + threadIdx.x;
}

template <class T> __device__ __forceinline__ T warpSum(T x) {
  for (int lanes = 16; lanes > 0; lanes >>= 1) {
    x += __shfl_xor_sync(ALL_LANES, x, lanes);
  }
  return x;
}

__device__ __forceinline__ float warpMax(float x) {
  for (int lanes = 16; lanes > 0; lanes >>= 1) {
    x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, lanes));
  }
  return x;
}

// The sum over a block, for every thread; all threads must come here. Up to 1024 threads, a multiple of 32.
template <class T> __device__ __forceinline__ T blockSum(T x, T* room) { // room for 33
  int warps = blockDim.x / 32;
  x = warpSum(x);
  if (threadIdx.x % 32 == 0) {
    room[threadIdx.x / 32] = x;
  }
  __syncthreads();
  if (threadIdx.x < 32) {
    T sum = warpSum(threadIdx.x < warps ? room[threadIdx.x] : (T) 0);
    if (threadIdx.x == 0) {
      room[32] = sum;
    }
  }
  __syncthreads();
  T sum = room[32];
  __syncthreads();
  return sum;
}

__device__ __forceinline__ float blockMax(float x, float* room) { // room for 33
  int warps = blockDim.x / 32;
  x = warpMax(x);
  if (threadIdx.x % 32 == 0) {
    room[threadIdx.x / 32] = x;
  }
  __syncthreads();
  if (threadIdx.x < 32) {
    float most = warpMax(threadIdx.x < warps ? room[threadIdx.x] : -INFINITE);
    if (threadIdx.x == 0) {
      room[32] = most;
    }
  }
  __syncthreads();
  float most = room[32];
  __syncthreads();
  return most;
}

// Numbers of 16 bits.
__device__ __forceinline__ float fromBf16(u16 x) {
  return __uint_as_float((unsigned) x << 16);
}

__device__ __forceinline__ u16 toBf16(float x) { // to nearest, ties to even
  unsigned bits = __float_as_uint(x);
  return x != x ? (u16) (bits >> 16 | 0x40) : (u16) ((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

__device__ __forceinline__ float fromF16(u16 x) {
  unsigned exponent = x >> 10 & 31u, mantissa = x & 1023u, sign = (unsigned) (x >> 15) << 31;
  if (exponent == 31) {
    return __uint_as_float(sign | 0x7f800000u | mantissa << 13);
  }
  if (exponent == 0) {
    float small = (float) mantissa * 5.9604644775390625e-8f; // 2^-24
    return sign ? -small : small;
  }
  return __uint_as_float(sign | exponent + 112u << 23 | mantissa << 13);
}

// Philox 4x32-10, element by element as the CPU draws: lane index % 4 of the block with counter index / 4.
struct PhiloxBlock {
  unsigned word[4];
};

__device__ __forceinline__ PhiloxBlock philox(long long seed, long long stream, u64 counter) {
  unsigned c0 = (unsigned) counter, c1 = (unsigned) (counter >> 32);
  unsigned c2 = (unsigned) (u64) stream, c3 = (unsigned) ((u64) stream >> 32);
  unsigned k0 = (unsigned) (u64) seed, k1 = (unsigned) ((u64) seed >> 32);
#pragma unroll
  for (int round = 0; round < 10; round++) {
    unsigned high0 = __umulhi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
    unsigned high1 = __umulhi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
    c0 = high1 ^ c1 ^ k0;
    c2 = high0 ^ c3 ^ k1;
    c1 = low1;
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  PhiloxBlock block = {{c0, c1, c2, c3}};
  return block;
}

__device__ __forceinline__ float toUniform(unsigned bits) {
  return (float) (bits >> 8) * 5.9604644775390625e-8f; // 2^-24
}

__device__ __forceinline__ float philoxUniform(long long seed, long long stream, u64 index) {
  return toUniform(philox(seed, stream, index >> 2).word[index & 3]);
}

// Activations, numbered as the enum Activation; forms that do not cancel.
enum { NONE, RELU, GELU, GELU_TANH, SILU, TANH, SIGMOID };

__device__ __forceinline__ float sigmoid(float x) {
  return 1.0f / (1.0f + expf(-x));
}

#define GELU_A 1.5957691f // 2 · √(2/π)
#define GELU_B 0.07135482f // GELU_A · 0.044715

__device__ __forceinline__ float activate(int kind, float x) {
  switch (kind) {
    case RELU: return x > 0 ? x : x != x ? x : 0.0f;
    case GELU: return 0.5f * x * erfcf(-0.70710678f * x);
    case GELU_TANH: return x * sigmoid(x * (GELU_A + GELU_B * x * x));
    case SILU: return x * sigmoid(x);
    case TANH: return tanhf(x);
    case SIGMOID: return sigmoid(x);
    default: return x;
  }
}

__device__ __forceinline__ float activationSlope(int kind, float x) {
  switch (kind) {
    case RELU: return x > 0 ? 1.0f : 0.0f;
    case GELU: return 0.5f * erfcf(-0.70710678f * x) + x * 0.3989423f * expf(-0.5f * x * x);
    case GELU_TANH: {
      float u = x * (GELU_A + GELU_B * x * x);
      return sigmoid(u) + x * sigmoid(u) * sigmoid(-u) * (GELU_A + 3.0f * GELU_B * x * x);
    }
    case SILU: return sigmoid(x) * (1.0f + x * sigmoid(-x));
    case TANH: {
      float s = sigmoid(2.0f * x); // 1 - tanh² = 4 · s · (1 - s)
      return 4.0f * s * sigmoid(-2.0f * x);
    }
    case SIGMOID: return sigmoid(x) * sigmoid(-x);
    default: return 1.0f;
  }
}
