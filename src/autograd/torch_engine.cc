#include "autograd/torch_engine.h"

#include <ATen/Parallel.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "autograd/span_loss.h"
#include "base/mix_key.h"
#include "bertqa/error.h"
#include "kernels/isa.h"

namespace bertqa {
namespace {

/// Activations are allocated and freed a thousand times a step. By default the C library gives
/// large ones back to the system each time, which clears them when they are asked for again.
void KeepFreedMemory() {
#if defined(__GLIBC__)
  constexpr int kLargest = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, kLargest);
  ::mallopt(M_TRIM_THRESHOLD, kLargest);
#endif
}

Precision PrecisionOf(const EngineOptions& options) {
  return options.bfloat16 ? Precision::kBFloat16 : Precision::kFloat32;
}

std::vector<std::int64_t> Sizes(const Shape& shape) {
  return {shape.begin(), shape.end()};
}

}  // namespace

TorchEngine::TorchEngine(const EngineOptions& options)
    : options_(options), layout_(options.config), device_(options.device), team_(options.threads) {
  if (options_.bfloat16 && device_.is_cpu() && !ComputesBFloat16(ChosenIsa())) {
    throw Error(ErrorCode::kUnsupported,
                "bf16: a processor that multiplies bfloat16 natively is expected");
  }
  const auto size = static_cast<std::int64_t>(layout_.size());
  host_ = at::zeros({3, size}, at::kFloat);
  values_ = host_[0].to(device_);
  first_ = host_[1].to(device_);
  second_ = host_[2].to(device_);
  gradients_ = at::zeros({size}, values_.options());
  KeepFreedMemory();
  at::set_num_threads(1);  // the work is shared out here, in larger pieces than operators
  const std::size_t workers = device_.is_cpu() ? options_.threads : 1;
  for (std::size_t worker = 0; worker < workers; ++worker) {
    workers_.push_back(MakeWorker());
  }
  if (device_.is_cpu()) {
    panels_ = std::make_unique<NetworkPanels>(options_.config, PrecisionOf(options_));
  }
  for (const auto& [row, prefix] :
       {std::pair(0, ""), std::pair(1, "exp_avg."), std::pair(2, "exp_avg_sq.")}) {
    auto* const data = host_[row].mutable_data_ptr<float>();
    for (const ParameterLayout::Entry& entry : layout_.entries()) {
      state_.push_back({prefix + entry.tensor.name,
                        entry.tensor.shape,
                        {data + entry.range.begin, entry.range.size()}});
    }
  }
}

at::Tensor TorchEngine::View(const at::Tensor& values, ValueRange range) const {
  return values.narrow(0, static_cast<std::int64_t>(range.begin),
                       static_cast<std::int64_t>(range.size()));
}

at::Tensor TorchEngine::ParameterView(const at::Tensor& values, std::string_view name) const {
  const ParameterLayout::Entry& entry = layout_.Find(name);
  return View(values, entry.range).view(Sizes(entry.tensor.shape));
}

EmbeddingTables TorchEngine::TablesOf(const at::Tensor& values) const {
  const std::string prefix = "bert.embeddings.";
  return {ParameterView(values, prefix + "word_embeddings.weight"),
          ParameterView(values, prefix + "position_embeddings.weight"),
          ParameterView(values, prefix + "token_type_embeddings.weight")};
}

NetworkLeaves TorchEngine::LeavesOf(const at::Tensor& values) const {
  const auto pair = [&](const std::string& name) {
    return LinearLeaves{ParameterView(values, name + ".weight"),
                        ParameterView(values, name + ".bias")};
  };
  const auto hidden = static_cast<std::int64_t>(options_.config.hidden_size);
  NetworkLeaves leaves;
  leaves.embedding_norm = pair("bert.embeddings.LayerNorm");
  for (std::size_t index = 0; index < options_.config.layers; ++index) {
    const std::string prefix = "bert.encoder.layer." + std::to_string(index) + ".";
    LayerLeaves layer;
    // Query, key and value lie one after the other.
    const std::string query = prefix + "attention.self.query";
    const std::size_t weight = layout_.Find(query + ".weight").range.begin;
    const std::size_t bias = layout_.Find(query + ".bias").range.begin;
    const std::size_t size = 3 * options_.config.hidden_size;
    layer.qkv = {
        View(values, {weight, weight + size * options_.config.hidden_size}).view({-1, hidden}),
        View(values, {bias, bias + size})};
    layer.attention_output = pair(prefix + "attention.output.dense");
    layer.attention_norm = pair(prefix + "attention.output.LayerNorm");
    layer.inner = pair(prefix + "intermediate.dense");
    layer.output = pair(prefix + "output.dense");
    layer.output_norm = pair(prefix + "output.LayerNorm");
    leaves.layers.push_back(std::move(layer));
  }
  leaves.head = pair("qa_outputs");
  return leaves;
}

TorchEngine::Worker TorchEngine::MakeWorker() const {
  Worker worker{.leaves = LeavesOf(values_),
                .attention = AttentionTraining(PrecisionOf(options_), ChosenIsa()),
                .layer_scratch = WeightGradient(PrecisionOf(options_), ChosenIsa()),
                .head_scratch = WeightGradient(Precision::kFloat32, ChosenIsa())};
  worker.leaves.ForEach([](at::Tensor& leaf) { leaf = leaf.detach().requires_grad_(true); });
  if (options_.freeze_embeddings) {
    worker.leaves.embedding_norm.weight.requires_grad_(false);
    worker.leaves.embedding_norm.bias.requires_grad_(false);
  }
  return worker;
}

void TorchEngine::PackWeights() {
  if (panels_ != nullptr) {
    panels_->Pack(workers_.front().leaves, team_);
  }
}

NetworkRun TorchEngine::RunOf(Worker& worker, const DropoutMask& mask) const {
  return {.leaves = worker.leaves,
          .config = options_.config,
          .type = options_.bfloat16 ? at::kBFloat16 : at::kFloat,
          .panels = panels_.get(),
          .attention = panels_ == nullptr ? nullptr : &worker.attention,
          .layer_scratch = &worker.layer_scratch,
          .head_scratch = &worker.head_scratch,
          .mask = mask};
}

void TorchEngine::Upload() {
  const c10::NoGradGuard no_gradients;
  if (!device_.is_cpu()) {
    values_.copy_(host_[0]);
    first_.copy_(host_[1]);
    second_.copy_(host_[2]);
  }
  PackWeights();
}

void TorchEngine::Download() {
  const c10::NoGradGuard no_gradients;
  if (!device_.is_cpu()) {
    host_[0].copy_(values_);
    host_[1].copy_(first_);
    host_[2].copy_(second_);
  }
}

void TorchEngine::RunBatch(Worker& worker, const TrainingBatch& batch, std::size_t batch_index,
                           const StepInput& input, double scale) {
  at::Tensor embeddings =
      SumEmbeddings(TablesOf(values_), batch.inputs).requires_grad_(!options_.freeze_embeddings);
  const DropoutMask mask{options_.dropout, MixKey(MixKey(options_.seed, input.step), batch_index)};
  const at::Tensor logits = ForwardNetwork(RunOf(worker, mask), embeddings, batch.inputs.offsets);
  const at::Tensor on_host = logits.detach().to(at::kCPU).contiguous();
  at::Tensor gradient = at::empty_like(on_host);
  const auto count = static_cast<std::size_t>(on_host.numel());
  worker.loss += SpanLoss(batch, input.distillation, {on_host.const_data_ptr<float>(), count},
                          scale, {gradient.mutable_data_ptr<float>(), count});
  logits.backward(gradient.to(device_));
  if (!options_.freeze_embeddings) {
    embedding_gradients_[batch_index] = embeddings.grad();
  }
}

void TorchEngine::RunWorkers(const StepInput& input, double scale) {
  embedding_gradients_.assign(input.batches.size(), {});
  team_.ForEach(workers_.size(), [&](std::size_t index, std::size_t) {
    Worker& worker = workers_[index];
    worker.loss = 0;
    for (std::size_t batch = index; batch < input.batches.size(); batch += workers_.size()) {
      RunBatch(worker, input.batches[batch], batch, input, scale);
    }
  });
}

void TorchEngine::ForEachSlice(ValueRange range,
                               const std::function<void(ValueRange slice)>& work) {
  constexpr std::size_t kSlice = std::size_t{1} << 18U;
  const std::size_t slices = (range.size() + kSlice - 1) / kSlice;
  team_.ForEach(slices, [&](std::size_t slice, std::size_t) {
    const c10::NoGradGuard no_gradients;
    const std::size_t begin = range.begin + slice * kSlice;
    work({begin, std::min(begin + kSlice, range.end)});
  });
}

/// Adds the workers' gradients up, in their order.
void TorchEngine::SumGradients() {
  ForEachSlice(layout_.tables(), [&](ValueRange slice) { View(gradients_, slice).zero_(); });
  NetworkLeaves sums = LeavesOf(gradients_);
  std::vector<std::vector<at::Tensor*>> leaves(workers_.size() + 1);
  sums.ForEach([&](at::Tensor& sum) { leaves.back().push_back(&sum); });
  for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
    workers_[worker].leaves.ForEach([&](at::Tensor& leaf) { leaves[worker].push_back(&leaf); });
  }
  team_.ForEach(leaves.back().size(), [&](std::size_t place, std::size_t) {
    const c10::NoGradGuard no_gradients;
    at::Tensor& sum = *leaves.back()[place];
    bool is_first = true;
    for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
      at::Tensor& gradient = leaves[worker][place]->mutable_grad();
      if (gradient.defined()) {
        is_first ? sum.copy_(gradient) : sum.add_(gradient);
        is_first = false;
        gradient = at::Tensor();
      }
    }
    if (is_first) {
      sum.zero_();
    }
  });
}

void TorchEngine::AddEmbeddingGradients(const StepInput& input) {
  const EmbeddingTables tables = TablesOf(gradients_);
  for (std::size_t batch = 0; batch < input.batches.size(); ++batch) {
    if (embedding_gradients_[batch].defined()) {
      AddToTables(tables, input.batches[batch].inputs, embedding_gradients_[batch]);
    }
  }
  embedding_gradients_.clear();
}

double TorchEngine::MeasureAndClip() {
  const ValueRange all = {0, layout_.size()};
  std::mutex mutex;
  std::map<std::size_t, double> parts;
  ForEachSlice(all, [&](ValueRange slice) {
    const double norm = at::linalg_vector_norm(View(gradients_, slice)).item<double>();
    const std::scoped_lock lock(mutex);
    parts[slice.begin] = norm * norm;
  });
  double sum = 0;
  for (const auto& [begin, part] : parts) {
    sum += part;
  }
  const double norm = std::sqrt(sum);
  const double largest = options_.max_grad_norm;
  if (largest > 0 && norm > largest) {
    const double factor = largest / (norm + 1e-6);  // as torch.nn.utils.clip_grad_norm_
    ForEachSlice(all, [&](ValueRange slice) { View(gradients_, slice).mul_(factor); });
  }
  return norm;
}

void TorchEngine::ApplyAdamW(const StepInput& input) {
  const bool frozen = options_.freeze_embeddings;
  const ValueRange decayed = {frozen ? layout_.weights().begin : layout_.tables().begin,
                              layout_.weights().end};
  const ValueRange plain = {layout_.biases().begin,
                            frozen ? layout_.layer_norms().end : layout_.embedding_norm().end};
  const at::Tensor step = at::scalar_tensor(static_cast<double>(input.step + 1), values_.options());
  for (const auto& [range, decay] :
       {std::pair(decayed, options_.weight_decay), std::pair(plain, 0.0)}) {
    ForEachSlice(range, [&, weight_decay = decay](ValueRange slice) {
      std::vector<at::Tensor> values = {View(values_, slice)};
      std::vector<at::Tensor> gradients = {View(gradients_, slice)};
      std::vector<at::Tensor> first = {View(first_, slice)};
      std::vector<at::Tensor> second = {View(second_, slice)};
      at::_fused_adamw_(values, gradients, first, second, {}, {step}, input.learning_rate,
                        options_.adam_beta1, options_.adam_beta2, weight_decay,
                        options_.adam_epsilon, /*amsgrad=*/false, /*maximize=*/false);
    });
  }
}

StepResult TorchEngine::Step(const StepInput& input) {
  std::size_t windows = 0;
  for (const TrainingBatch& batch : input.batches) {
    windows += batch.inputs.window_count();
  }
  const double scale = 1 / static_cast<double>(windows);
  RunWorkers(input, scale);
  const c10::NoGradGuard no_gradients;
  SumGradients();
  AddEmbeddingGradients(input);
  StepResult result;
  for (const Worker& worker : workers_) {
    result.loss += worker.loss * scale;
  }
  result.gradient_norm = MeasureAndClip();
  result.is_applied = std::isfinite(result.loss) && std::isfinite(result.gradient_norm);
  if (result.is_applied) {
    ApplyAdamW(input);
    PackWeights();
  }
  return result;
}

}  // namespace bertqa
