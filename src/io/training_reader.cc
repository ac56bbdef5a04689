#include "io/training_reader.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "bertqa/error.h"
#include "io/answer_finder.h"
#include "io/json_text.h"
#include "io/jsonl_reader.h"
#include "io/squad_reader.h"

namespace bertqa {
namespace {

/// Enough of a file to guess its format.
constexpr std::size_t kBeginningBytes = std::size_t{1} << 16U;

/// Takes the first answer that is at its offset, or reports the example.
void AddAnswered(TrainingData& data, TrainingExample example,
                 const std::vector<LabelledAnswer>& answers) {
  AnswerFinder finder(*example.context);
  for (const LabelledAnswer& answer : answers) {
    if ((example.answer = finder.Find(answer))) {
      data.examples.push_back(std::move(example));
      return;
    }
  }
  data.skipped.push_back({std::move(example.id), finder.why_not()});
}

void AddSquadExample(TrainingData& data, SquadExample squad) {
  const SquadLabels& labels = *squad.labels;
  TrainingExample example{std::move(squad.id), std::move(squad.question), squad.context, {}};
  if (labels.is_impossible || (labels.has_answers && squad.answers.empty())) {
    data.examples.push_back(std::move(example));
    return;
  }
  if (!labels.has_answers) {
    data.skipped.push_back({std::move(example.id), "\"answers\" is expected, found none"});
    return;
  }
  std::vector<LabelledAnswer> answers;
  answers.reserve(squad.answers.size());
  for (std::size_t i = 0; i < squad.answers.size(); ++i) {
    answers.push_back({std::move(squad.answers[i]), labels.answer_starts[i]});
  }
  AddAnswered(data, std::move(example), answers);
}

/// The labels of one JSONL record, by their keys.
class RecordLabels {
 public:
  /// `place` begins messages.
  RecordLabels(const RecordFields& fields, std::string place)
      : fields_(fields), place_(std::move(place)) {}

  bool is_impossible() const {
    const std::string* value = Find("is_impossible");
    if (value != nullptr && *value != "true" && *value != "false") {
      FailType("is_impossible", JsonTypeName(*value), "a boolean");
    }
    return value != nullptr && *value == "true";
  }

  std::optional<std::string> text() const {
    const std::string* value = Find("answer_text");
    if (value == nullptr) {
      return std::nullopt;
    }
    if (!value->starts_with('"')) {
      FailType("answer_text", JsonTypeName(*value), "a string");
    }
    return DecodeJsonString(*value);
  }

  std::optional<std::int64_t> start() const {
    const std::string* value = Find("answer_start");
    if (value == nullptr) {
      return std::nullopt;
    }
    const bool is_number = JsonTypeName(*value) == JsonTypeName("0");
    const std::optional<std::int64_t> number = is_number ? DecodeJsonInteger(*value) : std::nullopt;
    if (!number) {
      FailType("answer_start", is_number ? *value : JsonTypeName(*value), "a whole number");
    }
    return number;
  }

 private:
  /// Null counts as absent.
  const std::string* Find(std::string_view key) const {
    const std::string key_json = JsonString(key);
    for (const auto& [name, value] : fields_.kept) {
      if (name == key_json) {
        return value == "null" ? nullptr : &value;
      }
    }
    return nullptr;
  }

  [[noreturn]] void FailType(std::string_view key, std::string_view found,
                             std::string_view expected) const {
    throw Error(ErrorCode::kMalformed, place_ + ": " + JsonString(key) + " is " +
                                           std::string(found) + ", " + std::string(expected) +
                                           " is expected");
  }

  const RecordFields& fields_;
  std::string place_;
};

std::string RecordId(const RecordFields& fields) {
  if (fields.id_json.empty()) {
    return "line " + std::to_string(fields.line);
  }
  return fields.id_json.starts_with('"') ? DecodeJsonString(fields.id_json) : fields.id_json;
}

void AddRecord(TrainingData& data, const Line& line, const std::string& name) {
  Record record = ParseRecord(line, KeepFields::kYes, line.text.size());
  if (record.error) {
    const bool is_encoding = record.error->code == RecordErrorCode::kBadUtf8;
    throw Error(is_encoding ? ErrorCode::kBadUtf8 : ErrorCode::kMalformed,
                name + ": " + record.error->message);
  }
  // Files made from paragraphs repeat a context line after line.
  const bool is_same = !data.examples.empty() && *data.examples.back().context == record.context;
  TrainingExample example{RecordId(record.fields),
                          std::move(record.question),
                          is_same ? data.examples.back().context
                                  : std::make_shared<const std::string>(std::move(record.context)),
                          {}};
  const RecordLabels labels(record.fields, name + ": line " + std::to_string(line.number));
  const std::optional<std::string> text = labels.text();
  const std::optional<std::int64_t> start = labels.start();
  if (labels.is_impossible() || (!text && !start)) {
    data.examples.push_back(std::move(example));
  } else if (!text) {
    data.skipped.push_back(
        {std::move(example.id),
         "an answer is expected at " + std::to_string(*start) + ", \"answer_text\" is missing"});
  } else {
    AddAnswered(data, std::move(example), {{*text, start}});
  }
}

TrainingData ParseJsonl(std::string_view text, const std::string& name) {
  TrainingData data;
  Line line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view bytes = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line.number;
    if (bytes.find_first_not_of(" \t\r") != std::string_view::npos) {
      line.text = bytes;
      AddRecord(data, line, name);
    }
  }
  return data;
}

}  // namespace

TrainingData ParseTrainingData(std::string_view text, const std::string& name) {
  text = WithoutByteOrderMark(text);
  if (GuessFormat(text.substr(0, kBeginningBytes)) == InputFormat::kJsonl) {
    return ParseJsonl(text, name);
  }
  TrainingData data;
  SquadFile file = ParseLabelledSquad(text, name);
  for (SquadExample& example : file.examples) {
    AddSquadExample(data, std::move(example));
  }
  return data;
}

}  // namespace bertqa
