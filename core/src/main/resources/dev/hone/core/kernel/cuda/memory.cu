// Setting memory.

// y[i] = value for i < count
// grid: (count + block - 1) / block, block: any
extern "C" __global__ void hone_fill(float* y, long long count, float value) {
  long long i = globalIndex();
  if (i < count) {
    y[i] = value;
  }
}
