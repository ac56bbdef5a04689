#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace bertqa {

inline constexpr std::size_t kCacheLineBytes = 64;

/// `count` rounded up to a multiple of `step`.
constexpr std::size_t RoundUp(std::size_t count, std::size_t step) {
  return (count + step - 1) / step * step;
}

/// Memory for `size()` values that begins at a cache line, zero at first. Not resizable.
template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t size) : size_(size) {
    const std::size_t bytes = RoundUp(size * sizeof(T), kCacheLineBytes);
    if (bytes == 0) {
      return;
    }
    data_.reset(static_cast<T*>(std::aligned_alloc(kCacheLineBytes, bytes)));
    if (!data_) {
      throw std::bad_alloc();
    }
    std::memset(static_cast<void*>(data_.get()), 0, bytes);
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(void* memory) const {
      std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc): this is the RAII
    }
  };
  std::unique_ptr<T[], Free> data_;
  std::size_t size_ = 0;
};

}  // namespace bertqa
