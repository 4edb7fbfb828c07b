// Launches: arguments are checked, and the grid runs in several orders of blocks and threads whose results must be equal.
#include "emulator.h"
#include <cstdlib>
#include <cstring>

namespace emulated {

static const int FIRST = 6; // launches of an entry that run in all orders; later ones run in two, in turn
static std::map<std::string, long> counts;
static int chosen; // 0: as many as suits

void setOrders(int orders) {
  chosen = orders;
}

static int ordersOf(long count) {
  static const char* setting = getenv("HONE_EMULATED_ORDERS");
  return chosen ? chosen : setting ? atoi(setting) : count < FIRST ? ORDERS : 2;
}

Result checkLaunch(const Launch& launch, int device) {
  const Entry& entry = *launch.function->entry;
  uint64_t threads = static_cast<uint64_t>(launch.block.x) * launch.block.y * launch.block.z;
  if (threads == 0 || threads > 1024 || launch.block.z > 64 || launch.grid.x == 0 || launch.grid.y == 0 || launch.grid.z == 0
      || launch.grid.x > 0x7fffffffu || launch.grid.y > 65535 || launch.grid.z > 65535) {
    report("%s: a grid of %u x %u x %u blocks of %u x %u x %u threads", entry.name, launch.grid.x, launch.grid.y, launch.grid.z,
        launch.block.x, launch.block.y, launch.block.z);
    return INVALID_VALUE;
  }
  if (threads > entry.mostThreads) {
    report("%s: a block of %lu threads, its launch bounds say %u", entry.name, threads, entry.mostThreads);
    return INVALID_VALUE;
  }
  if (launch.sharedBytes > static_cast<unsigned>(launch.function->maxDynamicShared)) {
    report("%s: %u bytes of dynamic shared memory, %d are allowed", entry.name, launch.sharedBytes,
        launch.function->maxDynamicShared);
    return INVALID_VALUE;
  }
  for (int i = 0; i < entry.count; i++) {
    const Argument& a = entry.arguments[i];
    uint64_t address;
    memcpy(&address, launch.values.data() + 8 * i, 8);
    if (a.alignment == 0 || address == 0) {
      continue;
    }
    Allocation* in = find(address, true);
    if (!in || in->freed || in->device != device) {
      report("%s: argument %d, %#lx, %s", entry.name, i, static_cast<unsigned long>(address), !in ? "is in no allocation"
          : in->freed ? "was freed" : "is on another device");
      return ILLEGAL_ADDRESS;
    }
    if (address % a.alignment != 0) {
      report("%s: argument %d, %#lx, is not aligned to %d", entry.name, i, static_cast<unsigned long>(address), a.alignment);
      return MISALIGNED_ADDRESS;
    }
  }
  return SUCCESS;
}

// What a launch may write: what its arguments point to, or everything if they point to pointers.
static std::vector<Allocation*> written(const Launch& launch, int device) {
  const Entry& entry = *launch.function->entry;
  std::vector<Allocation*> all;
  std::set<Allocation*> known;
  for (int i = 0; i < entry.count; i++) {
    uint64_t address;
    memcpy(&address, launch.values.data() + 8 * i, 8);
    if (entry.arguments[i].table) {
      return live(device);
    }
    if (entry.arguments[i].writes && address != 0 && known.insert(find(address)).second) {
      all.push_back(find(address));
    }
  }
  return all;
}

static std::vector<char> contents(const std::vector<Allocation*>& all) {
  size_t size = 0;
  for (Allocation* a : all) {
    size += a->size;
  }
  std::vector<char> copy(size);
  size_t at = 0;
  for (Allocation* a : all) {
    memcpy(copy.data() + at, reinterpret_cast<void*>(a->base), a->size);
    at += a->size;
  }
  return copy;
}

static void restore(const std::vector<Allocation*>& all, const std::vector<char>& copy) {
  size_t at = 0;
  for (Allocation* a : all) {
    memcpy(reinterpret_cast<void*>(a->base), copy.data() + at, a->size);
    at += a->size;
  }
}

Result run(const Launch& launch, int device) {
  const Entry& entry = *launch.function->entry;
  Result checked = checkLaunch(launch, device);
  if (checked != SUCCESS) {
    return checked;
  }
  long count = counts[entry.name]++;
  countLaunch(entry.name);
  int orders = ordersOf(count);
  std::vector<Allocation*> targets;
  std::vector<char> start, result;
  if (orders > 1) {
    targets = written(launch, device);
    start = contents(targets);
  }
  for (int i = 0; i < orders; i++) {
    int order = i == 0 || orders == ORDERS ? i : 1 + static_cast<int>(count % (ORDERS - 1));
    if (i > 0) {
      restore(targets, start);
    }
    Result fault;
    if (!runGrid(launch, order, &fault)) {
      return fault;
    }
    if (i == 0) {
      if (orders > 1) {
        result = contents(targets);
      }
    } else if (contents(targets) != result) {
      report("%s: other bits where blocks and threads run in another order (%d)", entry.name, order);
      restore(targets, result);
    }
  }
  checkGuards(entry.name);
  return SUCCESS;
}

} // namespace emulated
