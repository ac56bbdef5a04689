#include "base/fingerprint.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <vector>

#include "base/files.h"
#include "bertqa/error.h"

namespace bertqa {

void Fingerprint::Add(std::string_view bytes) {
  Add(bytes.size());
  for (std::size_t begin = 0; begin < bytes.size(); begin += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + begin, std::min(sizeof word, bytes.size() - begin));
    Add(word);
  }
}

std::string Fingerprint::Hex() const {
  std::array<char, 17> text = {};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(state_));
  return text.data();
}

void AddRest(Fingerprint& fingerprint, int descriptor, const std::string& name) {
  off_t position = ::lseek(descriptor, 0, SEEK_CUR);
  std::vector<char> chunk(std::size_t{1} << 20U);
  std::size_t filled = 0;
  while (position >= 0) {
    const ssize_t count =
        ::pread(descriptor, chunk.data() + filled, chunk.size() - filled, position);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      break;
    }
    position += count;
    filled += static_cast<std::size_t>(count);
    if (count == 0 || filled == chunk.size()) {  // only whole chunks: short reads change nothing
      fingerprint.Add(std::string_view(chunk.data(), filled));
      filled = 0;
    }
    if (count == 0) {
      return;
    }
  }
  throw Error(ErrorCode::kUnreadable,
              name + ": cannot read: " + std::generic_category().message(errno));
}

void AddFile(Fingerprint& fingerprint, const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  AddRest(fingerprint, file.value(), path.string());
}

}  // namespace bertqa
