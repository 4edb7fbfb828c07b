// Runs a launch: block after block, a fibre for each thread. A fibre runs until it waits for others or ends, so that what one
// thread does before a barrier is done before or after all that another does, as the order says: a missing barrier changes bits.
#undef _FORTIFY_SOURCE
#include "emulator.h"
#include <algorithm>
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sys/mman.h>
#include <ucontext.h>

namespace emulated {

static const size_t STACK = 128 * 1024;
static const int WARP = 32;
enum State { READY, AT_BARRIER, IN_COLLECTIVE, ENDED };

struct Fibre {
  ucontext_t first;
  jmp_buf at;
  char* stack = nullptr;
  bool started = false;
  State state = ENDED;
  int line = 0;
  Collective kind{};
  unsigned mask = 0;
  int operand = 0, size = 0, resultSize = 0;
  unsigned char in[64];
  unsigned char out[64];
  Thread thread;
};

static std::vector<std::unique_ptr<Fibre>> fibres;
static Fibre* volatile current;
static jmp_buf scheduler;
static sigjmp_buf faulted;
static volatile sig_atomic_t running; // whether a kernel runs, on the thread below
static thread_local bool kernelThread;
static struct sigaction before[2];
static const Launch* launched;
static void* values[256];

static void yield() {
  if (_setjmp(current->at) == 0) {
    _longjmp(scheduler, 1);
  }
}

// A fibre serves thread after thread; it never returns.
static void serve() {
  for (;;) {
    launched->function->entry->call(values);
    current->state = ENDED;
    yield();
  }
}

static void barrier(int line) {
  current->state = AT_BARRIER;
  current->line = line;
  yield();
}

static void join(Collective kind, int line, unsigned mask, int operand, const void* in, int size, void* out, int resultSize) {
  Fibre* f = current;
  f->state = IN_COLLECTIVE;
  f->kind = kind;
  f->line = line;
  f->mask = mask;
  f->operand = operand;
  f->size = size;
  f->resultSize = resultSize;
  if (size > 0) {
    memcpy(f->in, in, size);
  }
  yield();
  if (resultSize > 0) {
    memcpy(out, f->out, resultSize);
  }
}

const Calls* calls() {
  static const Calls table{barrier, join};
  return &table;
}

static void resume(Fibre* f, Module* module) {
  current = f;
  *module->thread = &f->thread;
  if (_setjmp(scheduler) == 0) {
    if (f->started) {
      _longjmp(f->at, 1);
    }
    f->started = true;
    setcontext(&f->first);
  }
}

static Fibre* fibre(size_t i) {
  while (fibres.size() <= i) {
    fibres.push_back(std::make_unique<Fibre>());
  }
  Fibre* f = fibres[i].get();
  if (!f->stack) {
    f->stack = static_cast<char*>(mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    f->started = false;
  }
  if (!f->started) {
    getcontext(&f->first);
    f->first.uc_stack.ss_sp = f->stack;
    f->first.uc_stack.ss_size = STACK;
    f->first.uc_link = nullptr;
    makecontext(&f->first, serve, 0);
  }
  return f;
}

// Of a fault in a kernel, and only there: everything else goes where it went before.
static void onFault(int signal, siginfo_t* info, void* context) {
  if (running && kernelThread) {
    siglongjmp(faulted, signal);
  }
  struct sigaction& old = before[signal == SIGSEGV ? 0 : 1];
  if (old.sa_flags & SA_SIGINFO) {
    old.sa_sigaction(signal, info, context);
  } else if (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN) {
    old.sa_handler(signal);
  } else {
    sigaction(signal, &old, nullptr);
  }
}

static unsigned next(unsigned* seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

// Order 0 rises, 1 falls, 2 is shuffled, 3 takes every third.
static std::vector<unsigned> sequence(size_t n, int order, unsigned seed) {
  std::vector<unsigned> s(n);
  for (size_t i = 0; i < n; i++) {
    s[i] = order == 1 ? n - 1 - i : i;
  }
  if (order == 2) {
    for (size_t i = n; i > 1; i--) {
      std::swap(s[i - 1], s[next(&seed) % i]);
    }
  } else if (order == 3) {
    size_t at = 0;
    for (size_t first = 0; first < 3; first++) {
      for (size_t i = first; i < n; i += 3) {
        s[at++] = i;
      }
    }
  }
  return s;
}

// Lets the warps of some threads go on where all have come to one collective operation. -1 after a mistake, else how many did.
static int resolveWarps(int from, int threads, const char* kernel) {
  int released = 0;
  for (int first = from; first < threads; first += WARP) {
    int waiting = 0;
    for (int lane = 0; lane < WARP && first + lane < threads; lane++) {
      waiting += fibres[first + lane]->state == IN_COLLECTIVE;
    }
    if (waiting < WARP) {
      continue;
    }
    Fibre* lead = fibres[first].get();
    unsigned char in[WARP][64], out[WARP][64];
    int operands[WARP];
    for (int lane = 0; lane < WARP; lane++) {
      Fibre* f = fibres[first + lane].get();
      if (f->kind != lead->kind || f->line != lead->line || f->mask != 0xffffffffu) {
        report("%s: threads %d and %d of a block are in different collective operations, lines %d and %d", kernel, first,
            first + lane, lead->line, f->line);
        return -1;
      }
      memcpy(in[lane], f->in, f->size);
      operands[lane] = f->operand;
    }
    collective(lead->kind, WARP, in, operands, out, lead->size);
    for (int lane = 0; lane < WARP; lane++) {
      Fibre* f = fibres[first + lane].get();
      memcpy(f->out, out[lane], f->resultSize);
      f->state = READY;
    }
    released += WARP;
  }
  return released;
}

static bool releaseBarrier(int threads, const char* kernel) {
  int line = fibres[0]->line;
  for (int t = 0; t < threads; t++) {
    Fibre* f = fibres[t].get();
    if (f->state != AT_BARRIER || f->line != line) {
      static const char* const names[] = {"runs", "is at a barrier", "waits for its warp", "has ended"};
      report("%s: not all threads of a block come to one barrier: thread 0 %s in line %d, thread %d %s in line %d", kernel,
          names[fibres[0]->state], line, t, names[f->state], f->line);
      return false;
    }
  }
  for (int t = 0; t < threads; t++) {
    fibres[t]->state = READY;
  }
  return true;
}

// In odd orders a warp goes on alone, as far as to a barrier of the block, before the next one begins.
static bool runBlock(const Launch& launch, Index block, char* dynamicShared, const std::vector<unsigned>& order, bool warpByWarp) {
  Module* module = launch.function->module;
  const char* kernel = launch.function->entry->name;
  int threads = static_cast<int>(order.size());
  for (int t = 0; t < threads; t++) {
    Fibre* f = fibre(t);
    unsigned x = t % launch.block.x, yz = t / launch.block.x;
    f->thread = {{x, yz % launch.block.y, yz / launch.block.y}, block, launch.block, launch.grid, dynamicShared};
    f->state = READY;
    f->line = 0;
  }
  if (module->sharedSize > 0) {
    memset(module->shared, 0xFF, module->sharedSize);
  }
  for (;;) {
    int ended = 0;
    for (unsigned t : order) {
      int first = static_cast<int>(t) / WARP * WARP, end = std::min(first + WARP, threads);
      int resolved = 0;
      do {
        for (unsigned i = 0; i < order.size() && resolved > 0; i++) {
          unsigned other = order[i];
          if (static_cast<int>(other) >= first && static_cast<int>(other) < end && fibres[other]->state == READY) {
            resume(fibres[other].get(), module);
          }
        }
        if (fibres[t]->state == READY) {
          resume(fibres[t].get(), module);
        }
        resolved = warpByWarp ? resolveWarps(first, end, kernel) : 0;
      } while (resolved > 0);
      if (resolved < 0) {
        return false;
      }
    }
    for (int t = 0; t < threads; t++) {
      ended += fibres[t]->state == ENDED;
    }
    if (ended == threads) {
      return true;
    }
    int released = resolveWarps(0, threads, kernel);
    if (released < 0 || released == 0 && !releaseBarrier(threads, kernel)) {
      return false;
    }
  }
}

// Fibres in the middle of a kernel cannot go on with another.
static void abandonFibres() {
  for (auto& f : fibres) {
    f->started = false;
    f->state = ENDED;
  }
}

static bool runBlocks(const Launch& launch, int order) {
  size_t count = static_cast<size_t>(launch.grid.x) * launch.grid.y * launch.grid.z;
  size_t threads = static_cast<size_t>(launch.block.x) * launch.block.y * launch.block.z;
  static const size_t GUARD = 4096;
  std::vector<char> room(launch.sharedBytes + 2 * GUARD + 16);
  char* shared = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(room.data()) + GUARD + 15) / 16 * 16);
  std::vector<unsigned> blocks = sequence(count, order, 1);
  std::vector<unsigned> lanes = sequence(threads, order, 7);
  for (unsigned b : blocks) {
    memset(room.data(), 0xFF, room.size());
    Index block{b % launch.grid.x, b / launch.grid.x % launch.grid.y, b / launch.grid.x / launch.grid.y};
    if (!runBlock(launch, block, shared, lanes, order % 2 == 1)) {
      return false;
    }
    for (char* p = room.data(); p < room.data() + room.size(); p++) {
      if (p == shared) {
        p += launch.sharedBytes;
      }
      if (p < room.data() + room.size() && *p != static_cast<char>(0xFF)) {
        report("%s: a write at byte %ld of %u bytes of dynamic shared memory", launch.function->entry->name,
            static_cast<long>(p - shared), launch.sharedBytes);
        return false;
      }
    }
  }
  return true;
}

bool runGrid(const Launch& launch, int order, Result* fault) {
  launched = &launch;
  for (int i = 0; i < launch.function->entry->count; i++) {
    values[i] = const_cast<char*>(launch.values.data()) + 8 * i;
  }
  struct sigaction ours {};
  ours.sa_sigaction = onFault;
  ours.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &ours, &before[0]);
  sigaction(SIGBUS, &ours, &before[1]);
  kernelThread = true;
  bool good = false;
  *fault = LAUNCH_FAILED;
  if (sigsetjmp(faulted, 1) == 0) {
    running = 1;
    good = runBlocks(launch, order);
  } else {
    *fault = ILLEGAL_ADDRESS;
    report("%s: a thread touched an address that no memory has: block %u %u %u, thread %u %u %u", launch.function->entry->name,
        current->thread.blockIdx.x, current->thread.blockIdx.y, current->thread.blockIdx.z, current->thread.threadIdx.x,
        current->thread.threadIdx.y, current->thread.threadIdx.z);
  }
  running = 0;
  kernelThread = false;
  sigaction(SIGSEGV, &before[0], nullptr);
  sigaction(SIGBUS, &before[1], nullptr);
  if (!good) {
    abandonFibres();
  }
  return good;
}

} // namespace emulated
