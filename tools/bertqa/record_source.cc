#include "record_source.h"

#include <charconv>
#include <limits>

#include "bertqa/error.h"
#include "descriptor.h"
#include "io/json_text.h"
#include "io/jsonl_reader.h"
#include "io/record_lines.h"

namespace bertqa::cli {

Shard ParseShard(const std::string& text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto index = std::from_chars(text.data(), end, shard.index);
  if (index.ec == std::errc() && index.ptr != end && *index.ptr == '/') {
    const auto count = std::from_chars(index.ptr + 1, end, shard.count);
    if (count.ec == std::errc() && count.ptr == end && shard.index >= 1 &&
        shard.index <= shard.count) {
      return shard;
    }
  }
  throw Error(ErrorCode::kUsage,
              "--shard " + text + ": I/N is expected, two whole numbers with 1 <= I <= N");
}

RecordSource::RecordSource(int descriptor, int end_descriptor, const BatchOptions& options)
    : options_(options),
      shard_(options.shard.empty() ? Shard() : ParseShard(options.shard)),
      name_(options.input == "-" ? "standard input" : options.input),
      lines_(descriptor, name_, options.max_line_bytes) {
  lines_.EndWhenReadable(end_descriptor);
}

void RecordSource::Open() {
  if (!options_.retry_errors.empty()) {
    const Descriptor earlier = OpenInput(options_.retry_errors);
    failed_ = FailedRecords(earlier.value(), options_.retry_errors);
  }
  if (IsSquad()) {
    squad_ = ParseSquad(lines_.ReadRest(), name_);
  }
}

bool RecordSource::IsSquad() {
  if (options_.input_format != "auto") {
    return options_.input_format == "squad";
  }
  constexpr std::size_t kEnoughBytes = std::size_t{1} << 16U;
  return GuessFormat(lines_.Peek(kEnoughBytes, IsEnoughToGuess)) == InputFormat::kSquad;
}

/// Whether a record is to be answered. REQUIRES: called for each, in order.
bool RecordSource::Takes(std::size_t number) {
  if ((number - 1) % shard_.count != shard_.index - 1) {
    return false;
  }
  if (!failed_) {
    return true;
  }
  while (next_failed_ < failed_->size() && (*failed_)[next_failed_] < number) {
    ++next_failed_;
  }
  return next_failed_ < failed_->size() && (*failed_)[next_failed_] == number;
}

std::optional<Line> RecordSource::NextLine() {
  while (std::optional<Line> line = lines_.Next()) {
    const bool is_record =
        line->was_skipped() || line->text.find_first_not_of(" \t\r") != std::string::npos;
    if (is_record && Takes(++number_)) {
      return line;
    }
  }
  return std::nullopt;
}

std::optional<StreamInput> RecordSource::Next() {
  if (squad_) {
    return NextExample();
  }
  const std::optional<Line> line = NextLine();
  if (!line) {
    return std::nullopt;
  }
  const KeepFields keep = options_.keep_fields ? KeepFields::kYes : KeepFields::kNo;
  Record record = ParseRecord(*line, keep, options_.max_line_bytes);
  record.fields.number = number_;
  return MakeStreamInput(std::move(record));
}

std::optional<StreamInput> RecordSource::NextExample() {
  while (number_ < squad_->examples.size()) {
    const SquadExample& example = squad_->examples[number_++];
    if (Takes(number_)) {
      Record record;
      record.fields.number = number_;
      record.fields.id_json = JsonString(example.id);
      record.question = example.question;
      record.context = *example.context;
      return MakeStreamInput(std::move(record));
    }
  }
  return std::nullopt;
}

std::size_t RecordSource::Skip(std::size_t count) {
  std::size_t skipped = 0;
  while (skipped < count && (squad_ ? NextExample().has_value() : NextLine().has_value())) {
    ++skipped;
  }
  return skipped;
}

std::size_t RecordSource::total() const {
  return squad_ && !options_.is_part() ? squad_->examples.size() - number_ : 0;
}

}  // namespace bertqa::cli
