// Runs a target on inputs that were kept, without libFuzzer:
//
//     fuzz_TARGET FILE|FOLDER|FILE.pack…
//
// A pack is many inputs in one file, each behind its length as four bytes, the lowest first
// (run_fuzz.py makes them). Ends as the target does; the input that was looked at is then named.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "fuzz/fuzz_target.h"

namespace bertqa::fuzz {
namespace {

namespace fs = std::filesystem;

/// The name of what is looked at now, for whatever ends the process.
char g_current[512] = "";

extern "C" void NameTheInput(int signal) {
  std::fprintf(stderr, "signal %d while looking at %s\n", signal, g_current);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void RunOne(std::string_view bytes, const std::string& name) {
  std::snprintf(g_current, sizeof(g_current), "%s", name.c_str());
  // A copy of just that size: the sanitizers then see what reads past it.
  const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

std::size_t RunPack(const std::string& pack, const std::string& name) {
  std::size_t count = 0;
  std::string_view rest = pack;
  while (!rest.empty()) {
    std::size_t size = 0;
    for (std::size_t i = 4; i > 0 && rest.size() >= 4; --i) {
      size = size << 8U | static_cast<unsigned char>(rest[i - 1]);
    }
    Require(rest.size() >= 4 && size <= rest.size() - 4, "a pack is whole");
    RunOne(rest.substr(4, size), name + ", input " + std::to_string(count));
    rest.remove_prefix(4 + size);
    ++count;
  }
  return count;
}

std::size_t RunPath(const fs::path& path) {
  if (!fs::is_directory(path)) {
    const std::string bytes = ReadFile(path);
    if (path.extension() == ".pack") {
      return RunPack(bytes, path.string());
    }
    RunOne(bytes, path.string());
    return 1;
  }
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::size_t count = 0;
  for (const fs::path& file : files) {
    count += RunPath(file);
  }
  return count;
}

}  // namespace
}  // namespace bertqa::fuzz

int main(int argc, char** argv) {
  using bertqa::fuzz::RunPath;
  for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS}) {
    std::signal(signal, bertqa::fuzz::NameTheInput);
  }
  std::size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    count += RunPath(argv[i]);
  }
  std::printf("%zu inputs\n", count);
  return count > 0 ? 0 : 1;
}
