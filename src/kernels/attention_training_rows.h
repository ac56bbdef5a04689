#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/dropout_rule.h"
#include "kernels/isa.h"

namespace bertqa {

/// How a score becomes a weight: 2^(scale · score - log of the row's sum), then perhaps dropped.
struct WeightRule {
  float scale = 1;
  DropoutRule dropout;
};

/// One query's scores and the gradients of its (dropped) weights.
struct ScoreRow {
  const float* scores = nullptr;            ///< [count]
  const float* weight_gradients = nullptr;  ///< [count]
  std::size_t count = 0;
  float log_sum = 0;
  float delta = 0;  ///< sum of the weights' products with their gradients
  std::uint32_t first_index = 0;
};

/// Functions of a row of attention in training, for one instruction set.
class AttentionTrainingRows {
 public:
  using WeighFloats = float (*)(float* scores, std::size_t count, const WeightRule& rule,
                                std::uint32_t first_index, float* weights);
  using WeighHalves = float (*)(float* scores, std::size_t count, const WeightRule& rule,
                                std::uint32_t first_index, BFloat16* weights);
  using DifferentiateFloats = void (*)(const ScoreRow& row, const WeightRule& rule, float* weights,
                                       float* gradients);
  using DifferentiateHalves = void (*)(const ScoreRow& row, const WeightRule& rule,
                                       BFloat16* weights, BFloat16* gradients);

  WeighFloats weigh_floats = nullptr;
  WeighHalves weigh_halves = nullptr;
  DifferentiateFloats differentiate_floats = nullptr;
  DifferentiateHalves differentiate_halves = nullptr;

  /// weights = dropped soft-max of scale · scores, which are overwritten. Returns log2 of the sum
  /// of 2^(scale · score).
  float Weigh(float* scores, std::size_t count, const WeightRule& rule, std::uint32_t first_index,
              float* weights) const {
    return weigh_floats(scores, count, rule, first_index, weights);
  }
  float Weigh(float* scores, std::size_t count, const WeightRule& rule, std::uint32_t first_index,
              BFloat16* weights) const {
    return weigh_halves(scores, count, rule, first_index, weights);
  }
  /// The dropped weights again, and the gradients of the scores.
  void Differentiate(const ScoreRow& row, const WeightRule& rule, float* weights,
                     float* gradients) const {
    differentiate_floats(row, rule, weights, gradients);
  }
  void Differentiate(const ScoreRow& row, const WeightRule& rule, BFloat16* weights,
                     BFloat16* gradients) const {
    differentiate_halves(row, rule, weights, gradients);
  }
};

const AttentionTrainingRows& AttentionTrainingRowsOf(Isa isa);

}  // namespace bertqa
