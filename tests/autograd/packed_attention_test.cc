#include "autograd/packed_attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/softmax.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

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

void ExpectSame(const std::vector<std::size_t>& offsets, std::int64_t heads, std::int64_t size,
                const DropoutMask& mask) {
  const auto tokens = static_cast<std::int64_t>(offsets.back());
  const at::Tensor values = at::randn({tokens, 3 * heads * size});
  const at::Tensor fast_input = values.clone().requires_grad_(true);
  const at::Tensor slow_input = values.clone().requires_grad_(true);
  const at::Tensor fast =
      PackedAttention(fast_input, offsets, static_cast<std::size_t>(heads), mask);
  const at::Tensor slow = SlowAttention(slow_input, offsets, heads, mask);
  EXPECT_LT((fast - slow).abs().max().item<float>(), 1e-5F);
  const at::Tensor wanted = at::randn_like(slow);
  fast.backward(wanted);
  slow.backward(wanted);
  EXPECT_LT((fast_input.grad() - slow_input.grad()).abs().max().item<float>(), 1e-5F)
      << heads << " heads of " << size;
}

TEST(PackedAttention, EqualsOneHeadAfterTheOther) {
  for (const std::int64_t size : {4, 32, 64}) {
    ExpectSame({0, 1, 8, 25, 90}, 3, size, {});
  }
}

TEST(PackedAttention, DropsTheSameWeightsInBothPasses) {
  ExpectSame({0, 5, 40}, 4, 8, {0.3, 1234567890123});
}

}  // namespace
}  // namespace bertqa
