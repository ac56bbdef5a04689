#include "encoder/qa_encoder.h"

#include <mutex>
#include <new>
#include <numeric>
#include <string>
#include <utility>

#include "bertqa/error.h"
#include "encoder/forward_pass.h"
#include "encoder/parameters.h"
#include "encoder/task_team.h"
#include "encoder/workspace.h"
#include "kernels/peak.h"

namespace bertqa {
namespace {

/// Runs `compute` and turns what the allocator throws into ours.
template <typename Function>
auto Guarded(const char* what, const Function& compute) {
  try {
    return compute();
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kInternal, std::string(what) + ": out of memory");
  }
}

void RequireBelow(std::int64_t value, std::size_t bound, const char* what) {
  if (value < 0 || static_cast<std::size_t>(value) >= bound) {
    throw Error(ErrorCode::kUsage, std::string("encoder: ") + what + " " + std::to_string(value) +
                                       " is not in [0, " + std::to_string(bound) + ")");
  }
}

class QaEncoder : public QaModel {
 public:
  QaEncoder(const Checkpoint& checkpoint, const ComputeOptions& options, std::size_t threads)
      : config_(checkpoint.config()),
        options_(options),
        parameters_(Guarded("encoder: cannot load the weights",
                            [&] { return LoadParameters(checkpoint, options, threads); })) {}

  SpanLogits Forward(const PackedBatch& batch, std::size_t threads) const override;
  std::size_t max_window_tokens() const override { return config_.max_window_tokens(); }
  std::size_t vocabulary_size() const override { return config_.vocabulary_size; }
  ComputeInfo compute_info() const override;
  double MeasurePeakGflops(std::size_t threads) const override;

 private:
  void Validate(const PackedBatch& batch, std::size_t threads) const;
  std::unique_ptr<Workspace> TakeWorkspace(std::size_t threads) const;
  void GiveBack(std::unique_ptr<Workspace> workspace) const;

  EncoderConfig config_;
  ComputeOptions options_;
  EncoderParameters parameters_;
  mutable std::mutex mutex_;
  // Workspaces that no forward pass is using: as many as passes ever ran at once.
  mutable std::vector<std::unique_ptr<Workspace>> idle_;
};

void QaEncoder::Validate(const PackedBatch& batch, std::size_t threads) const {
  if (threads == 0) {
    throw Error(ErrorCode::kUsage, "encoder: at least 1 thread is expected, not 0");
  }
  const std::size_t tokens = batch.token_count();
  bool consistent = batch.segments.size() == tokens && !batch.offsets.empty() &&
                    batch.offsets.front() == 0 && batch.offsets.back() == tokens;
  for (std::size_t window = 0; consistent && window < batch.window_count(); ++window) {
    consistent = batch.offsets[window] < batch.offsets[window + 1];
  }
  if (!consistent) {
    throw Error(ErrorCode::kUsage,
                "encoder: ids, segments and offsets of a batch are expected to agree");
  }
  for (std::size_t window = 0; window < batch.window_count(); ++window) {
    const std::size_t length = batch.offsets[window + 1] - batch.offsets[window];
    if (length > config_.max_window_tokens()) {
      throw Error(ErrorCode::kUsage, "encoder: a window has " + std::to_string(length) +
                                         " tokens; the model takes at most " +
                                         std::to_string(config_.max_window_tokens()));
    }
  }
  for (std::size_t token = 0; token < tokens; ++token) {
    RequireBelow(batch.ids[token], config_.vocabulary_size, "token id");
    if (parameters_.embeddings.reads_segments) {
      RequireBelow(batch.segments[token], config_.segment_types, "segment");
    }
  }
}

std::unique_ptr<Workspace> QaEncoder::TakeWorkspace(std::size_t threads) const {
  {
    const std::scoped_lock lock(mutex_);
    for (std::unique_ptr<Workspace>& workspace : idle_) {
      if (workspace->team().size() == threads) {
        std::swap(workspace, idle_.back());
        std::unique_ptr<Workspace> taken = std::move(idle_.back());
        idle_.pop_back();
        return taken;
      }
    }
  }
  return std::make_unique<Workspace>(config_, options_, threads);
}

void QaEncoder::GiveBack(std::unique_ptr<Workspace> workspace) const {
  const std::scoped_lock lock(mutex_);
  idle_.push_back(std::move(workspace));
}

SpanLogits QaEncoder::Forward(const PackedBatch& batch, std::size_t threads) const {
  Validate(batch, threads);
  if (batch.token_count() == 0) {
    return {};
  }
  return Guarded("encoder", [&] {
    std::unique_ptr<Workspace> workspace = TakeWorkspace(threads);
    SpanLogits logits = ForwardPass(config_, options_, parameters_, batch, *workspace).Run();
    GiveBack(std::move(workspace));  // a workspace that an exception went through is dropped
    return logits;
  });
}

/// A multiplication and an addition are two operations. Attention multiplies queries by keys and
/// weights by values: for each pair of tokens as many numbers as a layer is wide, or for each token
/// 2 R + 1 times that where no token sees more than R away (of shorter windows that is more than
/// there is). Each term of positions counts as a product of that kind, though distances that are
/// not told apart share one.
ComputeInfo QaEncoder::compute_info() const {
  const auto width = static_cast<double>(config_.layer_width());
  double per_token = 2 * static_cast<double>(parameters_.CountMultiplications(config_.layers));
  double per_pair = 0;
  const double position_terms =
      config_.has_position_terms() ? static_cast<double>(config_.deberta.score_terms - 1) : 0;
  for (std::size_t layer = 0; layer < config_.layers; ++layer) {
    if (config_.is_local(layer)) {
      per_token += 4 * width * static_cast<double>(2 * config_.reach(layer) + 1);
    } else {
      per_pair += (4 + 2 * position_terms) * width;
    }
  }
  return {.precision = options_.precision,
          .reason = options_.reason,
          .instruction_set = std::string(NameOf(options_.isa)),
          .processor = ProcessorName(),
          .flops_per_token = per_token,
          .flops_per_token_pair = per_pair};
}

double QaEncoder::MeasurePeakGflops(std::size_t threads) const {
  std::vector<double> rates(threads);
  TaskTeam(threads).ForEach(threads, [&](std::size_t task, std::size_t /*worker*/) {
    rates[task] = MeasurePeak(options_.precision, options_.isa);
  });
  return 1e-9 * std::accumulate(rates.begin(), rates.end(), 0.0);
}

}  // namespace

std::unique_ptr<const QaModel> BuildQaEncoder(const Checkpoint& checkpoint,
                                              const ComputeOptions& options, std::size_t threads) {
  return std::make_unique<QaEncoder>(checkpoint, options, threads);
}

}  // namespace bertqa
