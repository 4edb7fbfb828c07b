// What the functions of the driver API share.
#pragma once
#include "emulator.h"

#define API extern "C" __attribute__((visibility("default"))) int
#define ENTER(needsContext)                                                                                                      \
  std::lock_guard<std::recursive_mutex> locked(lock());                                                                          \
  if (int refused = enter(__func__, needsContext)) {                                                                             \
    return refused;                                                                                                              \
  }

namespace emulated {

struct Context { int device; int users = 0; Result dead = SUCCESS; };
enum Kind { STREAM, EVENT, MODULE, FUNCTION, GRAPH, GRAPH_EXEC };
struct Graph { std::vector<std::function<Result()>> work; };
struct Stream { Graph* capturing = nullptr; };

extern thread_local Context* current;
extern std::map<char*, size_t> pinned; // host memory and its size
int enter(const char* function, bool needsContext);
Result flush(); // does what waits
bool waiting();
void* add(Kind kind, void* handle);
int check(const char* function, Kind kind, void* handle);
int remove(const char* function, Kind kind, void* handle);
void forgetFunctions(Module* module);
int submit(const char* function, void* stream, std::function<Result()> work);
bool capturing(void* stream);

} // namespace emulated
