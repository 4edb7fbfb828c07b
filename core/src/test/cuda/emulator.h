// The parts of the emulated driver.
#pragma once
#include "device.h"
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace emulated {

// Results of the driver that tests and kernels provoke; numbers from cuda.h.
enum Result {
  SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101,
  INVALID_IMAGE = 200, INVALID_CONTEXT = 201, INVALID_PTX = 218, INVALID_HANDLE = 400, NOT_FOUND = 500, NOT_READY = 600,
  ILLEGAL_ADDRESS = 700, LAUNCH_OUT_OF_RESOURCES = 701, MISALIGNED_ADDRESS = 716, LAUNCH_FAILED = 719,
  STREAM_CAPTURE_UNSUPPORTED = 900, STREAM_CAPTURE_INVALIDATED = 901
};

struct Allocation {
  uint64_t base;
  size_t size;
  int device;
  bool freed;
  char* raw; // guard, contents, guard
  long serial;
};

// A module: a kernel source compiled by g++, loaded.
struct Module {
  void* library;
  const Entry* entries;
  Thread** thread; // the library's pointer to the running thread
  char* shared;
  long sharedSize;
};

// A block may ask for what its shared variables leave; g++ does not say whose they are, so that those of a whole module count.
struct Function {
  Module* module;
  const Entry* entry;
  int maxDynamicShared;
};

constexpr int SHARED = 48 * 1024, SHARED_IF_ASKED = 227 * 1024;

struct Launch {
  Function* function;
  Index grid, block;
  unsigned sharedBytes;
  std::vector<char> values; // of the arguments, 8 bytes each
};

// memory.cpp: device memory, guarded and poisoned
Result allocate(int device, size_t size, uint64_t* address);
Result release(int device, uint64_t address);
Allocation* find(uint64_t address, bool alsoFreed = false);
Result checkRange(const char* what, int device, uint64_t address, size_t size);
void checkGuards(const char* when);
std::vector<Allocation*> live(int device);
size_t allocated(int device);
size_t mostAllocated(int device); // at a time, of what was allocated since the last call
std::string leakedMemory();

// libraries.cpp
std::string leakedByLibraries();

// launch.cpp
Result checkLaunch(const Launch& launch, int device);
Result run(const Launch& launch, int device);
void setOrders(int orders); // of each launch from now on; 0: as many as suits
const Calls* calls();

// grid.cpp: runs all blocks of a launch in one of several orders; false after a fault, which is reported
constexpr int ORDERS = 4;
bool runGrid(const Launch& launch, int order, Result* fault);

// mma.cpp
void collective(Collective kind, int count, const unsigned char (*in)[64], const int* operands, unsigned char (*out)[64],
    int size);

// modules.cpp
Result loadModule(const void* image, Module** module);
void unloadModule(Module* module);
bool compileSource(const std::string& source, std::string* library, std::string* log);

// driver.cpp: the device of the calling thread
Result currentDevice(int* device);

// What went wrong, for the tests to read; also printed.
void report(const char* format, ...) __attribute__((format(printf, 1, 2)));
size_t memoryLimit();
std::recursive_mutex& lock();
void countLaunch(const char* entry);

} // namespace emulated
