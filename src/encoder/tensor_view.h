#pragma once

#include <string>
#include <vector>

#include "encoder/pickle_value.h"
#include "encoder/weights.h"

namespace bertqa {

/// A tensor of a pickle under the name that its place gives it.
struct NamedTensor {
  std::string name;  ///< "bert.embeddings.word_embeddings.weight"
  const PickleTensor* tensor = nullptr;
};

/// Every tensor that the root of `document` reaches through dicts and objects, in the file's order.
/// Throws Error{kMalformed}: no dict or object at the root, a name twice or of more than 1,000
/// bytes, nesting without end.
std::vector<NamedTensor> CollectTensors(const PickleDocument& document, const std::string& place);

/// A tensor whose elements are known to lie inside its storage.
struct TensorView {
  std::string key;  ///< of its storage: "7"
  DType dtype = DType::kFloat32;
  std::size_t storage_elements = 0;
  std::size_t offset = 0;  ///< of the first element, in elements
  Shape shape;
  std::vector<std::size_t> strides;  ///< in elements
};

/// Checks offset, sizes and strides against the size of the storage, or of the part of it that is
/// viewed, before any memory is taken for it. The view's offset counts from the storage's begin.
/// Throws Error{kMalformed}.
TensorView CheckView(const PickleTensor& tensor, const std::string& place);

/// The view's elements row-major: a part of `storage` itself where they lie so already, at an
/// address of which their size is a divisor.
/// REQUIRES: `storage` has at least view.storage_elements elements.
TensorBytes Materialise(const TensorView& view, const TensorBytes& storage);

}  // namespace bertqa
