#include "autograd/dropout.h"

#include <ATen/Context.h>
#include <ATen/ops/bernoulli.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <mutex>

#include "base/mix_key.h"
#include "kernels/dropout.h"

namespace bertqa {
namespace {

void ApplyOnDevice(at::Tensor& values, const DropoutMask& mask) {
  at::Generator generator = at::globalContext().defaultGenerator(values.device());
  at::Tensor kept = at::empty_like(values);
  {
    const std::scoped_lock lock(generator.mutex());
    generator.set_current_seed(mask.key);
  }
  kept.bernoulli_(1 - mask.probability, generator);
  values.mul_(kept).div_(1 - mask.probability);
}

class DropoutFunction : public torch::autograd::Function<DropoutFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& values,
                            double probability, std::int64_t key) {
    context->saved_data["probability"] = probability;
    context->saved_data["key"] = key;
    at::Tensor result = values.clone(at::MemoryFormat::Contiguous);
    ApplyDropout(result, {probability, static_cast<std::uint64_t>(key)});
    return result;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    at::Tensor result = gradients[0].clone(at::MemoryFormat::Contiguous);
    ApplyDropout(result, {context->saved_data["probability"].toDouble(),
                          static_cast<std::uint64_t>(context->saved_data["key"].toInt())});
    return {result, {}, {}};
  }
};

}  // namespace

DropoutMask DropoutMask::At(std::uint64_t site) const {
  return {probability, MixKey(key, site)};
}

void ApplyDropout(at::Tensor& values, const DropoutMask& mask) {
  if (mask.is_empty()) {
    return;
  }
  if (!values.is_cpu()) {
    ApplyOnDevice(values, mask);
    return;
  }
  const DropoutKernel kernel{mask.key, mask.probability};
  const auto count = static_cast<std::size_t>(values.numel());
  if (values.scalar_type() == at::kFloat) {
    kernel.Apply(values.mutable_data_ptr<float>(), count, /*first=*/0);
  } else {
    kernel.Apply(reinterpret_cast<BFloat16*>(values.mutable_data_ptr<at::BFloat16>()), count,
                 /*first=*/0);
  }
}

at::Tensor Dropout(const at::Tensor& values, const DropoutMask& mask) {
  if (mask.is_empty()) {
    return values;
  }
  return DropoutFunction::apply(values, mask.probability, static_cast<std::int64_t>(mask.key));
}

}  // namespace bertqa
