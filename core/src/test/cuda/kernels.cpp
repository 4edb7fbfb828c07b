// The driver API: modules, functions and launches.
#include "driver.h"
#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace emulated;

// Options are passed as they are in the places of pointers; known are the buffer of the log of errors, and its size.
API cuModuleLoadDataEx(void** module, const void* image, unsigned count, int* options, void** values) {
  ENTER(true)
  char* log = nullptr;
  uintptr_t size = 0;
  for (unsigned i = 0; i < count; i++) {
    if (options[i] == 5) {
      log = static_cast<char*>(values[i]);
    } else if (options[i] == 6) {
      size = reinterpret_cast<uintptr_t>(values[i]);
      values[i] = nullptr; // bytes written
    } else {
      report("cuModuleLoadDataEx: option %d is not known here", options[i]);
    }
  }
  if (!log != !size || size > 1 << 20) {
    report("cuModuleLoadDataEx: a log at %p of %lu bytes: the size is passed itself, not its address", log, size);
    return INVALID_VALUE;
  }
  Module* made;
  int result = loadModule(image, &made);
  if (log) {
    snprintf(log, size, "%s", result == SUCCESS ? "" : "an image that is not taken");
  }
  if (result == SUCCESS) {
    *module = add(MODULE, made);
  }
  return result;
}

API cuModuleLoadData(void** module, const void* image) {
  return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}

API cuModuleUnload(void* module) {
  ENTER(true)
  flush();
  if (int refused = remove("cuModuleUnload", MODULE, module)) {
    return refused;
  }
  forgetFunctions(static_cast<Module*>(module));
  unloadModule(static_cast<Module*>(module));
  return SUCCESS;
}

API cuModuleGetFunction(void** function, void* module, const char* name) {
  ENTER(true)
  if (int refused = check("cuModuleGetFunction", MODULE, module)) {
    return refused;
  }
  for (const Entry* e = static_cast<Module*>(module)->entries; e->name; e++) {
    if (!strcmp(e->name, name)) {
      Module* m = static_cast<Module*>(module);
      *function = add(FUNCTION, new Function{m, e, static_cast<int>(std::max(0L, SHARED - m->sharedSize))});
      return SUCCESS;
    }
  }
  return NOT_FOUND;
}

API cuFuncSetAttribute(void* function, int attribute, int value) {
  ENTER(true)
  if (int refused = check("cuFuncSetAttribute", FUNCTION, function)) {
    return refused;
  }
  if (attribute == 8) {
    Function* f = static_cast<Function*>(function);
    if (value < 0 || value + f->module->sharedSize > SHARED_IF_ASKED) {
      report("cuFuncSetAttribute: %d bytes of dynamic shared memory beside %ld, a block has %d", value, f->module->sharedSize,
          SHARED_IF_ASKED);
      return INVALID_VALUE;
    }
    f->maxDynamicShared = value;
  }
  return SUCCESS;
}

API cuFuncGetAttribute(int* value, int attribute, void* function) {
  ENTER(true)
  if (int refused = check("cuFuncGetAttribute", FUNCTION, function)) {
    return refused;
  }
  Function* f = static_cast<Function*>(function);
  *value = attribute == 0 ? 1024 : attribute == 1 ? f->module->sharedSize : attribute == 4 ? 32
      : attribute == 8 ? f->maxDynamicShared : 0;
  return SUCCESS;
}

// kernelParams must end with a null pointer, or extra must hold a buffer of exactly the arguments' size: how wrong counts show.
static bool gather(const Entry& entry, void** params, void** extra, std::vector<char>* values) {
  values->assign(8 * entry.count + 8, 0);
  if (params) {
    for (int i = 0; i < entry.count; i++) {
      if (!params[i]) {
        report("%s: %d arguments, the kernel has %d", entry.name, i, entry.count);
        return false;
      }
      memcpy(values->data() + 8 * i, params[i], entry.arguments[i].size);
    }
    if (params[entry.count]) {
      report("%s: more arguments than the kernel's %d, or no null pointer behind the last", entry.name, entry.count);
      return false;
    }
    return true;
  }
  char* buffer = nullptr;
  size_t size = 0, needed = 0;
  for (void** e = extra; e && *e; e += 2) {
    if (*e == reinterpret_cast<void*>(1)) {
      buffer = static_cast<char*>(e[1]);
    } else {
      size = *static_cast<size_t*>(e[1]);
    }
  }
  for (int i = 0; i < entry.count; i++) {
    int bytes = entry.arguments[i].size;
    needed = (needed + bytes - 1) / bytes * bytes;
    if (buffer && needed + bytes <= size) {
      memcpy(values->data() + 8 * i, buffer + needed, bytes);
    }
    needed += bytes;
  }
  if (entry.count > 0 && (!buffer || size != needed)) {
    report("%s: %zu bytes of arguments, the kernel has %zu", entry.name, size, needed);
    return false;
  }
  return true;
}

API cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
    unsigned sharedBytes, void* stream, void** params, void** extra) {
  ENTER(true)
  if (int refused = check("cuLaunchKernel", FUNCTION, function)) {
    return refused;
  }
  Launch launch{static_cast<Function*>(function), {gx, gy, gz}, {bx, by, bz}, sharedBytes, {}};
  if (!gather(*launch.function->entry, params, extra, &launch.values)) {
    return INVALID_VALUE;
  }
  int device = current->device;
  Result checked = checkLaunch(launch, device);
  if (checked == INVALID_VALUE) {
    return checked; // what a driver sees at once; the rest it learns from the device
  }
  return submit("cuLaunchKernel", stream, [launch, device] { return run(launch, device); });
}
