#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bertqa {

/// Reads little-endian numbers one after another. Past the end it gives zeros and is no longer ok:
/// who reads a structure looks once, at its end.
/// A view: the bytes must outlive it.
class ZipCursor {
 public:
  ZipCursor(std::span<const std::byte> bytes, std::uint64_t offset) : bytes_(bytes) {
    Skip(offset);
  }

  bool ok() const { return ok_; }
  /// From the begin of the bytes; meaningful while ok.
  std::uint64_t position() const { return position_; }

  template <std::unsigned_integral Number>
  Number Take() {
    Number number = 0;
    const std::span<const std::byte> source = TakeBytes(sizeof number);
    for (std::size_t index = source.size(); index > 0; --index) {
      number = static_cast<Number>((std::uint64_t{number} << 8U) |
                                   std::to_integer<std::uint64_t>(source[index - 1]));
    }
    return number;
  }

  std::span<const std::byte> TakeBytes(std::uint64_t count) {
    ok_ = ok_ && count <= bytes_.size() - position_;
    if (!ok_) {
      return {};
    }
    const auto taken = bytes_.subspan(position_, static_cast<std::size_t>(count));
    position_ += static_cast<std::size_t>(count);
    return taken;
  }

  std::string_view TakeText(std::uint64_t count) {
    const auto taken = TakeBytes(count);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

  void Skip(std::uint64_t count) { TakeBytes(count); }

 private:
  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace bertqa
