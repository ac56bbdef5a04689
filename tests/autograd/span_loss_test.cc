#include "autograd/span_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace bertqa {
namespace {

/// Two windows of 5 and 3 tokens with random logits.
struct Case {
  TrainingBatch batch;
  std::vector<float> logits;

  explicit Case(bool with_teacher) {
    batch.inputs.ids.assign(8, 0);
    batch.inputs.segments.assign(8, 0);
    batch.inputs.offsets = {0, 5, 8};
    batch.start_positions = {2, 0};
    batch.end_positions = {4, 0};
    std::mt19937 bits(7);
    std::normal_distribution<float> normal(0, 2);
    for (std::size_t i = 0; i < 16; ++i) {
      logits.push_back(normal(bits));
    }
    for (std::size_t i = 0; with_teacher && i < 8; ++i) {
      batch.teacher_start.push_back(normal(bits));
      batch.teacher_end.push_back(normal(bits));
    }
  }

  double Loss(const Distillation& distillation, double scale, std::vector<float>& gradient) const {
    gradient.assign(logits.size(), NAN);
    return SpanLoss(batch, distillation, logits, scale, gradient);
  }
};

/// The loss as the paper writes it, one logarithm at a time.
double SlowCrossEntropy(const Case& c) {
  double sum = 0;
  for (std::size_t window = 0; window < 2; ++window) {
    const std::size_t begin = c.batch.inputs.offsets[window];
    const std::size_t end = c.batch.inputs.offsets[window + 1];
    for (std::size_t head = 0; head < 2; ++head) {
      double total = 0;
      for (std::size_t token = begin; token < end; ++token) {
        total += std::exp(static_cast<double>(c.logits[token * 2 + head]));
      }
      const std::size_t target =
          head == 0 ? c.batch.start_positions[window] : c.batch.end_positions[window];
      const double value = static_cast<double>(c.logits[(begin + target) * 2 + head]);
      sum -= std::log(std::exp(value) / total) / 2;
    }
  }
  return sum;
}

TEST(SpanLoss, IsTheMeanOfStartAndEndCrossEntropy) {
  const Case c(/*with_teacher=*/false);
  std::vector<float> gradient;
  EXPECT_NEAR(c.Loss({}, 1, gradient), SlowCrossEntropy(c), 1e-9);
}

TEST(SpanLoss, GradientIsTheDerivativeOfTheScaledLoss) {
  for (const bool with_teacher : {false, true}) {
    Case c(with_teacher);
    const Distillation distillation{0.7, 3};
    std::vector<float> gradient;
    std::vector<float> unused;
    c.Loss(distillation, 0.25, gradient);
    for (std::size_t i = 0; i < c.logits.size(); ++i) {
      const float kept = c.logits[i];
      constexpr float kStep = 1.0F / 128;
      c.logits[i] = kept + kStep;
      const double above = c.Loss(distillation, 0.25, unused);
      c.logits[i] = kept - kStep;
      const double below = c.Loss(distillation, 0.25, unused);
      c.logits[i] = kept;
      EXPECT_NEAR(static_cast<double>(gradient[i]), 0.25 * (above - below) / (2.0 / 128), 1e-4)
          << "logit " << i << ", teacher " << with_teacher;
    }
  }
}

TEST(SpanLoss, ATeacherThatAgreesCostsNothing) {
  Case c(/*with_teacher=*/true);
  for (std::size_t token = 0; token < 8; ++token) {
    c.batch.teacher_start[token] = c.logits[token * 2] + 3;  // a soft-max does not see the 3
    c.batch.teacher_end[token] = c.logits[token * 2 + 1];
  }
  std::vector<float> gradient;
  EXPECT_NEAR(c.Loss({1, 2}, 1, gradient), 0, 1e-6);
  for (const float value : gradient) {
    EXPECT_NEAR(value, 0, 1e-6);
  }
}

TEST(SpanLoss, HugeLogitsStayFinite) {
  Case c(/*with_teacher=*/false);
  c.logits[0] = 1e30F;
  std::vector<float> gradient;
  EXPECT_TRUE(std::isfinite(c.Loss({}, 1, gradient)));
}

}  // namespace
}  // namespace bertqa
