#include "io/jsonl_reader.h"

#include <array>
#include <new>

#include "io/json_text.h"

namespace bertqa {
namespace {

constexpr std::array<std::string_view, 7> kErrorNames = {"bad_json", "missing_field",  "wrong_type",
                                                         "bad_utf8", "empty_question", "too_long",
                                                         "internal"};

/// Collects one record; the first problem is the one that is reported.
class RecordParser {
 public:
  explicit RecordParser(std::size_t line) { record_.fields.line = line; }

  void Fail(RecordErrorCode code, const std::string& what) {
    if (!record_.error) {
      record_.error = {code, "line " + std::to_string(record_.fields.line) + ": " + what};
    }
  }

  void TakeId(const JsonMember& member) {
    const char first = member.value.front();
    if (member.is_string() || first == '-' || (first >= '0' && first <= '9')) {
      record_.fields.id_json = member.value;
    } else {
      FailType(member, "a string or a number");
    }
  }

  std::string TakeString(const std::vector<JsonMember>& members, std::string_view key) {
    const JsonMember* const found = FindMember(members, key);
    if (found == nullptr) {
      Fail(RecordErrorCode::kMissingField, "no " + JsonString(key));
      return {};
    }
    if (!found->is_string()) {
      FailType(*found, "a string");
      return {};
    }
    return DecodeJsonString(found->value);
  }

  void TakeMembers(const std::vector<JsonMember>& members, KeepFields keep) {
    for (const JsonMember& member : members) {
      if (member.key == "id") {
        TakeId(member);
      } else if (keep == KeepFields::kYes && member.key != "question" && member.key != "context") {
        record_.fields.kept.emplace_back(JsonString(member.key), std::string(member.value));
      }
    }
    record_.question = TakeString(members, "question");
    record_.context = TakeString(members, "context");
  }

  Record Take() { return std::move(record_); }

  /// What there was no memory for keeps its place, and its id if that was read.
  Record TakeWithoutMemory() {
    record_.question = {};
    record_.context = {};
    record_.fields.kept = {};
    record_.error.reset();
    Fail(RecordErrorCode::kInternal, "out of memory");
    return Take();
  }

 private:
  void FailType(const JsonMember& member, std::string_view expected) {
    Fail(RecordErrorCode::kWrongType, JsonString(member.key) + " is " +
                                          std::string(JsonTypeName(member.value)) + ", " +
                                          std::string(expected) + " is expected");
  }

  Record record_;
};

void Parse(const std::string& line, KeepFields keep, RecordParser& parser) {
  if (const std::optional<JsonProblem> problem = CheckJson(line)) {
    parser.Fail(problem->is_encoding ? RecordErrorCode::kBadUtf8 : RecordErrorCode::kBadJson,
                problem->message);
    return;
  }
  const std::string_view text(line);
  const std::string_view value = text.substr(text.find_first_not_of(" \t\r"));
  if (!value.starts_with('{')) {
    parser.Fail(RecordErrorCode::kWrongType,
                "the line is " + std::string(JsonTypeName(value)) + ", an object is expected");
    return;
  }
  parser.TakeMembers(SplitObject(value), keep);
}

}  // namespace

Record ParseRecord(const Line& line, KeepFields keep, std::size_t max_line_bytes) {
  RecordParser parser(line.number);
  if (line.too_long) {
    parser.Fail(RecordErrorCode::kTooLong,
                "longer than " + std::to_string(max_line_bytes) + " bytes (--max-line-bytes)");
    return parser.Take();
  }
  if (line.out_of_memory) {
    return parser.TakeWithoutMemory();
  }
  try {
    Parse(line.text, keep, parser);
  } catch (const std::bad_alloc&) {
    return parser.TakeWithoutMemory();
  }
  return parser.Take();
}

StreamInput MakeStreamInput(Record record) {
  StreamInput input;
  input.request.question = std::move(record.question);
  input.request.documents.push_back(std::move(record.context));
  input.request.payload = std::move(record.fields);
  input.error = std::move(record.error);
  return input;
}

std::string_view RecordErrorName(RecordErrorCode code) {
  return kErrorNames[static_cast<std::size_t>(code)];
}

}  // namespace bertqa
