// What a compiled kernel and the emulated driver know of each other. Included by both.
#pragma once

namespace emulated {

struct Index {
  unsigned x, y, z;
};

// The thread that runs now; the driver sets the kernel library's pointer to it at every switch.
struct Thread {
  Index threadIdx, blockIdx, blockDim, gridDim;
  char* dynamicShared;
};

// Collective operations of the threads of a warp.
enum Collective { SYNC_WARP, SHUFFLE, SHUFFLE_UP, SHUFFLE_DOWN, SHUFFLE_XOR, BALLOT, ANY, ALL, MMA_BF16, MMA_TF32 };

struct Calls {
  void (*barrier)(int line);
  // Gives `size` bytes and receives `resultSize` bytes once all threads of the mask have come to the same line.
  void (*collective)(Collective kind, int line, unsigned mask, int operand, const void* in, int size, void* out, int resultSize);
};

struct Argument {
  int size;
  int alignment; // of what a pointer points to; 0 where the argument is no pointer
  bool writes;   // whether it points to what is not const
  bool table;    // whether it points to pointers
};

struct Entry {
  const char* name;
  int count;
  const Argument* arguments;
  void (*call)(void* const* values);
  unsigned mostThreads; // of a block: its launch bounds
};

} // namespace emulated
