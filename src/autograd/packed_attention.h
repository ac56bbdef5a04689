#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <vector>

#include "autograd/dropout.h"
#include "kernels/attention_training.h"

namespace bertqa {

/// softmax(Q · Kᵀ / √D) · V (Vaswani et al. 2017, eq. 1) for each window of a packed batch, with a
/// gradient: no padding, no mask. Attention weights are dropped by `mask`.
/// `qkv` [N, 3 H], the three projections beside each other; `offsets` [W + 1]; result [N, H].
/// With `kernels` those of the CPU, which outlive the backward pass; else libtorch's operators.
at::Tensor PackedAttention(const at::Tensor& qkv, const std::vector<std::size_t>& offsets,
                           std::size_t heads, const DropoutMask& mask, AttentionTraining* kernels);

}  // namespace bertqa
