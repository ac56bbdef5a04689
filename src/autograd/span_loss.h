#pragma once

#include <cstddef>
#include <span>

#include "autograd/engine.h"

namespace bertqa {

/// The loss of one batch and its gradient.
/// Per window the mean of the cross-entropies of start and end over all its tokens (Devlin et al.
/// 2019, section 4.2); with a teacher mixed with the divergence from its distributions.
/// `logits` [N, 2], start and end of each token; `gradient` [N, 2] is overwritten with the
/// derivative of `scale` times the sum over the windows. Returns the sum itself, unscaled.
/// Targets lie in their windows (REQUIRES).
double SpanLoss(const TrainingBatch& batch, const Distillation& distillation,
                std::span<const float> logits, double scale, std::span<float> gradient);

}  // namespace bertqa
