#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>

#include "bertqa/precision.h"
#include "kernels/linear.h"
#include "kernels/weight_gradient.h"

namespace bertqa {

/// A dense layer's parameters, fp32: weight [out, in], bias [out].
struct LinearLeaves {
  at::Tensor weight;
  at::Tensor bias;
};

/// A dense layer's weights as the kernels of the CPU read them: for the product, and for that of
/// its gradient. Packed anew when the weights have changed; shared by all workers.
class LinearPanels {
 public:
  LinearPanels(Precision precision, std::size_t inputs, std::size_t outputs);

  void Pack(const LinearLeaves& leaves);

  const PackedLinear& forward() const { return forward_; }
  const PackedLinear& backward() const { return backward_; }

 private:
  PackedLinear forward_;   // [out, in]
  PackedLinear backward_;  // its transpose
};

/// y = x · Wᵀ + b with the kernels of the CPU, with gradients for x (of x's type, summed in fp32),
/// W and b (fp32). `input` [N, in], fp32 or bfloat16 as the panels' precision.
/// `panels` and `scratch` outlive the backward pass, which runs on the calling thread's worker.
at::Tensor PackedProduct(const at::Tensor& input, const LinearLeaves& leaves,
                         const LinearPanels& panels, WeightGradient& scratch);

}  // namespace bertqa
