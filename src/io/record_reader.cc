#include "io/record_reader.h"

#include <array>
#include <charconv>
#include <string>

#include "bertqa/error.h"
#include "io/json_text.h"
#include "io/jsonl_reader.h"
#include "io/record_writer.h"

namespace bertqa {
namespace {

using Members = std::vector<JsonMember>;

[[noreturn]] void Refuse(const std::string& why) {
  throw Error(ErrorCode::kMalformed, "a record: " + why);
}

std::string_view Require(const Members& members, std::string_view key) {
  const JsonMember* const member = FindMember(members, key);
  if (member == nullptr) {
    Refuse("no " + JsonString(key));
  }
  return member->value;
}

std::string TextOf(const Members& members, std::string_view key) {
  const std::string_view value = Require(members, key);
  if (!value.starts_with('"')) {
    Refuse(JsonString(key) + " is " + std::string(JsonTypeName(value)) + ", a string is expected");
  }
  return DecodeJsonString(value);
}

template <class Number>
Number NumberOf(std::string_view text, std::string_view key) {
  Number number = {};
  const char* const end = text.data() + text.size();
  const std::from_chars_result result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end) {
    Refuse(JsonString(key) + " is " + std::string(text) + ", a number is expected");
  }
  return number;
}

template <class Number>
Number NumberOf(const Members& members, std::string_view key) {
  return NumberOf<Number>(Require(members, key), key);
}

Members ObjectOf(std::string_view value, std::string_view what) {
  if (!value.starts_with('{')) {
    Refuse(std::string(what) + " is " + std::string(JsonTypeName(value)) +
           ", an object is expected");
  }
  return SplitObject(value);
}

std::vector<std::string_view> ListOf(const Members& members, std::string_view key) {
  const std::string_view value = Require(members, key);
  if (!value.starts_with('[')) {
    Refuse(JsonString(key) + " is " + std::string(JsonTypeName(value)) + ", a list is expected");
  }
  return SplitList(value);
}

Answer AnswerOf(const Members& members) {
  Answer answer;
  answer.text = TextOf(members, "answer");
  answer.span = {NumberOf<std::size_t>(members, "start"), NumberOf<std::size_t>(members, "end")};
  answer.probability = NumberOf<float>(members, "probability");
  answer.logit = NumberOf<float>(members, "logit");
  if (FindMember(members, "file") != nullptr) {
    answer.document_index = NumberOf<std::size_t>(TextOf(members, "file"), "file");
  }
  return answer;
}

NoAnswerReason ReasonOf(const Members& members) {
  if (Require(members, "answer") != "null") {
    return NoAnswerReason::kNone;
  }
  const std::string name = TextOf(members, "reason");
  for (const NoAnswerReason reason :
       {NoAnswerReason::kEmptyContext, NoAnswerReason::kNullThreshold, NoAnswerReason::kCrossed}) {
    if (NoAnswerReasonName(reason) == name) {
      return reason;
    }
  }
  Refuse("unknown reason " + JsonString(name));
}

RecordError ErrorOf(const Members& members) {
  RecordError error{RecordErrorCode::kInternal, TextOf(members, "message")};
  const std::string code = TextOf(members, "code");
  for (const RecordErrorCode known :
       {RecordErrorCode::kBadJson, RecordErrorCode::kMissingField, RecordErrorCode::kWrongType,
        RecordErrorCode::kBadUtf8, RecordErrorCode::kEmptyQuestion, RecordErrorCode::kTooLong}) {
    if (RecordErrorName(known) == code) {
      error.code = known;
    }
  }
  const std::size_t digits = error.message.find_first_not_of("0123456789", 5);
  if (error.message.starts_with("line ") && digits != std::string::npos &&
      error.message.substr(digits, 2) == ": ") {
    error.message.erase(0, digits + 2);
  }
  return error;
}

}  // namespace

std::variant<QaResult, RecordError> ReadRecord(std::string_view line) {
  if (const auto problem = CheckJson(line)) {
    Refuse(problem->message);
  }
  const Members members = ObjectOf(line, "it");
  if (const JsonMember* const error = FindMember(members, "error")) {
    return ErrorOf(ObjectOf(error->value, "\"error\""));
  }
  QaResult result;
  result.no_answer_reason = ReasonOf(members);
  for (const std::string_view answer : ListOf(members, "answers")) {
    result.answers.push_back(AnswerOf(ObjectOf(answer, "an answer")));
  }
  if (result.has_answer() && result.answers.empty()) {
    Refuse("an answer, but no \"answers\"");
  }
  result.null_probability = NumberOf<float>(members, "null_probability");
  if (Require(members, "null_logit") != "null") {
    result.null_logit = NumberOf<float>(members, "null_logit");
  }
  if (FindMember(members, "warnings") != nullptr) {
    for (const std::string_view warning : ListOf(members, "warnings")) {
      result.warnings.push_back(warning.starts_with('"') ? DecodeJsonString(warning) : "");
    }
  }
  return result;
}

}  // namespace bertqa
