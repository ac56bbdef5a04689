#include "encoder/tensor_view.h"

#include <cstring>
#include <optional>
#include <unordered_set>

#include "bertqa/error.h"

namespace bertqa {
namespace {

// A TorchScript BERT is nested 8 deep; a state dict has about 1,600 tensors for 100 layers.
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxVisits = 1'000'000;
// A name is copied for each tensor, and begins with the keys of the dicts around it.
constexpr std::size_t kMaxNameBytes = 1000;

class Collector {
 public:
  explicit Collector(std::string place) : place_(std::move(place)) {}

  std::vector<NamedTensor> Collect(const PickleValue& root) {
    if (!HasMembers(root)) {
      Fail("an object or a dict is expected at its root");
    }
    Visit(root, "", 0);
    return std::move(tensors_);
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const {
    throw Error(ErrorCode::kMalformed, place_ + ": " + what);
  }

  static bool HasMembers(const PickleValue& value) {
    return std::holds_alternative<PickleDict>(value.content) ||
           std::holds_alternative<PickleObject>(value.content);
  }

  void Visit(const PickleValue& value, const std::string& name, std::size_t depth) {
    if (depth > kMaxDepth || ++visits_ > kMaxVisits) {
      Fail("its values are nested too deeply, or in a circle");
    }
    if (const auto* tensor = std::get_if<PickleTensor>(&value.content)) {
      if (!names_.insert(name).second) {
        Fail("tensor \"" + name + "\" is there twice");
      }
      tensors_.push_back({.name = name, .tensor = tensor});
    } else if (const auto* object = std::get_if<PickleObject>(&value.content)) {
      if (object->state != nullptr && HasMembers(*object->state)) {
        Visit(*object->state, name, depth + 1);
      }
    } else if (const auto* dict = std::get_if<PickleDict>(&value.content)) {
      VisitMembers(*dict, name, depth);
    }
  }

  void VisitMembers(const PickleDict& dict, const std::string& name, std::size_t depth) {
    for (const auto& [key, member] : dict.items) {
      const auto* const text = std::get_if<std::string>(&key->content);
      if (text == nullptr) {
        continue;
      }
      if (name.size() + text->size() > kMaxNameBytes) {
        Fail("a name of more than " + std::to_string(kMaxNameBytes) + " bytes");
      }
      Visit(*member, name.empty() ? *text : name + "." + *text, depth + 1);
    }
  }

  std::string place_;
  std::vector<NamedTensor> tensors_;
  std::unordered_set<std::string> names_;
  std::size_t visits_ = 0;
};

std::size_t NonNegative(std::int64_t value, const std::string& place) {
  if (value < 0) {
    throw Error(ErrorCode::kMalformed,
                place + ": offset, sizes and strides are expected not to be negative, not " +
                    std::to_string(value));
  }
  return static_cast<std::size_t>(value);
}

/// The elements of the storage that may be viewed.
struct Part {
  std::size_t offset = 0;
  std::size_t element_count = 0;
};

Part PartOf(const PickleStorage& storage, const std::string& place) {
  if (!storage.part) {
    return {.offset = 0, .element_count = storage.element_count};
  }
  const Part part{.offset = NonNegative(storage.part->offset, place),
                  .element_count = NonNegative(storage.part->element_count, place)};
  if (part.offset > storage.element_count ||
      part.element_count > storage.element_count - part.offset) {
    throw Error(ErrorCode::kMalformed, place + ": a part of " + std::to_string(part.element_count) +
                                           " elements at offset " + std::to_string(part.offset) +
                                           " is not inside its storage of " +
                                           std::to_string(storage.element_count) + " elements");
  }
  return part;
}

/// One past the last element that the view touches; nothing if that overflows.
std::optional<std::size_t> EndOfView(const TensorView& view) {
  std::size_t last = view.offset;
  for (std::size_t axis = 0; axis < view.shape.size(); ++axis) {
    std::size_t reach = 0;
    if (view.shape[axis] == 0) {
      return 0;
    }
    if (__builtin_mul_overflow(view.shape[axis] - 1, view.strides[axis], &reach) ||
        __builtin_add_overflow(last, reach, &last)) {
      return std::nullopt;
    }
  }
  std::size_t end = 0;
  return __builtin_add_overflow(last, 1U, &end) ? std::nullopt : std::optional(end);
}

/// The number of elements; nothing if it overflows.
std::optional<std::size_t> CheckedCount(const Shape& shape) {
  std::size_t count = 1;
  for (const std::size_t size : shape) {
    if (__builtin_mul_overflow(count, size, &count)) {
      return std::nullopt;
    }
  }
  return count;
}

bool IsContiguous(const TensorView& view) {
  std::size_t expected = 1;
  for (std::size_t axis = view.shape.size(); axis > 0; --axis) {
    if (view.shape[axis - 1] != 1 && view.strides[axis - 1] != expected) {
      return false;
    }
    expected *= view.shape[axis - 1];
  }
  return true;
}

}  // namespace

std::vector<NamedTensor> CollectTensors(const PickleDocument& document, const std::string& place) {
  return Collector(place).Collect(*document.root);
}

TensorView CheckView(const PickleTensor& tensor, const std::string& place) {
  TensorView view;
  const Part part = PartOf(tensor.storage, place);
  view.key = tensor.storage.key;
  view.dtype = tensor.storage.dtype;
  view.storage_elements = tensor.storage.element_count;
  view.offset = NonNegative(tensor.offset, place);
  if (tensor.sizes.size() != tensor.strides.size()) {
    throw Error(ErrorCode::kMalformed, place + ": as many strides as sizes are expected");
  }
  for (std::size_t axis = 0; axis < tensor.sizes.size(); ++axis) {
    view.shape.push_back(NonNegative(tensor.sizes[axis], place));
    view.strides.push_back(NonNegative(tensor.strides[axis], place));
  }
  const std::optional<std::size_t> end = EndOfView(view);
  // A stride of 0 could make a terabyte of one element: more elements than the storage has are
  // refused as well.
  const std::optional<std::size_t> count = CheckedCount(view.shape);
  if (!end || *end > part.element_count || !count || *count > part.element_count) {
    throw Error(ErrorCode::kMalformed, place + ": shape " + ToString(view.shape) + " at offset " +
                                           std::to_string(view.offset) +
                                           " is not inside its storage of " +
                                           std::to_string(part.element_count) + " elements");
  }
  view.offset += part.offset;
  return view;
}

TensorBytes Materialise(const TensorView& view, const TensorBytes& storage) {
  const std::size_t item = SizeOf(view.dtype);
  const std::size_t count = ElementCount(view.shape);
  if (IsContiguous(view)) {
    return Aligned({.bytes = count == 0 ? storage.bytes.first(0)
                                        : storage.bytes.subspan(view.offset * item, count * item),
                    .owner = storage.owner},
                   view.dtype);
  }
  auto copy = std::make_shared_for_overwrite<std::byte[]>(count * item);
  std::vector<std::size_t> position(view.shape.size(), 0);
  for (std::size_t index = 0; index < count; ++index) {
    std::size_t source = view.offset;
    for (std::size_t axis = 0; axis < position.size(); ++axis) {
      source += position[axis] * view.strides[axis];
    }
    std::memcpy(copy.get() + index * item, storage.bytes.data() + source * item, item);
    for (std::size_t axis = position.size(); axis > 0; --axis) {  // the last axis runs fastest
      if (++position[axis - 1] < view.shape[axis - 1]) {
        break;
      }
      position[axis - 1] = 0;
    }
  }
  return {.bytes = {copy.get(), count * item}, .owner = copy};
}

}  // namespace bertqa
