#include "train/conditions.h"

#include <cstddef>
#include <span>
#include <string_view>

#include "bertqa/error.h"
#include "io/json_text.h"
#include "train/fingerprint.h"

namespace bertqa {
namespace {

std::string FingerprintOf(const BaseModel& base) {
  Fingerprint fingerprint;
  for (const MemoryTensor& tensor : base.tensors) {
    const std::span<const std::byte> bytes = std::as_bytes(tensor.values);
    fingerprint.Add(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  return fingerprint.Hex();
}

}  // namespace

std::map<std::string, std::string> ConditionsOf(const TrainRun& run) {
  const TrainOptions& options = run.options;
  Fingerprint data;
  AddTrainingSet(data, run.set);
  std::map<std::string, std::string> conditions = {
      {"--model with the fingerprint", FingerprintOf(run.base)},
      {"data and windows", data.Hex()},
      {"--epochs", NumberText(options.epochs)},
      {"--learning-rate", NumberText(*options.learning_rate)},
      {"--batch-size", std::to_string(options.batch_size)},
      {"--warmup-ratio", NumberText(options.warmup_ratio)},
      {"--weight-decay", NumberText(options.weight_decay)},
      {"--max-grad-norm", NumberText(options.max_grad_norm)},
      {"--dropout", NumberText(*options.dropout)},
      {"--seed", std::to_string(options.seed)},
      {"--order", options.order == TrainOrder::kFile ? "file" : "shuffled"},
      {"--freeze-embeddings", options.freeze_embeddings ? "on" : "off"},
      {"--precision", std::string(NameOf(options.precision))},
      {"--threads", std::to_string(options.threads)},
      {"--device", options.device},
      {"--max-batch-tokens", std::to_string(options.max_batch_tokens)},
      {"--dev", run.dev == nullptr ? "none" : "given"},
      {"--teacher with the fingerprint",
       run.paths.teacher.empty() ? "none" : NameOfTeaching(run.set, run.paths.teacher)}};
  if (!run.paths.teacher.empty()) {
    conditions["--distill-weight"] = NumberText(options.distill_weight);
    conditions["--distill-temperature"] = NumberText(options.distill_temperature);
  }
  return conditions;
}

void RequireSameConditions(const TrainRun& run) {
  const auto now = ConditionsOf(run);
  for (const auto& [name, value] : run.progress.conditions) {
    const auto found = now.find(name);
    const std::string given = found == now.end() ? "none" : found->second;
    if (given != value) {
      throw Error(ErrorCode::kUsage, "--resume: the run in " + run.paths.output.string() + " has " +
                                         name + " " + value + ", this command " + given);
    }
  }
}

}  // namespace bertqa
