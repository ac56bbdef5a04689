#pragma once

#include <c10/core/ScalarType.h>

#include "encoder/dtype.h"

namespace bertqa {

/// libtorch's name of a weight's type. REQUIRES: IsWeight(dtype).
inline c10::ScalarType ScalarTypeOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return c10::kHalf;
    case DType::kBFloat16:
      return c10::kBFloat16;
    default:
      return c10::kFloat;
  }
}

}  // namespace bertqa
