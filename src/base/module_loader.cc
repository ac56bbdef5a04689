#include "base/module_loader.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "bertqa/error.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Fail(const ModuleName& module, const std::string& finding) {
  throw Error(ErrorCode::kUnsupported, std::string(module.file) + ": needed to " + module.purpose +
                                           ", as is " + module.library + ", but " + finding + ". " +
                                           module.remedy + module.alternative);
}

/// The file that this code was linked into: libbertqa.so, or the program itself.
fs::path OwnFile() {
  Dl_info info = {};
  void* extra = nullptr;
  const auto* const here = reinterpret_cast<const void*>(&LoadModuleSymbol);
  if (::dladdr1(here, &info, &extra, RTLD_DL_LINKMAP) != 0) {
    const std::string name = static_cast<const link_map*>(extra)->l_name;
    if (!name.empty()) {  // the program has no name there
      return name;
    }
  }
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error);
}

/// Where the module may be, each place once.
std::vector<fs::path> Candidates(const char* file) {
  std::error_code error;
  const fs::path own = OwnFile();
  const fs::path real = fs::canonical(own, error);  // libbertqa.so may be linked from elsewhere
  const fs::path folder = (error ? own : real).parent_path();
  std::vector<fs::path> candidates;
  // The last is where the installation puts it, if that is not `lib` (`lib64`, Debian's triplets).
  for (const char* place : {"bertqa", "../lib/bertqa", BERTQA_MODULES_FROM_BIN}) {
    const fs::path path = (folder / place / file).lexically_normal();
    if (std::find(candidates.begin(), candidates.end(), path) == candidates.end()) {
      candidates.push_back(path);
    }
  }
  return candidates;
}

}  // namespace

void* LoadModuleSymbol(const ModuleName& module) {
  std::string places;
  for (const fs::path& path : Candidates(module.file)) {
    if (!fs::exists(path)) {
      places += (places.empty() ? "" : ", ") + path.string();
      continue;
    }
    void* const loaded = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays loaded
    if (loaded == nullptr) {
      Fail(module, "it cannot be loaded: " + std::string(::dlerror()));
    }
    void* const symbol = ::dlsym(loaded, module.symbol);
    if (symbol == nullptr) {
      Fail(module, path.string() + " is of another version of bertqa");
    }
    return symbol;
  }
  Fail(module, "it is not there; looked for " + places);
}

}  // namespace bertqa
