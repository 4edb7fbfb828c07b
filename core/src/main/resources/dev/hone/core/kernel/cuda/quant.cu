// Widening of quantised numbers: element i is value(code[i]) · scale[i / block], a float32 product, bit for bit that of the CPU.
// `first` is the number of the first element wanted, of which n go to y.

// Eight bits in blocks of 32 with scales in F16
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_widen_q8(const signed char* codes, const unsigned short* scales, long long first, float* y,
    long long n) {
  long long i = globalIndex();
  if (i < n) {
    y[i] = __fmul_rn((float) codes[first + i], fromF16(scales[(first + i) / 32]));
  }
}

// Eight bits with the largest magnitude of each row of `columns` numbers
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_widen_int8_rows(const signed char* codes, const float* absmax, int columns, long long first,
    float* y, long long n) {
  long long i = globalIndex();
  if (i < n) {
    y[i] = __fmul_rn((float) codes[first + i], __fdiv_rn(absmax[(first + i) / columns], 127.0f));
  }
}

__device__ const float NF4_BOOK[16] = {-1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f,
    -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f,
    0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f};

// Four bits in blocks of 64, the first of two codes in a byte's high bits. absmax: F32; or bytes if nested is not null, of which
// each stands for map[byte] · nested[block / 256] + offset.
// grid: (n + 255) / 256, block: 256
extern "C" __global__ void hone_widen_nf4(const unsigned char* codes, const void* absmax, const float* nested, const float* map,
    float offset, long long first, float* y, long long n) {
  long long i = globalIndex();
  if (i >= n) {
    return;
  }
  long long element = first + i, block = element / 64;
  int both = codes[element >> 1];
  float value = NF4_BOOK[element & 1 ? both & 15 : both >> 4];
  float scale;
  if (nested) {
    scale = __fadd_rn(__fmul_rn(map[((const unsigned char*) absmax)[block]], nested[block / 256]), offset);
  } else {
    scale = ((const float*) absmax)[block];
  }
  y[i] = __fmul_rn(value, scale);
}
