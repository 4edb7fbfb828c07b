// NVRTC and cublasLt, as far as they are bound.
#include "driver.h"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <initializer_list>

using namespace emulated;

namespace {

struct Program { std::string source, library, log; bool compiled; };
std::set<void*> programs, ltHandles;
enum Nvrtc { INVALID_INPUT = 3, INVALID_PROGRAM = 4, INVALID_OPTION = 5, COMPILATION = 6 };
enum Cublas { LT_INVALID = 7, LT_NOT_SUPPORTED = 15, LT_NOT_INITIALIZED = 1, EXECUTION_FAILED = 13 };
enum Type { F32 = 0, F16 = 2, BF16 = 14 };

Program* program(void* p) {
  return programs.count(p) ? static_cast<Program*>(p) : nullptr;
}

} // namespace

API nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 0;
  return 0;
}

API nvrtcCreateProgram(void** made, const char* source, const char*, int headers, const char* const*, const char* const*) {
  std::lock_guard<std::recursive_mutex> locked(lock());
  if (!source || headers != 0) {
    return INVALID_INPUT;
  }
  *made = new Program{source, "", "", false};
  programs.insert(*made);
  return 0;
}

API nvrtcCompileProgram(void* p, int count, const char* const* options) {
  std::lock_guard<std::recursive_mutex> locked(lock());
  Program* one = program(p);
  if (!one) {
    return INVALID_PROGRAM;
  }
  for (int i = 0; i < count; i++) {
    std::string option = options[i];
    std::string arch = option.substr(option.find('=') + 1);
    if (option.find("gpu-architecture") != std::string::npos || option.rfind("-arch", 0) == 0) {
      int number = 0;
      if (sscanf(arch.c_str(), "sm_%d", &number) != 1 && sscanf(arch.c_str(), "compute_%d", &number) != 1 || number < 75) {
        one->log = "nvrtc: error: invalid value for --gpu-architecture (-arch)\n";
        return INVALID_OPTION;
      }
    } else if (option.empty() || option[0] != '-') {
      one->log = "nvrtc: error: unrecognized option " + option + " found\n";
      return INVALID_OPTION;
    }
  }
  if (one->source.find("#include") != std::string::npos) {
    one->log = "error: could not open source file (no directories in search list)\n";
    return COMPILATION;
  }
  one->compiled = compileSource(one->source, &one->library, &one->log);
  return one->compiled ? 0 : COMPILATION;
}

API nvrtcGetProgramLogSize(void* p, size_t* size) {
  *size = program(p) ? program(p)->log.size() + 1 : 0;
  return program(p) ? 0 : INVALID_PROGRAM;
}

API nvrtcGetProgramLog(void* p, char* log) {
  if (!program(p)) {
    return INVALID_PROGRAM;
  }
  memcpy(log, program(p)->log.c_str(), program(p)->log.size() + 1);
  return 0;
}

API nvrtcGetCUBINSize(void* p, size_t* size) {
  *size = program(p) ? program(p)->library.size() : 0;
  return program(p) && program(p)->compiled ? 0 : INVALID_PROGRAM;
}

API nvrtcGetCUBIN(void* p, char* cubin) {
  if (!program(p) || !program(p)->compiled) {
    return INVALID_PROGRAM;
  }
  memcpy(cubin, program(p)->library.data(), program(p)->library.size());
  return 0;
}

API nvrtcGetPTXSize(void* p, size_t* size) { // a stub of PTX would be mistaken for one
  *size = 0;
  return program(p) ? 0 : INVALID_PROGRAM;
}

API nvrtcGetPTX(void* p, char*) {
  return program(p) ? 0 : INVALID_PROGRAM;
}

API nvrtcDestroyProgram(void** p) {
  std::lock_guard<std::recursive_mutex> locked(lock());
  if (!program(*p)) {
    report("nvrtcDestroyProgram: %p is no program", *p);
    return INVALID_PROGRAM;
  }
  programs.erase(*p);
  delete static_cast<Program*>(*p);
  *p = nullptr;
  return 0;
}

extern "C" __attribute__((visibility("default"))) const char* nvrtcGetErrorString(int result) {
  switch (result) {
    case 0: return "NVRTC_SUCCESS";
    case INVALID_INPUT: return "NVRTC_ERROR_INVALID_INPUT";
    case INVALID_PROGRAM: return "NVRTC_ERROR_INVALID_PROGRAM";
    case INVALID_OPTION: return "NVRTC_ERROR_INVALID_OPTION";
    case COMPILATION: return "NVRTC_ERROR_COMPILATION";
    default: return "NVRTC_ERROR unknown";
  }
}

namespace {

// Column-major matrices, as cublasLt sees them.
struct Layout { int type; uint64_t rows, columns; int64_t ld; int order = 0; int batches = 1; int64_t stride = 0; };
struct Desc { int compute, scale; int transA = 0, transB = 0, epilogue = 1, pointerMode = 0, biasType = -1; void* bias = nullptr; };
struct Preference { uint64_t workspace = 0; uint32_t alignment[4] = {256, 256, 256, 256}; };
std::set<void*> descs, layouts, preferences;

// What stands in the 96 bytes of a heuristic's result, whose first 64 are the algorithm: the product that it is for.
struct Algorithm { uint32_t mark; int transA, transB, compute, epilogue; uint32_t alignment[4]; };
struct Found {
  Algorithm algorithm;
  char opaque[64 - sizeof(Algorithm)];
  uint64_t workspace;
  int state;
  float waves;
  int reserved[4];
};
static_assert(sizeof(Found) == 96);
constexpr uint32_t MARK = 0x4c744121;
constexpr uint64_t WANTED = 1 << 20; // bytes of workspace

uint64_t hash(std::initializer_list<const Layout*> all) {
  uint64_t sum = 0;
  for (const Layout* l : all) {
    for (uint64_t x : {static_cast<uint64_t>(l->type), l->rows, l->columns, static_cast<uint64_t>(l->ld)}) {
      sum = (sum ^ x) * 0x9e3779b97f4a7c15u;
    }
  }
  return sum;
}

int sizeOf(int type) {
  return type == F32 ? 4 : type == BF16 || type == F16 ? 2 : 0;
}

float load(const char* p, int type) {
  if (type == F32) {
    float x;
    memcpy(&x, p, 4);
    return x;
  }
  uint16_t half;
  memcpy(&half, p, 2);
  if (type == BF16) {
    uint32_t bits = static_cast<uint32_t>(half) << 16;
    float x;
    memcpy(&x, &bits, 4);
    return x;
  }
  _Float16 x;
  memcpy(&x, &half, 2);
  return static_cast<float>(x);
}

void store(char* p, int type, float x) {
  if (type == F32) {
    memcpy(p, &x, 4);
  } else if (type == BF16) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    uint16_t half = std::isnan(x) ? 0x7fff : static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    memcpy(p, &half, 2);
  } else {
    _Float16 half = static_cast<_Float16>(x);
    memcpy(p, &half, 2);
  }
}

uint64_t span(const Layout& m) {
  uint64_t lines = m.order == 0 ? m.columns : m.rows, run = m.order == 0 ? m.rows : m.columns;
  return lines == 0 ? 0 : ((m.batches - 1) * m.stride + (lines - 1) * m.ld + run) * sizeOf(m.type);
}

int64_t at(const Layout& m, int64_t row, int64_t column) {
  return m.order == 0 ? column * m.ld + row : row * m.ld + column;
}

float tf32(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  bits &= 0xffffe000u;
  memcpy(&x, &bits, 4);
  return x;
}

} // namespace

std::string emulated::leakedByLibraries() {
  std::string text;
  auto tell = [&](const std::set<void*>& all, const char* what) {
    text += all.empty() ? "" : std::to_string(all.size()) + " of " + what + "\n";
  };
  tell(programs, "program");
  tell(ltHandles, "cublasLt handle");
  tell(descs, "cublasLt description");
  tell(layouts, "cublasLt layout");
  tell(preferences, "cublasLt preference");
  return text;
}

API cublasLtCreate(void** handle) {
  std::lock_guard<std::recursive_mutex> locked(lock());
  *handle = new int;
  ltHandles.insert(*handle);
  return 0;
}

API cublasLtDestroy(void* handle) {
  return ltHandles.erase(handle) ? 0 : LT_NOT_INITIALIZED;
}

extern "C" __attribute__((visibility("default"))) size_t cublasLtGetVersion() {
  return 130101;
}

API cublasLtMatmulDescCreate(void** desc, int compute, int scale) {
  if (scale != F32 || compute != 68 && compute != 77 && compute != 69) {
    return LT_NOT_SUPPORTED;
  }
  *desc = new Desc{compute, scale};
  descs.insert(*desc);
  return 0;
}

API cublasLtMatmulDescDestroy(void* desc) {
  return descs.erase(desc) ? 0 : LT_INVALID;
}

API cublasLtMatmulDescSetAttribute(void* p, int attribute, const void* value, size_t size) {
  if (!descs.count(p)) {
    return LT_INVALID;
  }
  Desc* d = static_cast<Desc*>(p);
  static const std::map<int, int Desc::*> numbers{{2, &Desc::pointerMode}, {3, &Desc::transA}, {4, &Desc::transB},
      {7, &Desc::epilogue}, {26, &Desc::biasType}};
  auto number = numbers.find(attribute);
  if (number != numbers.end() && size == 4) {
    memcpy(&(d->*number->second), value, 4);
  } else if (attribute == 8 && size == 8) {
    memcpy(&d->bias, value, 8);
  } else {
    return LT_INVALID;
  }
  return 0;
}

API cublasLtMatrixLayoutCreate(void** layout, int type, uint64_t rows, uint64_t columns, int64_t ld) {
  if (sizeOf(type) == 0) {
    return LT_NOT_SUPPORTED;
  }
  *layout = new Layout{type, rows, columns, ld};
  layouts.insert(*layout);
  return 0;
}

API cublasLtMatrixLayoutDestroy(void* layout) {
  return layouts.erase(layout) ? 0 : LT_INVALID;
}

API cublasLtMatrixLayoutSetAttribute(void* p, int attribute, const void* value, size_t size) {
  if (!layouts.count(p)) {
    return LT_INVALID;
  }
  Layout* l = static_cast<Layout*>(p);
  if (attribute == 1 && size == 4) {
    memcpy(&l->order, value, 4);
  } else if (attribute == 5 && size == 4) {
    memcpy(&l->batches, value, 4);
  } else if (attribute == 6 && size == 8) {
    memcpy(&l->stride, value, 8);
  } else {
    return LT_INVALID;
  }
  return 0;
}

API cublasLtMatmulPreferenceCreate(void** preference) {
  *preference = new Preference;
  preferences.insert(*preference);
  return 0;
}

API cublasLtMatmulPreferenceSetAttribute(void* p, int attribute, const void* value, size_t size) {
  if (!preferences.count(p)) {
    return LT_INVALID;
  }
  Preference* own = static_cast<Preference*>(p);
  if (attribute == 1 && size == 8) {
    memcpy(&own->workspace, value, 8);
  } else if (attribute >= 5 && attribute <= 8 && size == 4) {
    memcpy(&own->alignment[attribute - 5], value, 4);
  } else {
    return LT_INVALID;
  }
  return 0;
}

API cublasLtMatmulPreferenceDestroy(void* p) {
  return preferences.erase(p) ? 0 : LT_INVALID;
}

API cublasLtMatmulAlgoGetHeuristic(void* handle, void* desc, void* a, void* b, void* c, void* d, void* preference, int wanted,
    void* results, int* found) {
  if (!ltHandles.count(handle) || !descs.count(desc) || !preferences.count(preference) || wanted < 1) {
    return LT_INVALID;
  }
  for (void* layout : {a, b, c, d}) {
    if (!layouts.count(layout)) {
      return LT_INVALID;
    }
  }
  const Desc& own = *static_cast<Desc*>(desc);
  const Preference& wishes = *static_cast<Preference*>(preference);
  if (own.epilogue == 4 && !own.bias) {
    report("cublasLtMatmulAlgoGetHeuristic: an epilogue with a bias whose address is not set");
    return LT_INVALID;
  }
  const Layout* all[] = {static_cast<Layout*>(a), static_cast<Layout*>(b), static_cast<Layout*>(c), static_cast<Layout*>(d)};
  Found* one = static_cast<Found*>(results);
  memset(static_cast<void*>(one), 0, sizeof *one); // state 0: it holds
  one->algorithm = {MARK, own.transA, own.transB, own.compute, own.epilogue, {}};
  std::copy_n(wishes.alignment, 4, one->algorithm.alignment);
  uint64_t sizes = hash({all[0], all[1], all[2], all[3]});
  memcpy(one->opaque, &sizes, 8);
  one->workspace = std::min<uint64_t>(wishes.workspace, WANTED);
  *found = 1;
  return 0;
}

// Whether an algorithm was found for a product, which keeps what was promised.
static bool fits(const Found& found, const Desc& desc, std::initializer_list<const Layout*> layouts,
    std::initializer_list<const void*> addresses, void* workspace, size_t workspaceSize, uint32_t* alignment) {
  const Algorithm& one = found.algorithm;
  uint64_t sizes;
  memcpy(&sizes, found.opaque, 8);
  bool same = one.mark == MARK && one.transA == desc.transA && one.transB == desc.transB && one.compute == desc.compute
      && one.epilogue == desc.epilogue && sizes == hash(layouts);
  if (!same) {
    report("cublasLtMatmul: the algorithm was found for another product");
    return false;
  }
  int i = 0;
  for (const void* address : addresses) {
    *alignment = one.alignment[i];
    if (reinterpret_cast<uint64_t>(address) % one.alignment[i++] != 0) {
      report("cublasLtMatmul: %p of %c is not aligned to %u, as was said", address, "ABCD"[i - 1], *alignment);
      return false;
    }
  }
  if (workspaceSize < found.workspace || reinterpret_cast<uint64_t>(workspace) % 256 != 0) {
    report("cublasLtMatmul: %zu bytes of workspace at %p, the algorithm needs %lu at a multiple of 256", workspaceSize, workspace,
        found.workspace);
    return false;
  }
  return true;
}

API cublasLtMatmul(void* handle, void* descP, const void* alphaP, const void* a, void* aP, const void* b, void* bP,
    const void* betaP, const void* c, void* cP, void* d, void* dP, const void* algo, void* workspace, size_t workspaceSize,
    void* stream) {
  std::lock_guard<std::recursive_mutex> locked(lock());
  if (!ltHandles.count(handle) || !descs.count(descP)) {
    return LT_INVALID;
  }
  Desc desc = *static_cast<Desc*>(descP);
  Layout la = *static_cast<Layout*>(aP), lb = *static_cast<Layout*>(bP), lc = *static_cast<Layout*>(cP), ld = *static_cast<Layout*>(dP);
  uint64_t m = desc.transA ? la.columns : la.rows, k = desc.transA ? la.rows : la.columns;
  uint64_t n = desc.transB ? lb.rows : lb.columns, k2 = desc.transB ? lb.columns : lb.rows;
  if (k != k2 || ld.rows != m || ld.columns != n || lc.rows != m || lc.columns != n || desc.pointerMode != 0) {
    report("cublasLtMatmul: A gives %lu x %lu, B %lu x %lu, D is %lu x %lu", m, k, k2, n, ld.rows, ld.columns);
    return LT_INVALID;
  }
  if (desc.epilogue != 1 && desc.epilogue != 4) {
    return LT_NOT_SUPPORTED;
  }
  uint32_t alignment = 4;
  if (algo && !fits(*static_cast<const Found*>(algo), desc, {&la, &lb, &lc, &ld}, {a, b, c, d}, workspace, workspaceSize,
      &alignment)) {
    return LT_INVALID;
  }
  if (desc.epilogue == 4 && reinterpret_cast<uint64_t>(desc.bias) % alignment != 0) {
    report("cublasLtMatmul: the bias %p is not aligned to %u", desc.bias, alignment);
    return LT_INVALID;
  }
  float alpha, beta;
  memcpy(&alpha, alphaP, 4);
  memcpy(&beta, betaP, 4);
  int own = -1;
  if (currentDevice(&own)) {
    return LT_NOT_INITIALIZED;
  }
  return submit("cublasLtMatmul", stream, [=]() -> Result {
    Result bad = checkRange("cublasLtMatmul, A", own, reinterpret_cast<uint64_t>(a), span(la));
    bad = bad ? bad : checkRange("cublasLtMatmul, B", own, reinterpret_cast<uint64_t>(b), span(lb));
    bad = bad ? bad : checkRange("cublasLtMatmul, D", own, reinterpret_cast<uint64_t>(d), span(ld));
    bad = bad || beta == 0 ? bad : checkRange("cublasLtMatmul, C", own, reinterpret_cast<uint64_t>(c), span(lc));
    bad = bad || desc.epilogue != 4 ? bad : checkRange("cublasLtMatmul, bias", own, reinterpret_cast<uint64_t>(desc.bias),
        m * sizeOf(desc.biasType < 0 ? ld.type : desc.biasType));
    bad = bad || workspaceSize == 0 ? bad : checkRange("cublasLtMatmul, workspace", own, reinterpret_cast<uint64_t>(workspace),
        workspaceSize);
    if (bad) {
      return ILLEGAL_ADDRESS;
    }
    bool reduced = desc.compute == 77;
    for (int batch = 0; batch < ld.batches; batch++) {
      const char* pa = static_cast<const char*>(a) + batch * la.stride * sizeOf(la.type);
      const char* pb = static_cast<const char*>(b) + batch * lb.stride * sizeOf(lb.type);
      const char* pc = static_cast<const char*>(c) + batch * lc.stride * sizeOf(lc.type);
      char* pd = static_cast<char*>(d) + batch * ld.stride * sizeOf(ld.type);
      for (uint64_t i = 0; i < m; i++) {
        for (uint64_t j = 0; j < n; j++) {
          float sum = 0;
          for (uint64_t l = 0; l < k; l++) {
            float x = load(pa + (desc.transA ? at(la, l, i) : at(la, i, l)) * sizeOf(la.type), la.type);
            float y = load(pb + (desc.transB ? at(lb, j, l) : at(lb, l, j)) * sizeOf(lb.type), lb.type);
            sum += reduced ? tf32(x) * tf32(y) : x * y;
          }
          float old = beta == 0 ? 0 : beta * load(pc + at(lc, i, j) * sizeOf(lc.type), lc.type);
          float bias = desc.epilogue == 4 ? load(static_cast<char*>(desc.bias) + i * (desc.biasType < 0 ? sizeOf(ld.type)
              : sizeOf(desc.biasType)), desc.biasType < 0 ? ld.type : desc.biasType) : 0;
          store(pd + at(ld, i, j) * sizeOf(ld.type), ld.type, alpha * sum + old + bias);
        }
      }
    }
    checkGuards("cublasLtMatmul");
    countLaunch("cublasLtMatmul");
    return SUCCESS;
  }) ? EXECUTION_FAILED : 0;
}
