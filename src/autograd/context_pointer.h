#pragma once

#include <cstdint>

namespace bertqa {

/// Pointers cross autograd's context, which holds no types of ours, as numbers.
template <typename T>
std::int64_t ToNumber(T* object) {
  return reinterpret_cast<std::int64_t>(object);
}

template <typename T>
T* FromNumber(std::int64_t number) {
  return reinterpret_cast<T*>(number);  // NOLINT(performance-no-int-to-ptr)
}

}  // namespace bertqa
