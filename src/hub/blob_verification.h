#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "hub/module_interface.h"
#include "hub/repository_listing.h"

namespace bertqa {

/// A hash that is being computed.
class Digest {
 public:
  virtual ~Digest() = default;
  virtual void Update(std::string_view bytes) = 0;
  /// In lower-case hexadecimal digits; ends the computation.
  virtual std::string FinishHex() = 0;
};

using DigestFactory = std::function<std::unique_ptr<Digest>(DigestKind)>;

/// The hash that the Hub states for such a file, of what is in `path`: SHA-256 of the bytes for a
/// large one, else SHA-1 of "blob <size>\0" and the bytes, as git names a blob.
/// Throws Error{kUnreadable}.
std::string HashFile(const std::filesystem::path& path, const RemoteFile& file,
                     const DigestFactory& open_digest);

}  // namespace bertqa
