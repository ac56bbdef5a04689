#include <utility>

#include "base/stopwatch.h"
#include "bertqa/error.h"
#include "bertqa/pipeline.h"
#include "pipeline/encode.h"
#include "pipeline/inspect.h"
#include "pipeline/stream.h"

namespace bertqa {
namespace {

ErrorCode CodeOf(RecordErrorCode code) {
  switch (code) {
    case RecordErrorCode::kEmptyQuestion:
      return ErrorCode::kUsage;
    case RecordErrorCode::kBadUtf8:
      return ErrorCode::kBadUtf8;
    case RecordErrorCode::kInternal:
      return ErrorCode::kInternal;
    default:
      return ErrorCode::kMalformed;
  }
}

void Add(PipelineStats& sum, const PipelineStats& one) {
  sum.records += one.records;
  sum.duplicates += one.duplicates;
  sum.windows += one.windows;
  sum.tokens += one.tokens;
  sum.token_pairs += one.token_pairs;
  sum.batches += one.batches;
  sum.read_seconds += one.read_seconds;
  sum.tokenize_seconds += one.tokenize_seconds;
  sum.encode_seconds += one.encode_seconds;
  sum.decode_seconds += one.decode_seconds;
  sum.write_seconds += one.write_seconds;
}

}  // namespace

QaPipeline::QaPipeline(std::shared_ptr<const Model> model, const QaOptions& options)
    : model_(std::move(model)), options_(options) {
  options_.Validate(*model_->tokenizer, *model_->qa);
}

QaResult QaPipeline::Ask(const QaRequest& request, PipelineStats* stats) const {
  bool given = false;
  const RequestSource source = [&]() -> std::optional<StreamInput> {
    return std::exchange(given, true) ? std::nullopt : std::optional(StreamInput{request, {}});
  };
  std::variant<QaResult, RecordError> outcome;
  const ResultSink sink = [&](StreamOutput output) {
    outcome = std::move(output.outcome);
    return true;
  };
  const PipelineStats run = Stream(source, sink);
  if (stats != nullptr) {
    Add(*stats, run);
  }
  if (const auto* error = std::get_if<RecordError>(&outcome)) {
    throw Error(CodeOf(error->code), error->message);
  }
  return std::get<QaResult>(std::move(outcome));
}

Inspection QaPipeline::Inspect(const QaRequest& request, PipelineStats* stats) const {
  PipelineStats run;
  run.records = 1;
  const Stopwatch tokenize;
  auto prepared = PrepareExample(request, *model_->tokenizer, options_);
  run.tokenize_seconds = tokenize.seconds();
  if (const auto* error = std::get_if<RecordError>(&prepared)) {
    throw Error(CodeOf(error->code), error->message);
  }
  auto& example = std::get<Example>(prepared);
  EncodeExample(example, *model_, options_, run);
  const Stopwatch decode;
  Inspection inspection = InspectExample(example, request, *model_->tokenizer, options_);
  run.decode_seconds = decode.seconds();
  if (stats != nullptr) {
    Add(*stats, run);
  }
  return inspection;
}

PipelineStats QaPipeline::Stream(const RequestSource& source, const ResultSink& sink,
                                 const SinkIdle& idle, const std::stop_token& stop) const {
  return StreamRun(*model_, options_).Run(source, sink, idle, stop);
}

}  // namespace bertqa
