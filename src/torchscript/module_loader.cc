#include "torchscript/module_loader.h"

#include <dlfcn.h>
#include <link.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "bertqa/error.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Fail(const std::string& finding) {
  throw Error(ErrorCode::kUnsupported,
              std::string(kTorchScriptModuleName) +
                  ": needed to write a TorchScript archive, as is libtorch, but " + finding +
                  ". Install bertqa with libtorch (-DBERTQA_WITH_TORCH=ON), or write safetensors");
}

/// The file that this code was linked into: libbertqa.so, or the program itself.
fs::path OwnFile() {
  Dl_info info = {};
  void* extra = nullptr;
  const auto* const here = reinterpret_cast<const void*>(&LoadTorchScriptModule);
  if (::dladdr1(here, &info, &extra, RTLD_DL_LINKMAP) != 0) {
    const std::string name = static_cast<const link_map*>(extra)->l_name;
    if (!name.empty()) {  // the program has no name there
      return name;
    }
  }
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error);
}

std::vector<fs::path> Candidates() {
  std::error_code error;
  const fs::path own = OwnFile();
  const fs::path real = fs::canonical(own, error);  // libbertqa.so may be linked from elsewhere
  const fs::path folder = (error ? own : real).parent_path();
  std::vector<fs::path> candidates;
  // The last is where the installation puts it, if that is not `lib` (`lib64`, Debian's triplets).
  for (const char* place : {"bertqa", "../lib/bertqa", BERTQA_MODULES_FROM_BIN}) {
    candidates.push_back((folder / place / kTorchScriptModuleName).lexically_normal());
  }
  return candidates;
}

WriteArchiveFunction Load() {
  std::string places;
  for (const fs::path& path : Candidates()) {
    if (!fs::exists(path)) {
      places += (places.find(path.string()) != std::string::npos) ? ""
                : places.empty()                                  ? path.string()
                                                                  : ", " + path.string();
      continue;
    }
    void* const module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays loaded
    if (module == nullptr) {
      Fail("it cannot be loaded: " + std::string(::dlerror()));
    }
    void* const symbol = ::dlsym(module, kWriteArchiveSymbol);
    if (symbol == nullptr) {
      Fail(path.string() + " is of another version of bertqa");
    }
    return reinterpret_cast<WriteArchiveFunction>(symbol);
  }
  Fail("it is not there; looked for " + places);
}

}  // namespace

WriteArchiveFunction LoadTorchScriptModule() {
  static const WriteArchiveFunction function = Load();
  return function;
}

}  // namespace bertqa
