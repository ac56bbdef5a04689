#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "encoder/dtype.h"

namespace bertqa {

struct PickleValue;

/// Values refer to each other by plain pointers, all into one PickleDocument; a hostile pickle may
/// even make them a circle, so whoever walks them keeps count.
using PickleRef = PickleValue*;

struct PickleNone {};

/// A class or function by name. It is never looked up or called.
struct PickleGlobal {
  std::string name;  ///< "torch._utils _rebuild_tensor_v2"
};

struct PickleSequence {
  std::vector<PickleRef> items;
};

/// A dict, in the file's order.
struct PickleDict {
  std::vector<std::pair<PickleRef, PickleRef>> items;
};

/// An instance of a class that the archive's own code defines: its state and nothing else.
struct PickleObject {
  PickleRef state = nullptr;
};

/// A block of elements that lies outside the pickle, or a part of one.
struct PickleStorage {
  /// Elements of the block, as the variant with "view metadata" of PyTorch's legacy form has them.
  /// Not checked against the block yet.
  struct Part {
    std::int64_t offset = 0;
    std::int64_t element_count = 0;
  };
  std::string key;  ///< of the whole block
  DType dtype = DType::kFloat32;
  std::size_t element_count = 0;  ///< of the whole block
  std::optional<Part> part = {};
};

/// A tensor as a view of a storage. Not checked against the storage yet.
struct PickleTensor {
  PickleStorage storage;
  std::int64_t offset = 0;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
};

struct PickleValue {
  std::variant<PickleNone, bool, std::int64_t, double, std::string, PickleGlobal, PickleSequence,
               PickleDict, PickleObject, PickleStorage, PickleTensor>
      content;
};

/// All values of one pickle.
struct PickleDocument {
  std::deque<PickleValue> values;  ///< a deque, so that pointers into it stay valid
  PickleRef root = nullptr;
};

}  // namespace bertqa
