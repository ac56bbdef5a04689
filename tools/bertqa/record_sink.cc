#include "record_sink.h"

#include <chrono>

#include "base/files.h"
#include "base/staged_file.h"
#include "io/json_text.h"

namespace bertqa::cli {
namespace {

/// What a power loss may cost at most, besides what is in flight.
constexpr double kSyncSeconds = 5;

}  // namespace

RecordSink::RecordSink(int descriptor, const BatchOptions& options)
    : options_(options),
      descriptor_(descriptor),
      name_(options.output == "-" ? "standard output" : options.output) {
  format_.offsets = options.offsets;
  format_.with_number = options.is_part();
}

void RecordSink::Begin(std::size_t records, bool syncs) {
  const std::lock_guard lock(mutex_);
  records_ = records;
  syncs_ = syncs;
  is_begun_ = true;
}

bool RecordSink::Write(const StreamOutput& output) {
  const std::lock_guard lock(mutex_);
  ++records_;
  if (std::holds_alternative<RecordError>(output.outcome)) {
    ++failed_;
  }
  if (options_.output_format == OutputFormat::kSquad) {
    AppendPrediction(output);
  } else {
    buffer_ += FormatRecord(output, format_);
  }
  constexpr std::size_t kFlushBytes = std::size_t{1} << 16U;
  return buffer_.size() < kFlushBytes || FlushLocked();
}

bool RecordSink::Flush() {
  const std::lock_guard lock(mutex_);
  return FlushLocked();
}

bool RecordSink::FlushLocked() {
  if (is_open_ && !WriteDescriptor(descriptor_, buffer_, name_)) {
    is_open_ = false;
  }
  buffer_.clear();
  if (syncs_ && since_sync_.seconds() > kSyncSeconds) {
    SyncFile(descriptor_, name_);
    since_sync_ = Stopwatch();
  }
  return is_open_;
}

void RecordSink::Finish() {
  const std::lock_guard lock(mutex_);
  FinishLocked();
}

void RecordSink::FinishLocked() {
  if (!is_begun_) {
    return;  // what is there is of an earlier run
  }
  if (options_.output_format == OutputFormat::kSquad) {
    buffer_ += seen_ids_.empty() ? "{}\n" : "}\n";
  }
  FlushLocked();
  if (syncs_) {
    SyncFile(descriptor_, name_);
  }
}

std::optional<std::size_t> RecordSink::Abandon() {
  // A writer that waits for its reader may hold the lock for ever: then nothing can be done.
  constexpr auto kPatience = std::chrono::milliseconds(200);
  if (!mutex_.try_lock_for(kPatience)) {
    return std::nullopt;
  }
  FinishLocked();  // the lock stays
  return is_begun_ ? std::optional(records_) : std::nullopt;
}

/// An object of predictions has no place for an error: those go to stderr, and are counted.
void RecordSink::AppendPrediction(const StreamOutput& output) {
  const std::string& id = FieldsOf(output.request).id_json;
  if (const auto* error = std::get_if<RecordError>(&output.outcome)) {
    Note((id.empty() ? "" : "id " + id + ": ") + error->message);
    return;
  }
  if (id.empty() || !seen_ids_.insert(id).second) {
    ++failed_;
    const std::size_t line = FieldsOf(output.request).line;
    Note((line > 0 ? "line " + std::to_string(line) + ": " : "") +
         (id.empty() ? "no \"id\", which --output-format squad needs"
                     : "id " + id + " came before; its first answer stays"));
    return;
  }
  const auto& result = std::get<QaResult>(output.outcome);
  buffer_ += seen_ids_.size() == 1 ? "{" : ",\n";
  buffer_ += id.starts_with('"') ? id : JsonString(id);
  buffer_ += ": " + JsonString(result.has_answer() ? result.answers.front().text : "");
}

}  // namespace bertqa::cli
