#pragma once

#include <cstddef>

#include "encoder/parameters.h"

namespace bertqa {

/// Normalises each of `rows` rows of `values` [rows, H] in place (Ba et al. 2016, eq. 4), after
/// adding the row of `residual` [rows, H], unless that is null. Rows do not influence each other.
void AddAndNormalise(float* values, const float* residual, std::size_t rows, const LayerNorm& norm);

}  // namespace bertqa
