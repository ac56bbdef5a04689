#include "autograd/linear.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "autograd/context_pointer.h"
#include "kernels/narrow_tiles.h"

namespace bertqa {
namespace {

BFloat16* Halves(at::Tensor& tensor) {
  return reinterpret_cast<BFloat16*>(tensor.mutable_data_ptr<at::BFloat16>());
}

const BFloat16* Halves(const at::Tensor& tensor) {
  return reinterpret_cast<const BFloat16*>(tensor.const_data_ptr<at::BFloat16>());
}

/// `rows` [N, columns] as an operand: itself where its rows are whole lines, else `copy`, to which
/// zeros are appended.
OperandView ViewOf(const at::Tensor& rows, at::Tensor& copy) {
  const auto columns = static_cast<std::size_t>(rows.size(1));
  const std::size_t row_bytes = columns * static_cast<std::size_t>(rows.element_size());
  if (rows.scalar_type() == at::kFloat) {
    return {.data = reinterpret_cast<const std::byte*>(rows.const_data_ptr<float>()),
            .stride_bytes = row_bytes};
  }
  const auto place = reinterpret_cast<std::uintptr_t>(Halves(rows));
  const std::size_t padded = RoundUp(row_bytes, kRowStepBytes);
  if (padded == row_bytes && place % kRowStepBytes == 0) {
    return {.data = reinterpret_cast<const std::byte*>(Halves(rows)), .stride_bytes = row_bytes};
  }
  copy = at::zeros({rows.size(0), static_cast<std::int64_t>(padded / sizeof(BFloat16))},
                   rows.options());
  copy.narrow(1, 0, rows.size(1)).copy_(rows);
  return {.data = reinterpret_cast<const std::byte*>(Halves(std::as_const(copy))),
          .stride_bytes = padded};
}

at::Tensor Product(const at::Tensor& input, const PackedLinear& panels) {
  at::Tensor copy;
  const OperandView operand = ViewOf(input, copy);
  at::Tensor output =
      at::empty({input.size(0), static_cast<std::int64_t>(panels.outputs())}, input.options());
  LinearOutput into{.stride = panels.outputs()};
  if (input.scalar_type() == at::kFloat) {
    into.floats = output.mutable_data_ptr<float>();
  } else {
    into.halves = Halves(output);
  }
  constexpr std::size_t kBlockRows = 256;
  MultiplyInBlocks(operand, static_cast<std::size_t>(input.size(0)), panels, into, kBlockRows);
  return output;
}

/// What a product and its gradients are computed with.
struct ProductKernels {
  const LinearPanels& panels;
  WeightGradient& scratch;
};

class ProductFunction : public torch::autograd::Function<ProductFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weight, const at::Tensor& /*bias*/,
                            const ProductKernels& kernels) {
    context->save_for_backward({input});
    context->saved_data["outputs"] = weight.size(0);
    context->saved_data["panels"] = ToNumber(&kernels.panels);
    context->saved_data["scratch"] = ToNumber(&kernels.scratch);
    return Product(input, kernels.panels.forward());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const at::Tensor input = context->get_saved_variables()[0];
    const at::Tensor wanted = gradients[0].contiguous();
    const auto& panels = *FromNumber<const LinearPanels>(context->saved_data["panels"].toInt());
    auto& scratch = *FromNumber<WeightGradient>(context->saved_data["scratch"].toInt());
    const std::int64_t outputs = context->saved_data["outputs"].toInt();
    at::Tensor weight = at::empty({outputs, input.size(1)}, input.options().dtype(at::kFloat));
    const WeightGradient::Shape shape{static_cast<std::size_t>(input.size(0)),
                                      static_cast<std::size_t>(outputs),
                                      static_cast<std::size_t>(input.size(1))};
    if (input.scalar_type() == at::kFloat) {
      scratch.Compute(wanted.const_data_ptr<float>(), input.const_data_ptr<float>(), shape,
                      weight.mutable_data_ptr<float>());
    } else {
      scratch.Compute(Halves(wanted), Halves(input), shape, weight.mutable_data_ptr<float>());
    }
    return {Product(wanted, panels.backward()),
            weight,
            at::sum(wanted, {0}, /*keepdim=*/false, at::kFloat),
            {},
            {}};
  }
};

}  // namespace

LinearPanels::LinearPanels(Precision precision, std::size_t inputs, std::size_t outputs)
    : forward_(precision, ChosenIsa(), inputs, outputs),
      backward_(precision, ChosenIsa(), outputs, inputs) {}

void LinearPanels::Pack(const LinearLeaves& leaves) {
  const auto* const weights = leaves.weight.const_data_ptr<float>();
  const auto* const biases = leaves.bias.const_data_ptr<float>();
  const std::size_t inputs = forward_.inputs();
  const std::size_t outputs = forward_.outputs();
  constexpr std::size_t kStep = PackedLinear::kOutputStep;
  for (std::size_t output = 0; output < outputs; output += kStep) {
    forward_.SetRows(output, std::min(kStep, outputs - output), weights + output * inputs,
                     biases + output);
  }
  backward_.SetTransposed(weights, inputs);
}

at::Tensor PackedProduct(const at::Tensor& input, const LinearLeaves& leaves,
                         const LinearPanels& panels, WeightGradient& scratch) {
  return ProductFunction::apply(input, leaves.weight, leaves.bias, ProductKernels{panels, scratch});
}

}  // namespace bertqa
