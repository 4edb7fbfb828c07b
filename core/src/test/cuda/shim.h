// Lets g++ compile the kernels' CUDA C: included before a source, which is compiled as C++ into a shared library.
// Shared variables get a section of their own, which the driver poisons before each block. A block runs alone.
#pragma once
#include "device.h"
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
using std::isinf; // what CUDA has without a namespace
using std::isnan;

#define HONE_EMULATED 1
#define __global__ __attribute__((visibility("default")))
#define __device__
#define __host__
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __restrict__
#define __constant__ const
#define __align__(n) alignas(n)
#define __shared__ static __attribute__((section("hone_shared")))
// `extern __shared__ float4 name[]` of CUDA
#define DYNAMIC_SHARED(type, name) type* name = reinterpret_cast<type*>(hone_emulated_thread->dynamicShared)

extern "C" {
__attribute__((visibility("default"))) emulated::Thread* hone_emulated_thread;
__attribute__((visibility("default"))) const emulated::Calls* hone_emulated_calls;
extern char __start_hone_shared[] __attribute__((weak, visibility("hidden")));
extern char __stop_hone_shared[] __attribute__((weak, visibility("hidden")));
__attribute__((visibility("default"))) char* hone_emulated_shared(long* size) {
  *size = __stop_hone_shared - __start_hone_shared;
  return __start_hone_shared;
}
}

#define threadIdx (hone_emulated_thread->threadIdx)
#define blockIdx (hone_emulated_thread->blockIdx)
#define blockDim (hone_emulated_thread->blockDim)
#define gridDim (hone_emulated_thread->gridDim)

struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(8) int2 { int x, y; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(8) uint2 { unsigned x, y; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
struct uint3 { unsigned x, y, z; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

template <class To, class From> inline To hone_emulated_bits(From x) {
  static_assert(sizeof(To) == sizeof(From));
  To y;
  memcpy(&y, &x, sizeof y);
  return y;
}
inline float __uint_as_float(unsigned x) { return hone_emulated_bits<float>(x); }
inline float __int_as_float(int x) { return hone_emulated_bits<float>(x); }
inline unsigned __float_as_uint(float x) { return hone_emulated_bits<unsigned>(x); }
inline int __float_as_int(float x) { return hone_emulated_bits<int>(x); }
inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned) ((uint64_t) a * b >> 32); }
inline float rsqrtf(float x) { return (float) (1 / sqrt((double) x)); }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dmul_rn(double a, double b) { return a * b; }
template <class T> inline T min(T a, T b) { return b < a ? b : a; }
template <class T> inline T max(T a, T b) { return a < b ? b : a; }
inline long long min(long long a, int b) { return a < b ? a : b; }
inline long long min(int a, long long b) { return a < b ? a : b; }
inline long long max(long long a, int b) { return a > b ? a : b; }
inline long long max(int a, long long b) { return a > b ? a : b; }

template <class T> inline T hone_emulated_shuffle(emulated::Collective kind, int line, unsigned mask, T x, int operand) {
  T y;
  hone_emulated_calls->collective(kind, line, mask, operand, &x, sizeof x, &y, sizeof y);
  return y;
}
inline unsigned hone_emulated_vote(emulated::Collective kind, int line, unsigned mask, int x) {
  unsigned y;
  hone_emulated_calls->collective(kind, line, mask, 0, &x, sizeof x, &y, sizeof y);
  return y;
}
inline void hone_emulated_mma(emulated::Collective kind, int line, float* d, const unsigned* a, const unsigned* b) {
  unsigned in[10];
  memcpy(in, a, 16);
  memcpy(in + 4, b, 8);
  memcpy(in + 6, d, 16);
  hone_emulated_calls->collective(kind, line, 0xffffffffu, 0, in, sizeof in, d, 16);
}
#define __syncthreads() hone_emulated_calls->barrier(__LINE__)
#define __syncwarp(...) hone_emulated_calls->collective(emulated::SYNC_WARP, __LINE__, 0xffffffffu, 0, 0, 0, 0, 0)
#define __shfl_sync(mask, x, lane) hone_emulated_shuffle(emulated::SHUFFLE, __LINE__, mask, x, lane)
#define __shfl_up_sync(mask, x, delta) hone_emulated_shuffle(emulated::SHUFFLE_UP, __LINE__, mask, x, delta)
#define __shfl_down_sync(mask, x, delta) hone_emulated_shuffle(emulated::SHUFFLE_DOWN, __LINE__, mask, x, delta)
#define __shfl_xor_sync(mask, x, lanes) hone_emulated_shuffle(emulated::SHUFFLE_XOR, __LINE__, mask, x, lanes)
#define __ballot_sync(mask, x) hone_emulated_vote(emulated::BALLOT, __LINE__, mask, (x) ? 1 : 0)
#define __any_sync(mask, x) hone_emulated_vote(emulated::ANY, __LINE__, mask, (x) ? 1 : 0)
#define __all_sync(mask, x) hone_emulated_vote(emulated::ALL, __LINE__, mask, (x) ? 1 : 0)

// What the driver reads of an entry: the types of its arguments, and how to call it.
namespace emulated {
template <class T> constexpr Argument argument() {
  if constexpr (std::is_pointer_v<T>) {
    using To = std::remove_pointer_t<T>;
    return {8, alignof(std::conditional_t<std::is_void_v<To>, char, To>), !std::is_const_v<To>, std::is_pointer_v<To>};
  } else {
    return {sizeof(T), 0, false, false};
  }
}
template <auto function> struct Described;
template <class... A, void (*function)(A...)> struct Described<function> {
  static constexpr Argument arguments[] = {argument<A>()..., {}};
  static constexpr int count = sizeof...(A);
  template <int... i> static void apply(void* const* values, std::integer_sequence<int, i...>) {
    function(*static_cast<std::remove_const_t<A>*>(values[i])...);
  }
  static void call(void* const* values) { apply(values, std::make_integer_sequence<int, count>()); }
};
} // namespace emulated
#define HONE_EMULATED_ENTRY(name, mostThreads)                                                                                   \
  { #name, emulated::Described<name>::count, emulated::Described<name>::arguments, emulated::Described<name>::call, mostThreads }
