#pragma once

#include <string>

#include "encoder/checkpoint.h"

namespace bertqa {

/// What a converted checkpoint's weights are stored as.
enum class StoredPrecision {
  kAsIs,     ///< every tensor as it came, bit for bit
  kFloat16,  ///< rounded to nearest even
};

/// The type that a tensor of type `dtype` is stored as.
DType StoredAs(DType dtype, StoredPrecision precision);

/// The tensor `name` of `checkpoint` in its StoredAs type.
/// Throws Error{kUnsupported} if a finite value is too large for float16.
TensorBytes ReadAs(const Checkpoint& checkpoint, const std::string& name,
                   StoredPrecision precision);

}  // namespace bertqa
