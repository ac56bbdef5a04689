#include "hub/blob_verification.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "base/files.h"
#include "bertqa/error.h"

namespace bertqa {

std::string HashFile(const std::filesystem::path& path, const RemoteFile& file,
                     const DigestFactory& open_digest) {
  constexpr std::size_t kPieceBytes = 1U << 20U;
  const auto fail = [&] {
    throw Error(ErrorCode::kUnreadable,
                path.string() + ": cannot read: " + std::generic_category().message(errno));
  };
  const Descriptor input(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (input.value() < 0) {
    fail();
  }
  const auto digest = open_digest(file.is_large ? DigestKind::kSha256 : DigestKind::kSha1);
  if (!file.is_large) {
    const std::string head = "blob " + std::to_string(file.size_bytes);
    digest->Update({head.c_str(), head.size() + 1});  // with the NUL
  }
  std::vector<char> piece(kPieceBytes);
  while (true) {
    const ssize_t count = ::read(input.value(), piece.data(), piece.size());
    if (count == 0) {
      return digest->FinishHex();
    }
    if (count > 0) {
      digest->Update({piece.data(), static_cast<std::size_t>(count)});
    } else if (errno != EINTR) {
      fail();
    }
  }
}

}  // namespace bertqa
