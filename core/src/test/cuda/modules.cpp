// NVRTC and modules: a source is compiled by g++ with the shim into a shared library, whose bytes are the "CUBIN".
// PTX cannot be run; a module of PTX runs the kernel source that has the same entries.
#include "emulator.h"
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <dlfcn.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#ifndef EMULATED_ROOT
#error "EMULATED_ROOT is the folder of these sources"
#endif

namespace emulated {

static std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

static std::string folder() {
  const char* tmp = getenv("TMPDIR");
  std::string path = std::string(tmp ? tmp : "/tmp") + "/hone-emulated-cuda-" + std::to_string(getuid());
  mkdir(path.c_str(), 0700);
  return path;
}

static std::string sources() {
  const char* set = getenv("HONE_EMULATED_SOURCES");
  return set ? set : std::string(EMULATED_ROOT) + "/../../main/resources/dev/hone/core/kernel/cuda";
}

static size_t afterBlanks(const std::string& text, size_t at) {
  while (at < text.size() && isspace(static_cast<unsigned char>(text[at]))) {
    at++;
  }
  return at;
}

static std::string wordAt(const std::string& text, size_t at) {
  size_t end = at;
  while (end < text.size() && (isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_')) {
    end++;
  }
  return text.substr(at, end - at);
}

// An entry and the most threads that a block of it may have.
struct Declared { std::string name; unsigned mostThreads; };

// The entries after a mark, without <regex>, which alone takes g++ longer than all the rest here.
static std::vector<Declared> entries(const std::string& text, const std::string& mark) {
  std::vector<Declared> found;
  for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    unsigned mostThreads = 1024;
    at = afterBlanks(text, at + mark.size());
    if (wordAt(text, at) == "__launch_bounds__") {
      size_t open = text.find('(', at), end = text.find(')', at);
      mostThreads = open == std::string::npos ? mostThreads : strtoul(text.c_str() + open + 1, nullptr, 10);
      at = end == std::string::npos ? text.size() : afterBlanks(text, end + 1);
    }
    std::string name = wordAt(text, at);
    if (!name.empty()) {
      found.push_back({name, mostThreads});
    }
  }
  return found;
}

// The source, and a table of its entries.
static std::string withTable(const std::string& source) {
  std::string text = source + "\nextern \"C\" __attribute__((visibility(\"default"
      "\"))) const emulated::Entry hone_emulated_entries[] = {\n";
  for (const Declared& entry : entries(source, "__global__ void ")) {
    text += "  HONE_EMULATED_ENTRY(" + entry.name + ", " + std::to_string(entry.mostThreads) + "),\n";
  }
  return text + "  {nullptr, 0, nullptr, nullptr, 0}};\n";
}

bool compileSource(const std::string& source, std::string* library, std::string* log) {
  std::string shim = read(std::string(EMULATED_ROOT) + "/shim.h") + read(std::string(EMULATED_ROOT) + "/device.h");
  std::string stem = folder() + "/" + std::to_string(std::hash<std::string>{}(source + shim));
  *library = read(stem + ".so");
  if (!library->empty()) {
    return true;
  }
  std::string own = stem + "." + std::to_string(getpid());
  std::ofstream(own + ".cpp") << withTable(source);
  std::string command = "g++ -std=c++17 -O2 -g0 -w -fPIC -shared -ffp-contract=off -fno-strict-aliasing -fvisibility=hidden -I'"
      EMULATED_ROOT "' -include shim.h -x c++ '" + own + ".cpp' -o '" + own + ".so' > '" + own + ".log' 2>&1";
  bool good = system(command.c_str()) == 0;
  *log = read(own + ".log");
  if (good) {
    *library = read(own + ".so");
    rename((own + ".so").c_str(), (stem + ".so").c_str());
  }
  for (const char* end : {".cpp", ".so", ".log"}) {
    remove((own + end).c_str());
  }
  return good;
}

static Result load(const std::string& library, Module** made) {
  std::string path = folder() + "/module." + std::to_string(getpid()) + ".XXXXXX";
  int file = mkstemp(path.data());
  bool written = file >= 0 && write(file, library.data(), library.size()) == static_cast<ssize_t>(library.size());
  close(file);
  void* handle = written ? dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
  remove(path.c_str());
  if (!handle) {
    report("cuModuleLoadDataEx: %s", dlerror());
    return INVALID_IMAGE;
  }
  auto shared = reinterpret_cast<char* (*)(long*)>(dlsym(handle, "hone_emulated_shared"));
  Module* module = new Module{handle, static_cast<const Entry*>(dlsym(handle, "hone_emulated_entries")),
      static_cast<Thread**>(dlsym(handle, "hone_emulated_thread")), nullptr, 0};
  module->shared = shared(&module->sharedSize);
  *static_cast<const Calls**>(dlsym(handle, "hone_emulated_calls")) = calls();
  *made = module;
  return SUCCESS;
}

// Of the sources of the kernels, the one that has an entry. What is common to all stands before each, as for a real compiler.
static std::string sourceWith(const std::string& entry) {
  std::string found;
  if (DIR* open = opendir(sources().c_str())) {
    while (dirent* file = readdir(open)) {
      std::string name = file->d_name;
      std::string text = name.size() > 3 && name.substr(name.size() - 3) == ".cu" ? read(sources() + "/" + name) : "";
      if (text.find(" " + entry + "(") != std::string::npos) {
        found = read(sources() + "/prelude.cu") + text;
      }
    }
    closedir(open);
  }
  return found;
}

Result loadModule(const void* image, Module** module) {
  const char* text = static_cast<const char*>(image);
  if (memcmp(text, "\177ELF", 4) == 0) {
    int64_t sections; // a shared library ends with its table of section headers
    uint16_t size, count;
    memcpy(&sections, text + 0x28, 8);
    memcpy(&size, text + 0x3A, 2);
    memcpy(&count, text + 0x3C, 2);
    return load(std::string(text, sections + size * count), module);
  }
  std::vector<Declared> declared = entries(text, ".entry ");
  std::string source = declared.empty() ? "" : sourceWith(declared[0].name);
  std::string library, log;
  if (source.empty() || !compileSource(source, &library, &log)) {
    report("cuModuleLoadDataEx: %s", declared.empty() ? "neither a library that was compiled here nor PTX with entries"
        : source.empty() ? ("no kernel source has the entry " + declared[0].name).c_str() : log.c_str());
    return INVALID_PTX;
  }
  return load(library, module);
}

void unloadModule(Module* module) {
  dlclose(module->library);
  delete module;
}

} // namespace emulated
