#include "autograd/packed_attention.h"

#include <ATen/ops/_softmax.h>
#include <ATen/ops/_softmax_backward_data.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "autograd/context_pointer.h"

namespace bertqa {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The windows of a packed batch and the heads of each.
struct Packing {
  std::vector<std::int64_t> offsets;
  std::int64_t heads = 0;

  std::int64_t windows() const { return static_cast<std::int64_t>(offsets.size()) - 1; }

  /// Rows of window `window` of a [N, parts · H] as [parts, A, T, D]; a view.
  at::Tensor View(const at::Tensor& packed, std::int64_t window, std::int64_t parts) const {
    const std::int64_t begin = offsets[static_cast<std::size_t>(window)];
    const std::int64_t tokens = offsets[static_cast<std::size_t>(window) + 1] - begin;
    const std::int64_t head_size = packed.size(1) / parts / heads;
    return packed.narrow(0, begin, tokens)
        .view({tokens, parts, heads, head_size})
        .permute({1, 2, 0, 3});
  }
};

double ScaleOf(const at::Tensor& query) {
  return 1 / std::sqrt(static_cast<double>(query.size(2)));
}

/// What both passes of attention work with, beside the projections.
struct AttentionCall {
  Packing packing;
  DropoutMask mask;
  AttentionTraining* kernels = nullptr;

  void Save(AutogradContext& context) const {
    context.saved_data["offsets"] = packing.offsets;
    context.saved_data["heads"] = packing.heads;
    context.saved_data["dropout"] = mask.probability;
    context.saved_data["key"] = static_cast<std::int64_t>(mask.key);
    context.saved_data["kernels"] = ToNumber(kernels);
  }

  static AttentionCall Load(AutogradContext& context) {
    return {{context.saved_data["offsets"].toIntVector(), context.saved_data["heads"].toInt()},
            {context.saved_data["dropout"].toDouble(),
             static_cast<std::uint64_t>(context.saved_data["key"].toInt())},
            FromNumber<AttentionTraining>(context.saved_data["kernels"].toInt())};
  }
};

class AttentionFunction : public torch::autograd::Function<AttentionFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& qkv,
                            const AttentionCall& call) {
    const auto& [packing, mask, kernels] = call;
    at::Tensor output = at::empty({qkv.size(0), qkv.size(1) / 3}, qkv.options());
    variable_list saved = {qkv};
    for (std::int64_t window = 0; window < packing.windows(); ++window) {
      const at::Tensor parts = packing.View(qkv, window, 3);
      at::Tensor scores = at::bmm(parts[0], parts[1].transpose(1, 2)).mul_(ScaleOf(parts[0]));
      at::Tensor weights = at::_softmax(scores, -1, /*half_to_float=*/false);
      saved.push_back(weights);
      if (!mask.is_empty()) {
        weights = weights.clone();
        ApplyDropout(weights, mask.At(static_cast<std::uint64_t>(window)));
      }
      packing.View(output, window, 1)[0].copy_(at::bmm(weights, parts[2]));
    }
    context->save_for_backward(std::move(saved));
    call.Save(*context);
    return output;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto [packing, mask, kernels] = AttentionCall::Load(*context);
    const variable_list saved = context->get_saved_variables();
    const at::Tensor output_gradient = gradients[0].contiguous();
    at::Tensor result = at::empty_like(saved[0]);
    for (std::int64_t window = 0; window < packing.windows(); ++window) {
      const at::Tensor parts = packing.View(saved[0], window, 3);
      const at::Tensor wanted = packing.View(output_gradient, window, 1)[0];
      const at::Tensor& weights = saved[static_cast<std::size_t>(window) + 1];
      const at::Tensor into = packing.View(result, window, 3);
      const DropoutMask window_mask = mask.At(static_cast<std::uint64_t>(window));
      at::Tensor dropped = mask.is_empty() ? weights : weights.clone();
      ApplyDropout(dropped, mask.is_empty() ? mask : window_mask);
      into[2].copy_(at::bmm(dropped.transpose(1, 2), wanted));
      at::Tensor weights_gradient = at::bmm(wanted, parts[2].transpose(1, 2));
      ApplyDropout(weights_gradient, mask.is_empty() ? mask : window_mask);
      const at::Tensor scores_gradient =
          at::_softmax_backward_data(weights_gradient, weights, -1, weights.scalar_type())
              .mul_(ScaleOf(parts[0]));
      into[0].copy_(at::bmm(scores_gradient, parts[1]));
      into[1].copy_(at::bmm(scores_gradient.transpose(1, 2), parts[0]));
    }
    return {result, {}};
  }
};

template <typename T>
T* DataOf(at::Tensor& tensor) {
  return static_cast<T*>(tensor.mutable_data_ptr());
}
template <typename T>
const T* DataOf(const at::Tensor& tensor) {
  return static_cast<const T*>(tensor.const_data_ptr());
}

/// The heads of a packed batch, one after the other.
template <typename T>
class KernelPass {
 public:
  KernelPass(const at::Tensor& qkv, const Packing& packing, const DropoutMask& mask)
      : qkv_(qkv), packing_(packing), mask_(mask) {}

  void Forward(AttentionTraining& kernels, at::Tensor& output, at::Tensor& log_sums) const {
    ForEach([&](const TrainedHead<T>& head, std::size_t place, std::size_t sum_place) {
      kernels.Forward(head, DataOf<T>(output) + place, DataOf<float>(log_sums) + sum_place);
    });
  }

  /// Saved are the output and the logarithms of sums.
  void Backward(AttentionTraining& kernels, const at::Tensor& output, const at::Tensor& log_sums,
                const at::Tensor& wanted, at::Tensor& result) const {
    const T* const base = DataOf<T>(qkv_);
    ForEach([&](const TrainedHead<T>& head, std::size_t place, std::size_t sum_place) {
      T* const into = DataOf<T>(result);
      kernels.Backward(
          head, DataOf<T>(output) + place, DataOf<T>(wanted) + place,
          DataOf<float>(log_sums) + sum_place,
          {into + (head.query - base), into + (head.key - base), into + (head.value - base)});
    });
  }

 private:
  template <class Work>
  void ForEach(const Work& work) const {
    const auto hidden = static_cast<std::size_t>(qkv_.size(1)) / 3;
    const auto heads = static_cast<std::size_t>(packing_.heads);
    for (std::size_t window = 0; window + 1 < packing_.offsets.size(); ++window) {
      const auto begin = static_cast<std::size_t>(packing_.offsets[window]);
      const auto end = static_cast<std::size_t>(packing_.offsets[window + 1]);
      TrainedHead<T> trained;
      trained.stride = 3 * hidden;
      trained.output_stride = hidden;
      trained.tokens = end - begin;
      trained.head_size = hidden / heads;
      trained.dropout = mask_.probability;
      trained.dropout_key = mask_.is_empty() ? 0 : mask_.At(window).key;
      for (std::size_t head = 0; head < heads; ++head) {
        trained.query = DataOf<T>(qkv_) + begin * trained.stride + head * trained.head_size;
        trained.key = trained.query + hidden;
        trained.value = trained.key + hidden;
        trained.dropout_first = head * trained.tokens * trained.tokens;
        work(trained, begin * hidden + head * trained.head_size,
             begin * heads + head * trained.tokens);
      }
    }
  }

  const at::Tensor& qkv_;
  const Packing& packing_;
  const DropoutMask& mask_;
};

class KernelAttentionFunction : public torch::autograd::Function<KernelAttentionFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& qkv,
                            const AttentionCall& call) {
    const auto& [packing, mask, kernels] = call;
    at::Tensor output = at::empty({qkv.size(0), qkv.size(1) / 3}, qkv.options());
    at::Tensor log_sums = at::empty({qkv.size(0) * packing.heads}, qkv.options().dtype(at::kFloat));
    if (qkv.scalar_type() == at::kFloat) {
      KernelPass<float>(qkv, packing, mask).Forward(*kernels, output, log_sums);
    } else {
      KernelPass<BFloat16>(qkv, packing, mask).Forward(*kernels, output, log_sums);
    }
    context->save_for_backward({qkv, output, log_sums});
    call.Save(*context);
    return output;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto [packing, mask, kernels] = AttentionCall::Load(*context);
    const variable_list saved = context->get_saved_variables();
    const at::Tensor wanted = gradients[0].contiguous();
    at::Tensor result = at::empty_like(saved[0]);
    if (wanted.scalar_type() == at::kFloat) {
      KernelPass<float>(saved[0], packing, mask)
          .Backward(*kernels, saved[1], saved[2], wanted, result);
    } else {
      KernelPass<BFloat16>(saved[0], packing, mask)
          .Backward(*kernels, saved[1], saved[2], wanted, result);
    }
    return {result, {}};
  }
};

}  // namespace

at::Tensor PackedAttention(const at::Tensor& qkv, const std::vector<std::size_t>& offsets,
                           std::size_t heads, const DropoutMask& mask, AttentionTraining* kernels) {
  const AttentionCall call{
      {{offsets.begin(), offsets.end()}, static_cast<std::int64_t>(heads)}, mask, kernels};
  return kernels == nullptr ? AttentionFunction::apply(qkv, call)
                            : KernelAttentionFunction::apply(qkv, call);
}

}  // namespace bertqa
