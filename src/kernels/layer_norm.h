#pragma once

#include <cstddef>

#include "kernels/isa.h"

namespace bertqa {

/// values [rows, size] = LayerNorm(values + residual) (Ba et al. 2016, eq. 4), in place, one pass
/// over memory. `residual` may be null. `weight`, `bias` [size]. Rows do not influence each other.
void AddAndNormalise(Isa isa, float* values, const float* residual, std::size_t rows,
                     std::size_t size, const float* weight, const float* bias, float epsilon);

/// The same where the sum itself passes on beside its normalisation (pre-norm networks, Xiong et
/// al. 2020): residual += values, then values = LayerNorm(residual).
void AddToAndNormalise(Isa isa, float* values, float* residual, std::size_t rows, std::size_t size,
                       const float* weight, const float* bias, float epsilon);

/// values [rows, size] = (values + residual) · weight + bias, number by number (NoNorm: Sun et al.
/// 2020, section 3.3); the rest as for AddAndNormalise.
void AddAndScale(Isa isa, float* values, const float* residual, std::size_t rows, std::size_t size,
                 const float* weight, const float* bias);

}  // namespace bertqa
