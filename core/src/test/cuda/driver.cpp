// The driver API: devices and contexts. Work waits in one queue, in the order of its calls, until somebody asks
// for a result: what overwrites a pinned buffer too early, or reads one, gets the wrong bytes.
#include "driver.h"
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace emulated;

namespace {


bool initialised;
int deviceCount = 1;
size_t limit = size_t{2} << 30;
std::map<int, Context> contexts;
std::set<void*> handles[6]; // live ones, by kind
std::set<void*> gone;
const char* const KINDS[] = {"stream", "event", "module", "function", "graph", "graph exec"};
std::string reports;
std::map<std::string, long> launches;
struct Work { Context* context; std::function<Result()> run; };
std::vector<Work> queue;
Result fault; // of the next work

} // namespace

namespace emulated {

thread_local Context* current;
std::map<char*, size_t> pinned;

Result flush() {
  for (size_t i = 0; i < queue.size(); i++) {
    Work work = std::move(queue[i]);
    if (work.context->dead == SUCCESS) {
      work.context->dead = fault != SUCCESS ? fault : work.run();
      fault = SUCCESS;
    }
  }
  queue.clear();
  return current ? current->dead : SUCCESS;
}

int enter(const char* function, bool needsContext) {
  if (!initialised) {
    return NOT_INITIALIZED;
  }
  if (needsContext && !current) {
    report("%s: no context is current on this thread", function);
    return INVALID_CONTEXT;
  }
  return needsContext ? current->dead : SUCCESS;
}

void* add(Kind kind, void* handle) {
  gone.erase(handle);
  handles[kind].insert(handle);
  return handle;
}

int check(const char* function, Kind kind, void* handle) {
  if (handles[kind].count(handle)) {
    return SUCCESS;
  }
  report("%s: %p is no %s%s", function, handle, KINDS[kind], gone.count(handle) ? "; it was destroyed" : "");
  return INVALID_HANDLE;
}

int remove(const char* function, Kind kind, void* handle) {
  int checked = check(function, kind, handle);
  if (checked == SUCCESS) {
    handles[kind].erase(handle);
    gone.insert(handle);
  }
  return checked;
}

void forgetFunctions(Module* module) {
  for (auto at = handles[FUNCTION].begin(); at != handles[FUNCTION].end();) {
    Function* f = static_cast<Function*>(*at);
    if (f->module == module) {
      gone.insert(f); // kept, so that a stale handle is told from a new one
      at = handles[FUNCTION].erase(at);
    } else {
      ++at;
    }
  }
}

// The stream itself or null, for the stream 0.
int submit(const char* function, void* stream, std::function<Result()> work) {
  if (stream) {
    if (int refused = check(function, STREAM, stream)) {
      return refused;
    }
    if (Graph* graph = static_cast<Stream*>(stream)->capturing) {
      graph->work.push_back(std::move(work));
      return SUCCESS;
    }
  }
  queue.push_back({current, std::move(work)});
  return queue.size() > 512 ? flush() : SUCCESS;
}

bool capturing(void* stream) {
  return stream && handles[STREAM].count(stream) && static_cast<Stream*>(stream)->capturing;
}

bool waiting() {
  return !queue.empty();
}

std::recursive_mutex& lock() {
  static std::recursive_mutex* one = new std::recursive_mutex;
  return *one;
}

void report(const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fprintf(stderr, "emulated CUDA: %s\n", text);
  reports += std::string(text) + "\n";
}

Result currentDevice(int* device) {
  *device = current ? current->device : -1;
  return current ? current->dead : INVALID_CONTEXT;
}

size_t memoryLimit() {
  return limit;
}

void countLaunch(const char* entry) {
  launches[entry]++;
}

} // namespace emulated

// What tests ask, none of it in a real driver. Each returns the length of the text, of which `size` bytes at most are written.
static long answer(const std::string& text, char* to, long size) {
  if (size > 0) {
    snprintf(to, size, "%s", text.c_str());
  }
  return static_cast<long>(text.size());
}

// Mistakes since the last call, a line each.
extern "C" __attribute__((visibility("default"))) long honeEmulatedReports(char* to, long size) {
  std::lock_guard<std::recursive_mutex> locked(lock());
  flush();
  checkGuards("later");
  long length = answer(reports, to, size);
  if (size > 0) {
    reports.clear();
  }
  return length;
}

// What has not been given back, a line each.
extern "C" __attribute__((visibility("default"))) long honeEmulatedLeaks(char* to, long size) {
  std::lock_guard<std::recursive_mutex> locked(lock());
  flush();
  std::string text = leakedMemory() + leakedByLibraries();
  for (int kind = 0; kind < 6; kind++) {
    if (kind != FUNCTION && !handles[kind].empty()) {
      text += std::to_string(handles[kind].size()) + " of " + KINDS[kind] + "\n";
    }
  }
  for (auto& [p, bytes] : pinned) {
    text += "pinned memory of " + std::to_string(bytes) + " bytes\n";
  }
  for (auto& [device, context] : contexts) {
    if (context.users > 0) {
      text += "the context of device " + std::to_string(device) + "\n";
    }
  }
  return answer(text, to, size);
}

// "entry count" lines.
extern "C" __attribute__((visibility("default"))) long honeEmulatedLaunches(char* to, long size) {
  std::lock_guard<std::recursive_mutex> locked(lock());
  flush();
  std::string text;
  for (auto& [name, count] : launches) {
    text += name + " " + std::to_string(count) + "\n";
  }
  return answer(text, to, size);
}

// The most bytes on a device at a time of what was allocated since the last call.
extern "C" __attribute__((visibility("default"))) long honeEmulatedMostBytes(int device) {
  std::lock_guard<std::recursive_mutex> locked(lock());
  return static_cast<long>(mostAllocated(device));
}

// What comes of the work that is done next, whatever it is: an error of the hardware.
extern "C" __attribute__((visibility("default"))) void honeEmulatedFault(int code) {
  std::lock_guard<std::recursive_mutex> locked(lock());
  flush();
  fault = static_cast<Result>(code);
}

// In how many orders launches run from now on; 0: as many as suits.
extern "C" __attribute__((visibility("default"))) void honeEmulatedOrders(int orders) {
  setOrders(orders);
}

// How much memory each device has, and how many devices there are.
extern "C" __attribute__((visibility("default"))) void honeEmulatedMachine(int devices, long bytes) {
  deviceCount = devices;
  limit = bytes;
}

namespace {
struct AtExit {
  ~AtExit() {
    if (getenv("HONE_EMULATED_LEAKS")) {
      char text[4096];
      if (honeEmulatedLeaks(text, sizeof text) > 0) {
        fprintf(stderr, "emulated CUDA: not given back at exit:\n%s", text);
      }
    }
  }
} atExit;
} // namespace

API cuInit(unsigned flags) {
  initialised = flags == 0;
  return flags != 0 ? INVALID_VALUE : deviceCount == 0 ? NO_DEVICE : SUCCESS;
}

API cuDriverGetVersion(int* version) {
  *version = 13000;
  return SUCCESS;
}

API cuDeviceGetCount(int* count) {
  ENTER(false)
  *count = deviceCount;
  return SUCCESS;
}

API cuDeviceGet(int* device, int ordinal) {
  ENTER(false)
  *device = ordinal;
  return ordinal >= 0 && ordinal < deviceCount ? SUCCESS : INVALID_DEVICE;
}

API cuDeviceGetName(char* name, int length, int device) {
  ENTER(false)
  snprintf(name, length, "Emulated GPU %d", device);
  return device >= 0 && device < deviceCount ? SUCCESS : INVALID_DEVICE;
}

API cuDeviceTotalMem_v2(size_t* bytes, int device) {
  ENTER(false)
  *bytes = limit;
  return device >= 0 && device < deviceCount ? SUCCESS : INVALID_DEVICE;
}

API cuDeviceGetUuid_v2(char* uuid, int device) {
  ENTER(false)
  memset(uuid, device, 16);
  return SUCCESS;
}

API cuDeviceGetAttribute(int* value, int attribute, int device) {
  ENTER(false)
  static const std::map<int, int> known{{1, 1024}, {2, 1024}, {3, 1024}, {4, 64}, {5, 0x7fffffff}, {6, 65535}, {7, 65535},
      {8, SHARED}, {10, 32}, {12, 65536}, {13, 1000000}, {16, 4}, {19, 1}, {36, 1000000}, {37, 64}, {38, 1 << 20}, {39, 2048},
      {41, 1}, {75, 9}, {76, 0}, {81, 228 * 1024}, {82, 65536}, {97, SHARED_IF_ASKED}, {111, 1024}, {115, 1}, {120, 1}};
  if (device < 0 || device >= deviceCount) {
    return INVALID_DEVICE;
  }
  auto at = known.find(attribute);
  *value = at == known.end() ? 0 : at->second;
  return SUCCESS;
}

API cuDevicePrimaryCtxRetain(void** context, int device) {
  ENTER(false)
  if (device < 0 || device >= deviceCount) {
    return INVALID_DEVICE;
  }
  Context& c = contexts[device];
  c.device = device;
  c.users++;
  *context = &c;
  return SUCCESS;
}

API cuDevicePrimaryCtxRelease_v2(int device) {
  ENTER(false)
  flush();
  if (contexts[device].users == 0) {
    report("cuDevicePrimaryCtxRelease: device %d has no context", device);
    return INVALID_CONTEXT;
  }
  if (--contexts[device].users == 0) { // all of its memory goes with it
    for (Allocation* a : live(device)) {
      report("cuDevicePrimaryCtxRelease: memory of %zu bytes is left", a->size);
      release(device, a->base);
    }
    contexts[device].dead = SUCCESS;
  }
  return SUCCESS;
}

API cuCtxSetCurrent(void* context) {
  ENTER(false)
  bool known = !context;
  for (auto& [device, c] : contexts) {
    known |= context == &c && c.users > 0;
  }
  if (!known) {
    report("cuCtxSetCurrent: %p is no context", context);
    return INVALID_CONTEXT;
  }
  current = static_cast<Context*>(context);
  return SUCCESS;
}

API cuCtxGetCurrent(void** context) {
  ENTER(false)
  *context = current;
  return SUCCESS;
}

API cuCtxSynchronize() {
  ENTER(true)
  return flush();
}

static const std::map<int, std::pair<const char*, const char*>>& errors() {
  static const std::map<int, std::pair<const char*, const char*>> known{{0, {"CUDA_SUCCESS", "no error"}},
      {1, {"CUDA_ERROR_INVALID_VALUE", "invalid argument"}}, {2, {"CUDA_ERROR_OUT_OF_MEMORY", "out of memory"}},
      {3, {"CUDA_ERROR_NOT_INITIALIZED", "initialization error"}}, {100, {"CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"}},
      {101, {"CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"}}, {200, {"CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"}},
      {201, {"CUDA_ERROR_INVALID_CONTEXT", "invalid device context"}}, {218, {"CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"}},
      {214, {"CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered"}},
      {400, {"CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"}}, {500, {"CUDA_ERROR_NOT_FOUND", "named symbol not found"}},
      {600, {"CUDA_ERROR_NOT_READY", "device not ready"}}, {700, {"CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"}},
      {701, {"CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"}},
      {716, {"CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"}}, {719, {"CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"}},
      {900, {"CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"}},
      {901, {"CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"}}};
  return known;
}

API cuGetErrorName(int error, const char** text) {
  auto at = errors().find(error);
  *text = at == errors().end() ? nullptr : at->second.first;
  return *text ? SUCCESS : INVALID_VALUE;
}

API cuGetErrorString(int error, const char** text) {
  auto at = errors().find(error);
  *text = at == errors().end() ? nullptr : at->second.second;
  return *text ? SUCCESS : INVALID_VALUE;
}
