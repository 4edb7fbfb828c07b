// The driver API: memory, copies, streams, events, graphs.
#include "driver.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace emulated;

namespace {

struct Event { bool recorded = false; bool done = false; double at = 0; };
double now; // in milliseconds: work takes a while, whatever it is
int pool_;

bool isPinned(const void* p, size_t size) {
  auto at = pinned.upper_bound(static_cast<char*>(const_cast<void*>(p)));
  if (at == pinned.begin()) {
    return false;
  }
  --at;
  return static_cast<const char*>(p) + size <= at->first + at->second;
}

} // namespace

API cuMemGetInfo_v2(size_t* free, size_t* total) {
  ENTER(true)
  *total = memoryLimit();
  *free = memoryLimit() - std::min(memoryLimit(), allocated(current->device));
  return SUCCESS;
}

API cuMemAlloc_v2(uint64_t* address, size_t size) {
  ENTER(true)
  return allocate(current->device, size, address);
}

API cuMemFree_v2(uint64_t address) {
  ENTER(true)
  if (address == 0) {
    return SUCCESS;
  }
  if (waiting()) { // "may perform implicit synchronization", says cuda.h, and does not promise it
    report("cuMemFree: of memory that work which waits may use");
  }
  if (Result dead = flush()) {
    return dead;
  }
  return release(current->device, address);
}

API cuMemAllocAsync(uint64_t* address, size_t size, void* stream) {
  ENTER(true)
  (void) stream;
  return allocate(current->device, size, address);
}

API cuMemFreeAsync(uint64_t address, void* stream) {
  ENTER(true)
  int device = current->device;
  return submit("cuMemFreeAsync", stream, [=] { return release(device, address); });
}

API cuDeviceGetDefaultMemPool(void** pool, int) {
  ENTER(false)
  *pool = &pool_;
  return SUCCESS;
}

API cuMemPoolSetAttribute(void* pool, int, void*) {
  ENTER(false)
  return pool == &pool_ ? SUCCESS : INVALID_VALUE;
}

API cuMemHostAlloc(void** p, size_t size, unsigned) {
  ENTER(true)
  *p = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
  memset(*p, 0xFF, size);
  pinned[static_cast<char*>(*p)] = size;
  return SUCCESS;
}

API cuMemFreeHost(void* p) {
  ENTER(true)
  if (waiting()) {
    report("cuMemFreeHost: of memory that work which waits may use");
  }
  flush();
  if (!pinned.erase(static_cast<char*>(p))) {
    report("cuMemFreeHost: %p is no pinned memory", p);
    return INVALID_VALUE;
  }
  free(p);
  return SUCCESS;
}

static int copyUp(uint64_t to, const void* from, size_t size, void* stream) {
  int device = current->device;
  if (int refused = checkRange("cuMemcpyHtoD", device, to, size)) {
    return refused;
  }
  return submit("cuMemcpyHtoDAsync", stream, [=] { // read when its turn comes
    memcpy(reinterpret_cast<void*>(to), from, size);
    return checkRange("cuMemcpyHtoD", device, to, size);
  });
}

static int copyDown(void* to, uint64_t from, size_t size, void* stream) {
  if (int refused = checkRange("cuMemcpyDtoH", current->device, from, size)) {
    return refused;
  }
  return submit("cuMemcpyDtoHAsync", stream, [=] {
    memcpy(to, reinterpret_cast<void*>(from), size);
    return SUCCESS;
  });
}

// A driver takes other memory, too, and then waits now and then: nothing that is called asynchronous is to do that.
static void mustBePinned(const char* function, const void* p, size_t size) {
  if (!isPinned(p, size)) {
    report("%s: the host's memory is not page-locked", function);
  }
}

API cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t size, void* stream) {
  ENTER(true)
  mustBePinned("cuMemcpyHtoDAsync", from, size);
  return copyUp(to, from, size, stream);
}

API cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t size, void* stream) {
  ENTER(true)
  mustBePinned("cuMemcpyDtoHAsync", to, size);
  return copyDown(to, from, size, stream);
}

API cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t size, void* stream) {
  ENTER(true)
  int device = current->device;
  int refused = checkRange("cuMemcpyDtoD, target", device, to, size);
  if (refused || (refused = checkRange("cuMemcpyDtoD, source", device, from, size))) {
    return refused;
  }
  if (to < from + size && from < to + size) {
    report("cuMemcpyDtoD: source and target overlap");
    return INVALID_VALUE;
  }
  return submit("cuMemcpyDtoDAsync", stream, [=] {
    memcpy(reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), size);
    return SUCCESS;
  });
}

API cuMemcpyHtoD_v2(uint64_t to, const void* from, size_t size) {
  ENTER(true)
  int result = copyUp(to, from, size, nullptr);
  return result ? result : flush();
}

API cuMemcpyDtoH_v2(void* to, uint64_t from, size_t size) {
  ENTER(true)
  int result = copyDown(to, from, size, nullptr);
  return result ? result : flush();
}

API cuMemsetD8Async(uint64_t to, unsigned char value, size_t size, void* stream) {
  ENTER(true)
  if (int refused = checkRange("cuMemsetD8", current->device, to, size)) {
    return refused;
  }
  return submit("cuMemsetD8Async", stream, [=] {
    memset(reinterpret_cast<void*>(to), value, size);
    return SUCCESS;
  });
}

API cuMemsetD32Async(uint64_t to, unsigned value, size_t count, void* stream) {
  ENTER(true)
  if (int refused = checkRange("cuMemsetD32", current->device, to, 4 * count)) {
    return refused;
  }
  return submit("cuMemsetD32Async", stream, [=] {
    std::fill_n(reinterpret_cast<unsigned*>(to), count, value);
    return SUCCESS;
  });
}

API cuStreamCreate(void** stream, unsigned) {
  ENTER(true)
  *stream = add(STREAM, new Stream);
  return SUCCESS;
}

API cuStreamDestroy_v2(void* stream) {
  ENTER(true)
  flush();
  return remove("cuStreamDestroy", STREAM, stream);
}

API cuStreamSynchronize(void* stream) {
  ENTER(true)
  if (int refused = stream ? check("cuStreamSynchronize", STREAM, stream) : 0) {
    return refused;
  }
  return capturing(stream) ? STREAM_CAPTURE_UNSUPPORTED : flush();
}

API cuStreamQuery(void* stream) {
  ENTER(true)
  if (int refused = stream ? check("cuStreamQuery", STREAM, stream) : 0) {
    return refused;
  }
  bool busy = waiting();
  flush();
  return busy ? NOT_READY : current->dead;
}

API cuStreamWaitEvent(void* stream, void* event, unsigned) {
  ENTER(true)
  int refused = check("cuStreamWaitEvent", STREAM, stream);
  return refused ? refused : check("cuStreamWaitEvent", EVENT, event);
}

API cuEventCreate(void** event, unsigned) {
  ENTER(true)
  *event = add(EVENT, new Event);
  return SUCCESS;
}

API cuEventDestroy_v2(void* event) {
  ENTER(true)
  flush();
  return remove("cuEventDestroy", EVENT, event);
}

API cuEventRecord(void* event, void* stream) {
  ENTER(true)
  if (int refused = check("cuEventRecord", EVENT, event)) {
    return refused;
  }
  Event* e = static_cast<Event*>(event);
  e->recorded = true;
  e->done = false;
  return submit("cuEventRecord", stream, [e] {
    e->done = true;
    e->at = now += 0.01;
    return SUCCESS;
  });
}

API cuEventSynchronize(void* event) {
  ENTER(true)
  int refused = check("cuEventSynchronize", EVENT, event);
  return refused ? refused : flush();
}

API cuEventQuery(void* event) {
  ENTER(true)
  if (int refused = check("cuEventQuery", EVENT, event)) {
    return refused;
  }
  Event* e = static_cast<Event*>(event);
  bool busy = e->recorded && !e->done;
  if (busy) {
    flush(); // so that asking again does not go on for ever
  }
  return busy ? NOT_READY : current->dead;
}

API cuEventElapsedTime_v2(float* milliseconds, void* start, void* end) {
  ENTER(true)
  int refused = check("cuEventElapsedTime", EVENT, start);
  if (refused || (refused = check("cuEventElapsedTime", EVENT, end))) {
    return refused;
  }
  Event* from = static_cast<Event*>(start);
  Event* to = static_cast<Event*>(end);
  *milliseconds = static_cast<float>(to->at - from->at);
  return !from->recorded || !to->recorded ? INVALID_HANDLE : from->done && to->done ? SUCCESS : NOT_READY;
}

API cuEventElapsedTime(float* milliseconds, void* start, void* end) {
  return cuEventElapsedTime_v2(milliseconds, start, end);
}

API cuStreamBeginCapture_v2(void* stream, int) {
  ENTER(true)
  if (int refused = check("cuStreamBeginCapture", STREAM, stream)) {
    return refused;
  }
  if (capturing(stream)) {
    return STREAM_CAPTURE_UNSUPPORTED;
  }
  static_cast<Stream*>(stream)->capturing = new Graph;
  return SUCCESS;
}

API cuStreamEndCapture(void* stream, void** graph) {
  ENTER(true)
  if (int refused = check("cuStreamEndCapture", STREAM, stream)) {
    return refused;
  }
  if (!capturing(stream)) {
    return STREAM_CAPTURE_INVALIDATED;
  }
  *graph = add(GRAPH, static_cast<Stream*>(stream)->capturing);
  static_cast<Stream*>(stream)->capturing = nullptr;
  return SUCCESS;
}

API cuGraphInstantiateWithFlags(void** exec, void* graph, unsigned long long) {
  ENTER(true)
  if (int refused = check("cuGraphInstantiate", GRAPH, graph)) {
    return refused;
  }
  *exec = add(GRAPH_EXEC, new Graph(*static_cast<Graph*>(graph)));
  return SUCCESS;
}

API cuGraphLaunch(void* exec, void* stream) {
  ENTER(true)
  if (int refused = check("cuGraphLaunch", GRAPH_EXEC, exec)) {
    return refused;
  }
  for (auto& work : static_cast<Graph*>(exec)->work) {
    if (int refused = submit("cuGraphLaunch", stream, work)) {
      return refused;
    }
  }
  return SUCCESS;
}

API cuGraphDestroy(void* graph) {
  ENTER(true)
  return remove("cuGraphDestroy", GRAPH, graph);
}

API cuGraphExecDestroy(void* exec) {
  ENTER(true)
  flush();
  return remove("cuGraphExecDestroy", GRAPH_EXEC, exec);
}
