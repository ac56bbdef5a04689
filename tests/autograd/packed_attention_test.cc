#include "autograd/packed_attention.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/softmax.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/isa.h"

namespace bertqa {
namespace {

/// One window and head after the other with plain differentiable operators.
at::Tensor SlowAttention(const at::Tensor& qkv, const std::vector<std::size_t>& offsets,
                         std::int64_t heads, const DropoutMask& mask) {
  const std::int64_t hidden = qkv.size(1) / 3;
  const std::int64_t size = hidden / heads;
  std::vector<at::Tensor> windows;
  for (std::size_t window = 0; window + 1 < offsets.size(); ++window) {
    const auto begin = static_cast<std::int64_t>(offsets[window]);
    const auto tokens = static_cast<std::int64_t>(offsets[window + 1]) - begin;
    at::Tensor kept = at::ones({heads, tokens, tokens}, qkv.options());
    ApplyDropout(kept, mask.is_empty() ? mask : mask.At(window));
    std::vector<at::Tensor> parts;
    for (std::int64_t head = 0; head < heads; ++head) {
      const auto part = [&](std::int64_t index) {
        return qkv.narrow(0, begin, tokens).narrow(1, index * hidden + head * size, size);
      };
      const at::Tensor scores = part(0).matmul(part(1).t()) / std::sqrt(static_cast<double>(size));
      parts.push_back((at::softmax(scores, -1) * kept[head]).matmul(part(2)));
    }
    windows.push_back(at::cat(parts, 1));
  }
  return at::cat(windows, 0);
}

struct Shape {
  std::vector<std::size_t> offsets;
  std::int64_t heads = 1;
  std::int64_t head_size = 1;
};

/// `kernels` may be null; `type` is that of the fast one, `tolerance` of values about 1.
void ExpectSame(const Shape& shape, const DropoutMask& mask, AttentionTraining* kernels,
                at::ScalarType type, float tolerance) {
  const auto tokens = static_cast<std::int64_t>(shape.offsets.back());
  const at::Tensor values = at::randn({tokens, 3 * shape.heads * shape.head_size}).to(type);
  const at::Tensor fast_input = values.clone().requires_grad_(true);
  const at::Tensor slow_input = values.to(at::kFloat).requires_grad_(true);
  const at::Tensor fast = PackedAttention(fast_input, shape.offsets,
                                          static_cast<std::size_t>(shape.heads), mask, kernels);
  const at::Tensor slow = SlowAttention(slow_input, shape.offsets, shape.heads, mask);
  EXPECT_LT((fast.to(at::kFloat) - slow).abs().max().item<float>(), tolerance);
  const at::Tensor wanted = at::randn_like(slow).to(type);
  fast.backward(wanted);
  slow.backward(wanted.to(at::kFloat));
  EXPECT_LT((fast_input.grad().to(at::kFloat) - slow_input.grad()).abs().max().item<float>(),
            tolerance)
      << shape.heads << " heads of " << shape.head_size << ", " << tokens << " tokens";
}

void ExpectAllSame(const Shape& shape, const DropoutMask& mask) {
  ExpectSame(shape, mask, nullptr, at::kFloat, 1e-5F);
  for (const Isa isa : SupportedIsas()) {
    SCOPED_TRACE(NameOf(isa));
    AttentionTraining floats(Precision::kFloat32, isa);
    ExpectSame(shape, mask, &floats, at::kFloat, 1e-5F);
    if (ComputesBFloat16(isa)) {
      AttentionTraining halves(Precision::kBFloat16, isa);
      ExpectSame(shape, mask, &halves, at::kBFloat16, 0.08F);
    }
  }
}

TEST(PackedAttention, EqualsOneHeadAfterTheOther) {
  at::manual_seed(1);
  for (const std::int64_t size : {4, 32, 64, 33}) {
    ExpectAllSame({{0, 1, 8, 25, 90}, 3, size}, {});
  }
  ExpectAllSame({{0, 512, 640, 641}, 2, 32}, {});
  ExpectAllSame({{0, 300}, 1, 7}, {});
}

TEST(PackedAttention, DropsTheSameWeightsInBothPasses) {
  at::manual_seed(2);
  ExpectAllSame({{0, 5, 40}, 4, 8}, {0.3, 1234567890123});
  ExpectAllSame({{0, 130, 200}, 2, 32}, {0.1, 987654321});
}

}  // namespace
}  // namespace bertqa
