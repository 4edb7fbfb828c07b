// Device memory: each allocation lies between guards; what is new or was freed is poisoned. Poison is all ones: NaN as a float,
// -1 as an int, so that numbers read where none were written show in every result. Guards are NaN too, each word another one: what is
// copied from one guard to another shows.
#include "emulator.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>

namespace emulated {

static const size_t GUARD = 256;
static const size_t KEPT = 64 << 20; // bytes of freed memory that are still recognised
static const int POISON = 0xFF;
static std::map<uint64_t, Allocation*> allocations; // those that were freed among them
static std::set<Allocation*> living;
static std::deque<Allocation*> freed;
static size_t freedBytes;
static std::map<int, size_t> used;
static std::map<int, size_t> young, most; // of what was allocated since somebody asked: bytes, and the most they were
static long serial, asked;

static size_t padded(size_t size) {
  return (size + GUARD - 1) / GUARD * GUARD;
}

static unsigned char guardByte(uint64_t address) {
  unsigned word = 0xffc00000u | (address >> 2 & 0x3fffffu);
  return static_cast<unsigned char>(word >> 8 * (address & 3));
}

static void guard(char* from, char* end) {
  for (char* p = from; p < end; p++) {
    *p = static_cast<char>(guardByte(reinterpret_cast<uint64_t>(p)));
  }
}

static void guard(const Allocation& a) {
  guard(a.raw, a.raw + GUARD);
  guard(a.raw + GUARD + a.size, a.raw + 2 * GUARD + padded(a.size));
}

static void forgetOldest() {
  Allocation* oldest = freed.front();
  freed.pop_front();
  freedBytes -= oldest->size;
  allocations.erase(oldest->base);
  free(oldest->raw);
  delete oldest;
}

Result allocate(int device, size_t size, uint64_t* address) {
  if (size == 0) {
    report("cuMemAlloc of 0 bytes");
    return INVALID_VALUE;
  }
  if (size > memoryLimit() || used[device] > memoryLimit() - size) {
    return OUT_OF_MEMORY;
  }
  char* raw = static_cast<char*>(aligned_alloc(GUARD, padded(size) + 2 * GUARD));
  if (!raw) {
    return OUT_OF_MEMORY;
  }
  memset(raw, POISON, padded(size) + 2 * GUARD);
  Allocation* made = new Allocation{reinterpret_cast<uint64_t>(raw) + GUARD, size, device, false, raw, ++serial};
  guard(*made);
  allocations[made->base] = made;
  living.insert(made);
  used[device] += size;
  young[device] += size;
  most[device] = std::max(most[device], young[device]);
  *address = made->base;
  return SUCCESS;
}

static bool isGuard(const unsigned char* p, const unsigned char* end) {
  for (; p < end && reinterpret_cast<uint64_t>(p) % 4 != 0; p++) {
    if (*p != guardByte(reinterpret_cast<uint64_t>(p))) {
      return false;
    }
  }
  for (; p < end; p += 4) { // guards end where words do
    uint32_t word;
    memcpy(&word, p, 4);
    if (word != (0xffc00000u | static_cast<uint32_t>(reinterpret_cast<uint64_t>(p) >> 2 & 0x3fffffu))) {
      return false;
    }
  }
  return true;
}

static bool guardsHold(const Allocation& a, const char* when) {
  const unsigned char* p = reinterpret_cast<unsigned char*>(a.raw);
  size_t size = 2 * GUARD + padded(a.size);
  if (isGuard(p, p + GUARD) && isGuard(p + GUARD + a.size, p + size)) {
    return true;
  }
  for (size_t i = 0; i < size; i++) {
    if (i == GUARD) {
      i += a.size; // the contents
    }
    if (p[i] != guardByte(reinterpret_cast<uint64_t>(p + i))) {
      report("%s: a write at byte %ld of an allocation of %zu bytes", when,
          (static_cast<long>(i) - static_cast<long>(GUARD)) & ~3L, a.size);
      guard(a); // mended, so that it is told once
      break;
    }
  }
  return false;
}

Result release(int device, uint64_t address) {
  auto at = allocations.find(address);
  if (at == allocations.end() || at->second->freed || at->second->device != device) {
    report(at != allocations.end() && at->second->freed ? "cuMemFree: %#lx was freed before"
        : "cuMemFree: %#lx is not the start of an allocation of this device", static_cast<unsigned long>(address));
    return INVALID_VALUE;
  }
  Allocation* a = at->second;
  guardsHold(*a, "cuMemFree");
  memset(a->raw, POISON, padded(a->size) + 2 * GUARD);
  a->freed = true;
  living.erase(a);
  used[device] -= a->size;
  young[device] -= a->serial > asked ? a->size : 0;
  freed.push_back(a);
  freedBytes += a->size;
  while (freedBytes > KEPT && freed.size() > 1) {
    forgetOldest();
  }
  return SUCCESS;
}

Allocation* find(uint64_t address, bool alsoFreed) {
  auto at = allocations.upper_bound(address);
  if (at == allocations.begin()) {
    return nullptr;
  }
  Allocation* a = (--at)->second;
  bool inside = address < a->base + a->size;
  return inside && (alsoFreed || !a->freed) ? a : nullptr;
}

Result checkRange(const char* what, int device, uint64_t address, size_t size) {
  Allocation* a = find(address, true);
  if (!a || a->freed || a->device != device || size > a->base + a->size - address) {
    report("%s: %zu bytes at %#lx %s", what, size, static_cast<unsigned long>(address), !a ? "are in no allocation"
        : a->freed ? "were freed" : a->device != device ? "belong to another device" : "reach past the end of their allocation");
    return INVALID_VALUE;
  }
  return SUCCESS;
}

void checkGuards(const char* when) {
  for (Allocation* a : living) {
    guardsHold(*a, when);
  }
}

std::vector<Allocation*> live(int device) {
  std::vector<Allocation*> all;
  for (auto& [base, a] : allocations) {
    if (!a->freed && a->device == device) {
      all.push_back(a);
    }
  }
  return all;
}

size_t allocated(int device) {
  return used[device];
}

size_t mostAllocated(int device) {
  size_t seen = most[device];
  young.clear();
  most.clear();
  asked = serial;
  return seen;
}

std::string leakedMemory() {
  std::string text;
  for (auto& [base, a] : allocations) {
    if (!a->freed) {
      text += "device memory of " + std::to_string(a->size) + " bytes\n";
    }
  }
  return text;
}

} // namespace emulated
