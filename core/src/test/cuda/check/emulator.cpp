// Checks of the emulated driver: each plants a mistake and looks for its report. Prints a line per check; exits 1 if one fails.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

extern "C" {
int cuInit(unsigned);
int cuDevicePrimaryCtxRetain(void**, int);
int cuDevicePrimaryCtxRelease_v2(int);
int cuCtxSetCurrent(void*);
int cuModuleLoadDataEx(void**, const void*, unsigned, int*, void**);
int cuModuleUnload(void*);
int cuModuleGetFunction(void**, void*, const char*);
int cuFuncSetAttribute(void*, int, int);
int cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
int cuMemAlloc_v2(uint64_t*, size_t);
int cuMemFree_v2(uint64_t);
int cuMemHostAlloc(void**, size_t, unsigned);
int cuMemFreeHost(void*);
int cuMemcpyHtoDAsync_v2(uint64_t, const void*, size_t, void*);
int cuMemcpyDtoHAsync_v2(void*, uint64_t, size_t, void*);
int cuMemcpyHtoD_v2(uint64_t, const void*, size_t);
int cuMemcpyDtoH_v2(void*, uint64_t, size_t);
int cuStreamCreate(void**, unsigned);
int cuStreamDestroy_v2(void*);
int cuStreamSynchronize(void*);
int cuStreamBeginCapture_v2(void*, int);
int cuStreamEndCapture(void*, void**);
int cuGraphInstantiateWithFlags(void**, void*, unsigned long long);
int cuGraphLaunch(void*, void*);
int cuGraphDestroy(void*);
int cuGraphExecDestroy(void*);
int nvrtcCreateProgram(void**, const char*, const char*, int, const char* const*, const char* const*);
int nvrtcCompileProgram(void*, int, const char* const*);
int nvrtcGetCUBINSize(void*, size_t*);
int nvrtcGetCUBIN(void*, char*);
int nvrtcGetProgramLogSize(void*, size_t*);
int nvrtcGetProgramLog(void*, char*);
int nvrtcDestroyProgram(void**);
int cublasLtCreate(void**);
int cublasLtDestroy(void*);
int cublasLtMatmulDescCreate(void**, int, int);
int cublasLtMatmulDescSetAttribute(void*, int, const void*, size_t);
int cublasLtMatmulDescDestroy(void*);
int cublasLtMatrixLayoutCreate(void**, int, uint64_t, uint64_t, int64_t);
int cublasLtMatrixLayoutDestroy(void*);
int cublasLtMatmulPreferenceCreate(void**);
int cublasLtMatmulPreferenceSetAttribute(void*, int, const void*, size_t);
int cublasLtMatmulPreferenceDestroy(void*);
int cublasLtMatmulAlgoGetHeuristic(void*, void*, void*, void*, void*, void*, void*, int, void*, int*);
int cublasLtMatmul(void*, void*, const void*, uint64_t, void*, uint64_t, void*, const void*, uint64_t, void*, uint64_t, void*,
    const void*, void*, size_t, void*);
long honeEmulatedReports(char*, long);
long honeEmulatedLeaks(char*, long);
void honeEmulatedMachine(int, long);
long honeEmulatedMostBytes(int);
void honeEmulatedFault(int);
}

static int failures;
static void* stream;

static std::string reports() {
  char text[1 << 14];
  honeEmulatedReports(text, sizeof text);
  return text;
}

static void check(const char* name, bool good, const std::string& seen = "") {
  printf("%s %s %s\n", good ? "ok" : "FAILED", name, good ? "" : seen.c_str());
  failures += !good;
}

static void expect(const char* name, const std::string& part) {
  std::string seen = reports();
  check(name, part.empty() ? seen.empty() : seen.find(part) != std::string::npos, seen.empty() ? "no report" : seen);
}

static void* module(const char* source) {
  void* program;
  const char* options[] = {"--gpu-architecture=sm_90"};
  nvrtcCreateProgram(&program, source, "k.cu", 0, nullptr, nullptr);
  if (nvrtcCompileProgram(program, 1, options) != 0) {
    size_t size;
    nvrtcGetProgramLogSize(program, &size);
    std::string log(size, ' ');
    nvrtcGetProgramLog(program, log.data());
    printf("FAILED compile %s\n", log.c_str());
    exit(1);
  }
  size_t size;
  nvrtcGetCUBINSize(program, &size);
  std::vector<char> cubin(size);
  nvrtcGetCUBIN(program, cubin.data());
  nvrtcDestroyProgram(&program);
  void* m;
  cuModuleLoadDataEx(&m, cubin.data(), 0, nullptr, nullptr);
  return m;
}

static void* function(void* m, const char* name) {
  void* f;
  return cuModuleGetFunction(&f, m, name) == 0 ? f : nullptr;
}

static int launch(void* f, unsigned grid, unsigned block, unsigned shared, std::vector<void*> values) {
  values.push_back(nullptr);
  return cuLaunchKernel(f, grid, 1, 1, block, 1, 1, shared, stream, values.data(), nullptr);
}

static const char* const SOURCE = R"(
extern "C" __global__ void twice(const float* x, float* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) { y[i] = 2 * x[i]; }
}
extern "C" __global__ void beyond(float* y, int n) { y[n] = 1; }
extern "C" __global__ void reversed(const float* x, float* y) {
  __shared__ float s[64];
  s[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = s[63 - threadIdx.x];
}
extern "C" __global__ void unguarded(const float* x, float* y) {
  __shared__ float s[64];
  s[threadIdx.x] = x[threadIdx.x];
  y[threadIdx.x] = s[63 - threadIdx.x];
}
extern "C" __global__ void overwritten(const float* x, float* y) {
  __shared__ float s[64];
  float sum = 0;
  for (int i = 0; i < 3; i++) {
    s[threadIdx.x] = x[threadIdx.x] + i;
    __syncthreads();
    sum += s[63 - threadIdx.x];
  }
  y[threadIdx.x] = sum;
}
extern "C" __global__ void behindShuffle(const float* x, float* y) {
  __shared__ float s[64];
  s[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  float own = __shfl_xor_sync(0xffffffffu, s[63 - threadIdx.x], 1);
  s[threadIdx.x] = own; // the other warp may not have read
  y[threadIdx.x] = own;
}
extern "C" __global__ void blocks(float* y) { y[0] = y[0] * 2 + blockIdx.x; }
extern "C" __global__ void divergent(float* y) {
  if (threadIdx.x < 32) { __syncthreads(); }
  y[threadIdx.x] = 1;
}
extern "C" __global__ void dynamic(float* y, int n) {
  DYNAMIC_SHARED(float, s);
  s[threadIdx.x + n] = threadIdx.x;
  __syncthreads();
  y[threadIdx.x] = s[blockDim.x - 1 - threadIdx.x];
}
extern "C" __global__ void __launch_bounds__(32, 2) warp(float* y) {
  float x = threadIdx.x;
  for (int d = 16; d > 0; d /= 2) { x += __shfl_xor_sync(0xffffffffu, x, d); }
  unsigned odd = __ballot_sync(0xffffffffu, threadIdx.x & 1);
  y[threadIdx.x] = x + (odd == 0xaaaaaaaau ? 0.5f : 0.f) + __shfl_up_sync(0xffffffffu, (float) threadIdx.x, 1);
}
extern "C" __global__ void wild(float* y) { *(float*) 64 = y[0]; }
)";

// What a library relies on of whom it has given an algorithm.
static void algorithms(void* lt, void* desc, void* la, void* lb, void* lc, uint64_t* at) {
  char algorithm[96];
  void* preference;
  uint64_t room = 1 << 21, workspace;
  uint32_t promised[] = {2, 256, 4, 4};
  int found = 0, epilogue = 4;
  float one = 1, none = 0;
  cuMemAlloc_v2(&workspace, room);
  cublasLtMatmulPreferenceCreate(&preference);
  cublasLtMatmulPreferenceSetAttribute(preference, 1, &room, 8);
  for (int i = 0; i < 4; i++) {
    cublasLtMatmulPreferenceSetAttribute(preference, 5 + i, &promised[i], 4);
  }
  auto ask = [&] { return cublasLtMatmulAlgoGetHeuristic(lt, desc, la, lb, lc, lc, preference, 1, algorithm, &found); };
  auto multiply = [&](uint64_t b, uint64_t scratch, size_t bytes) {
    return cublasLtMatmul(lt, desc, &one, at[0], la, b, lb, &none, at[2], lc, at[2], lc, algorithm, (void*) scratch, bytes,
        stream);
  };
  check("an algorithm", ask() == 0 && found == 1 && multiply(at[1], workspace, room) == 0 && cuStreamSynchronize(stream) == 0);
  expect("nothing to report of it", "");
  check("less aligned than was said", multiply(at[1] + 4, workspace, room) == 7);
  expect("says of what", "of B is not aligned to 256, as was said");
  check("too little workspace", multiply(at[1], workspace, 1000) == 7);
  expect("says how much it needs", "1000 bytes of workspace");
  check("workspace at an odd place", multiply(at[1], workspace + 16, room - 16) == 7);
  expect("says that it must be aligned", "at a multiple of 256");
  cublasLtMatmulDescSetAttribute(desc, 7, &epilogue, 4);
  check("a bias without an address", ask() == 7);
  expect("says so of the bias", "a bias whose address is not set");
  check("the algorithm of another product", multiply(at[1], workspace, room) == 7);
  expect("says that it is another", "found for another product");
  epilogue = 1;
  cublasLtMatmulDescSetAttribute(desc, 7, &epilogue, 4);
  cublasLtMatmulPreferenceDestroy(preference);
  cuMemFree_v2(workspace);
}

// D = alpha · Aᵀ · B + beta · C in column-major order: A 3 x 2 in BF16, B 3 x 1 and C, D 2 x 1 in F32.
static void products() {
  std::vector<uint16_t> a = {0x3f80, 0x4000, 0x4040, 0xbf80, 0, 0x3f00}; // 1, 2, 3; -1, 0, 0.5
  std::vector<float> b = {2, 4, 8}, c = {100, 10}, d(2);
  uint64_t at[3];
  const void* from[] = {a.data(), b.data(), c.data()};
  size_t sizes[] = {12, 12, 8};
  for (int i = 0; i < 3; i++) {
    cuMemAlloc_v2(&at[i], sizes[i]);
    cuMemcpyHtoD_v2(at[i], from[i], sizes[i]);
  }
  void *lt, *desc, *la, *lb, *lc, *wrong;
  int transposed = 1;
  float alpha = 2, beta = 0.5f;
  cublasLtCreate(&lt);
  cublasLtMatmulDescCreate(&desc, 68, 0);
  check("an attribute of the wrong size", cublasLtMatmulDescSetAttribute(desc, 3, &transposed, 8) == 7);
  cublasLtMatmulDescSetAttribute(desc, 3, &transposed, 4);
  cublasLtMatrixLayoutCreate(&la, 14, 3, 2, 3);
  cublasLtMatrixLayoutCreate(&lb, 0, 3, 1, 3);
  cublasLtMatrixLayoutCreate(&lc, 0, 2, 1, 2);
  cublasLtMatrixLayoutCreate(&wrong, 0, 4, 1, 4);
  check("a product", cublasLtMatmul(lt, desc, &alpha, at[0], la, at[1], lb, &beta, at[2], lc, at[2], lc, nullptr, nullptr, 0,
      stream) == 0);
  cuMemcpyDtoH_v2(d.data(), at[2], 8);
  check("its numbers", d[0] == 2 * (2 + 8 + 24) + 50 && d[1] == 2 * (-2 + 4) + 5);
  check("sizes that do not fit", cublasLtMatmul(lt, desc, &alpha, at[0], la, at[1], wrong, &beta, at[2], lc, at[2], lc, nullptr,
      nullptr, 0, stream) == 7);
  expect("says the sizes", "A gives 2 x 3, B 4 x 1, D is 2 x 1");
  algorithms(lt, desc, la, lb, lc, at);
  cublasLtMatmulDescDestroy(desc);
  for (void* layout : {la, lb, lc, wrong}) {
    cublasLtMatrixLayoutDestroy(layout);
  }
  cublasLtDestroy(lt);
  for (uint64_t address : at) {
    cuMemFree_v2(address);
  }
}

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  void* context;
  check("nothing before cuInit", cuDevicePrimaryCtxRetain(&context, 0) == 3);
  cuInit(0);
  uint64_t x, y;
  check("no context, no memory", cuMemAlloc_v2(&x, 16) == 201);
  expect("says that no context is current", "no context is current");
  cuDevicePrimaryCtxRetain(&context, 0);
  cuCtxSetCurrent(context);
  cuStreamCreate(&stream, 1);
  void* m = module(SOURCE);
  cuMemAlloc_v2(&x, 256);
  cuMemAlloc_v2(&y, 256);
  std::vector<float> numbers(64), results(64);
  for (int i = 0; i < 64; i++) {
    numbers[i] = i + 1;
  }
  cuMemcpyHtoD_v2(x, numbers.data(), 256);
  int n = 63;
  void* twice = function(m, "twice");
  check("launch", launch(twice, 2, 32, 0, {&x, &y, &n}) == 0);
  cuMemcpyDtoH_v2(results.data(), y, 256);
  check("runs a kernel", results[0] == 2 && results[62] == 126);
  check("new memory holds NaN", results[63] != results[63]);
  expect("nothing to report", "");

  check("too few arguments", launch(twice, 2, 32, 0, {&x, &y}) == 1);
  expect("says too few", "2 arguments, the kernel has 3");
  check("too many arguments", launch(twice, 2, 32, 0, {&x, &y, &n, &n}) == 1);
  expect("says too many", "more arguments");
  struct { uint64_t x, y; int n; } packed{x, y, n};
  size_t size = 20;
  void* extra[] = {(void*) 1, &packed, (void*) 2, &size, nullptr};
  check("arguments in a buffer", cuLaunchKernel(twice, 2, 1, 1, 32, 1, 1, 0, stream, nullptr, extra) == 0);
  size = 24;
  check("a buffer of the wrong size", cuLaunchKernel(twice, 2, 1, 1, 32, 1, 1, 0, stream, nullptr, extra) == 1);
  expect("says the size", "24 bytes of arguments, the kernel has 20");
  check("2048 threads", launch(twice, 1, 2048, 0, {&x, &y, &n}) == 1);
  expect("says the block", "2048 x 1 x 1 threads");
  check("an unknown entry", function(m, "nothing") == nullptr);

  n = 64;
  launch(function(m, "beyond"), 1, 1, 0, {&y, &n});
  expect("a write past the end", "a write at byte 256 of an allocation of 256 bytes");
  n = -1;
  launch(function(m, "beyond"), 1, 1, 0, {&y, &n});
  expect("a write before the start", "a write at byte -4");
  launch(function(m, "reversed"), 1, 64, 0, {&x, &y});
  cuMemcpyDtoH_v2(results.data(), y, 256);
  check("a barrier", results[0] == 64 && results[63] == 1);
  expect("nothing to report of a barrier", "");
  launch(function(m, "unguarded"), 1, 64, 0, {&x, &y});
  expect("a missing barrier", "other bits");
  launch(function(m, "overwritten"), 1, 64, 0, {&x, &y});
  expect("a missing second barrier", "other bits");
  launch(function(m, "behindShuffle"), 1, 64, 0, {&x, &y});
  expect("a missing barrier behind a shuffle", "other bits");
  float zero = 0;
  cuMemcpyHtoD_v2(y, &zero, 4);
  launch(function(m, "blocks"), 4, 1, 0, {&y});
  expect("blocks that depend on their order", "other bits");
  n = 0;
  void* dynamic = function(m, "dynamic");
  launch(dynamic, 1, 64, 256, {&y, &n});
  cuMemcpyDtoH_v2(results.data(), y, 256);
  check("dynamic shared memory", results[0] == 63 && results[63] == 0);
  check("too much of it", launch(dynamic, 1, 64, 100000, {&y, &n}) == 1);
  expect("says how much", "100000 bytes of dynamic shared memory, ");
  check("48 KiB beside shared variables", launch(dynamic, 1, 64, 48 * 1024, {&y, &n}) == 1);
  expect("says what is left of them", "49152 bytes of dynamic shared memory, 48128 are allowed");
  check("more than a block has", cuFuncSetAttribute(dynamic, 8, 227 * 1024) == 1);
  expect("says what it has", "a block has 232448");
  cuFuncSetAttribute(dynamic, 8, 102400);
  check("more of it, allowed", launch(dynamic, 1, 64, 100000, {&y, &n}) == 0);
  check("more threads than its bounds", launch(function(m, "warp"), 1, 64, 0, {&y}) == 1);
  expect("says the bounds", "a block of 64 threads, its launch bounds say 32");
  launch(function(m, "warp"), 1, 32, 0, {&y});
  cuMemcpyDtoH_v2(results.data(), y, 256);
  check("shuffles and votes", results[0] == 496.5f && results[31] == 526.5f);
  expect("nothing to report of warps", "");

  products();

  uint64_t odd = y + 2;
  n = 4;
  void* pin;
  cuMemHostAlloc(&pin, 256, 0);
  static_cast<float*>(pin)[0] = 5;
  cuMemcpyHtoDAsync_v2(x, pin, 4, stream);
  static_cast<float*>(pin)[0] = 7; // too early
  cuMemcpyDtoH_v2(results.data(), x, 4);
  check("a pinned buffer is read when its turn comes", results[0] == 7);
  cuMemcpyDtoHAsync_v2(pin, x, 4, stream);
  cuMemFreeHost(pin);
  expect("a buffer that work waits for, freed", "cuMemFreeHost: of memory that work which waits may use");
  cuMemcpyHtoDAsync_v2(x, numbers.data(), 4, stream);
  expect("memory of the host that may move", "cuMemcpyHtoDAsync: the host's memory is not page-locked");
  cuStreamSynchronize(stream);
  check("freed twice on the host", cuMemFreeHost(pin) == 1);
  expect("says so", "no pinned memory");
  check("a copy past the end", cuMemcpyHtoD_v2(x + 8, numbers.data(), 256) == 1);
  expect("says past the end", "reach past the end");

  void* graph;
  void* exec;
  cuMemcpyHtoD_v2(x, numbers.data(), 256);
  cuStreamBeginCapture_v2(stream, 0);
  launch(twice, 1, 32, 0, {&x, &y, &n});
  launch(twice, 1, 32, 0, {&y, &y, &n});
  check("no waiting in a capture", cuStreamSynchronize(stream) == 900);
  cuStreamEndCapture(stream, &graph);
  cuGraphInstantiateWithFlags(&exec, graph, 0);
  cuGraphLaunch(exec, stream);
  cuMemcpyDtoH_v2(results.data(), y, 256);
  check("a graph", results[3] == 16);
  cuGraphExecDestroy(exec);
  cuGraphDestroy(graph);
  check("a stale graph", cuGraphLaunch(exec, stream) == 400);
  expect("says it is stale", "it was destroyed");

  uint64_t busy;
  honeEmulatedMostBytes(0);
  cuMemAlloc_v2(&busy, 1024);
  check("the most memory so far", honeEmulatedMostBytes(0) == 1024);
  n = 4;
  launch(twice, 1, 32, 0, {&x, &busy, &n});
  cuMemFree_v2(busy);
  expect("memory that work waits for, freed", "cuMemFree: of memory that work which waits may use");
  cuMemAlloc_v2(&busy, 512);
  cuMemFree_v2(busy);
  check("the most since", honeEmulatedMostBytes(0) == 512 && honeEmulatedMostBytes(0) == 0);
  honeEmulatedMachine(1, 4096);
  uint64_t z;
  check("out of memory", cuMemAlloc_v2(&z, 4096) == 2);
  for (int i = 0; i < 10000; i++) {
    if (cuMemAlloc_v2(&z, 1024) || cuMemFree_v2(z)) {
      check("10,000 allocations", false);
    }
  }
  check("freed twice", cuMemFree_v2(z) == 1);
  expect("says freed before", "was freed before");
  check("an address inside", cuMemFree_v2(x + 4) == 1);
  expect("says it is no start", "not the start");
  void* old = function(m, "twice");

  launch(twice, 1, 32, 0, {&x, &z, &n});
  check("use after free is seen later", cuStreamSynchronize(stream) == 700);
  expect("says which argument", "twice: argument 1");
  check("and stays", cuMemAlloc_v2(&z, 16) == 700);
  auto again = [&] { // what ends a sticky error
    cuDevicePrimaryCtxRelease_v2(0);
    reports();
    cuDevicePrimaryCtxRetain(&context, 0);
    cuCtxSetCurrent(context);
    cuMemAlloc_v2(&x, 256);
    cuMemAlloc_v2(&y, 256);
  };
  again();
  odd = y + 2;
  launch(twice, 1, 32, 0, {&x, &odd, &n});
  check("alignment", cuStreamSynchronize(stream) == 716);
  again();
  launch(function(m, "divergent"), 1, 64, 0, {&y});
  check("a barrier that some threads miss", cuStreamSynchronize(stream) == 719);
  expect("says where", "not all threads of a block come to one barrier");
  again();
  n = 16;
  dynamic = function(m, "dynamic");
  launch(dynamic, 1, 64, 256, {&y, &n});
  check("past dynamic shared memory", cuStreamSynchronize(stream) == 719);
  expect("says which byte", "dynamic shared memory");
  again();
  launch(function(m, "wild"), 1, 1, 0, {&y});
  check("an address of nothing", cuStreamSynchronize(stream) == 700);
  expect("says the thread", "block 0 0 0, thread 0 0 0");
  again();
  honeEmulatedFault(214);
  n = 4;
  launch(old, 1, 32, 0, {&x, &y, &n});
  check("an error of the hardware", cuStreamSynchronize(stream) == 214 && cuMemAlloc_v2(&z, 16) == 214);
  again();
  n = 4;
  check("works again", launch(old, 1, 32, 0, {&x, &y, &n}) == 0 && cuStreamSynchronize(stream) == 0);
  cuModuleUnload(m);
  check("a function of an unloaded module", launch(old, 1, 32, 0, {&x, &y, &n}) == 400);
  expect("says it was destroyed", "it was destroyed");
  char text[4096];
  honeEmulatedLeaks(text, sizeof text);
  check("leaks are listed", strstr(text, "device memory of 256 bytes") && strstr(text, "1 of stream")
      && strstr(text, "the context of device 0"), text);
  cuMemFree_v2(x);
  cuMemFree_v2(y);
  cuStreamDestroy_v2(stream);
  cuDevicePrimaryCtxRelease_v2(0);
  check("nothing is left", honeEmulatedLeaks(text, sizeof text) == 0, text);
  return failures > 0;
}
