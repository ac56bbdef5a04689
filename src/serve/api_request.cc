#include "serve/api_request.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include "base/utf8.h"
#include "bertqa/error.h"
#include "io/json_text.h"
#include "io/jsonl_reader.h"
#include "io/option_words.h"
#include "serve/problem.h"

namespace bertqa {
namespace {

constexpr std::int64_t kLargestCount = 1 << 24;
/// A record with all spans of a long text would be a thousand times the request.
constexpr std::int64_t kMostAnswers = 1000;
constexpr std::int64_t kLongestTimeout = 24 * 3600 * 1000;

/// The value of an option, from JSON or from an address, which says nothing of types.
struct Value {
  std::string name;
  std::string text;       ///< decoded
  std::string_view type;  ///< "a string", …; "" from an address
};

[[noreturn]] void Refuse(const std::string& code, const std::string& detail) {
  throw HttpProblem(422, code, detail);
}

void RequireType(const Value& value, std::string_view type) {
  if (!value.type.empty() && value.type != type) {
    Refuse("wrong_type", JsonString(value.name) + " is " + std::string(value.type) + ", " +
                             std::string(type) + " is expected");
  }
}

[[noreturn]] void RefuseValue(const Value& value, const std::string& expected) {
  Refuse("bad_option",
         JsonString(value.name) + ": " + expected + " is expected, not " + JsonString(value.text));
}

std::int64_t IntegerOf(const Value& value, std::int64_t least, std::int64_t largest) {
  RequireType(value, "a number");
  const std::optional<std::int64_t> number = DecodeJsonInteger(value.text);
  const bool is_number =
      !value.text.empty() && value.text.find_first_not_of("0123456789+-.eE") == std::string::npos;
  if (!is_number || !number || *number < least || *number > largest) {
    RefuseValue(value,
                "a whole number from " + std::to_string(least) + " to " + std::to_string(largest));
  }
  return *number;
}

std::size_t CountOf(const Value& value, std::int64_t least = 1,
                    std::int64_t largest = kLargestCount) {
  return static_cast<std::size_t>(IntegerOf(value, least, largest));
}

double NumberOf(const Value& value) {
  RequireType(value, "a number");
  double number = 0;
  const char* const end = value.text.data() + value.text.size();
  const std::from_chars_result result = std::from_chars(value.text.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(number)) {
    RefuseValue(value, "a finite number");
  }
  return number;
}

bool FlagOf(const Value& value) {
  RequireType(value, "a boolean");
  if (value.text != "true" && value.text != "false") {
    RefuseValue(value, "true or false");
  }
  return value.text == "true";
}

template <class Choice>
Choice ChoiceOf(const Value& value, const OptionWords<Choice>& choices) {
  RequireType(value, "a string");
  const auto found = choices.find(value.text);
  if (found == choices.end()) {
    std::string names;
    for (const auto& [name, choice] : choices) {
      names += (names.empty() ? "" : ", ") + name;
    }
    RefuseValue(value, "one of " + names);
  }
  return found->second;
}

using Setter = std::function<void(ApiOptions&, const Value&)>;

/// The options, by the names that the command line has for them.
const std::map<std::string, Setter>& Setters() {
  static const std::map<std::string, Setter> setters = {
      {"model",
       [](ApiOptions& options, const Value& value) {
         RequireType(value, "a string");
         options.model = value.text;
       }},
      {"top_k",
       [](ApiOptions& o, const Value& v) { o.answer.top_k = CountOf(v, 1, kMostAnswers); }},
      {"max_answer_tokens",
       [](ApiOptions& o, const Value& v) { o.answer.max_answer_tokens = CountOf(v); }},
      {"max_question_tokens",
       [](ApiOptions& o, const Value& v) { o.answer.max_question_tokens = CountOf(v); }},
      {"window_tokens", [](ApiOptions& o, const Value& v) { o.answer.window_tokens = CountOf(v); }},
      {"overlap_tokens",
       [](ApiOptions& o, const Value& v) { o.answer.overlap_tokens = CountOf(v, 0); }},
      {"dedupe",
       [](ApiOptions& o, const Value& v) { o.answer.dedupe = ChoiceOf<Dedupe>(v, DedupeWords()); }},
      {"decode", [](ApiOptions& o,
                    const Value& v) { o.answer.decode = ChoiceOf<DecodeMode>(v, DecodeWords()); }},
      {"no_answer", [](ApiOptions& o, const Value& v) { o.answer.no_answer = FlagOf(v); }},
      {"null_threshold",
       [](ApiOptions& o, const Value& v) { o.answer.null_threshold = NumberOf(v); }},
      {"offsets",
       [](ApiOptions& o, const Value& v) { o.offsets = ChoiceOf<OffsetUnit>(v, OffsetWords()); }},
      {"timeout_ms",
       [](ApiOptions& o, const Value& v) {
         o.timeout = std::chrono::milliseconds(IntegerOf(v, 1, kLongestTimeout));
       }},
      {"keep_fields", [](ApiOptions& o, const Value& v) { o.keep_fields = FlagOf(v); }},
  };
  return setters;
}

[[noreturn]] void RefuseUnknown(const std::string& name, const std::string& others) {
  std::string names = others;
  for (const auto& [known, setter] : Setters()) {
    names += ", " + known;
  }
  Refuse("unknown_field", "no field is called " + JsonString(name) + "; there are " + names);
}

void RequireConsistent(const ApiOptions& options) {
  try {
    options.answer.Validate();
  } catch (const Error& error) {
    Refuse("bad_option", InWordsOfTheApi(error.what()));
  }
}

void SetFromJson(ApiOptions& options, const JsonMember& member, const std::string& others) {
  const auto setter = Setters().find(member.key);
  if (setter == Setters().end()) {
    RefuseUnknown(member.key, others);
  }
  const std::string text =
      member.is_string() ? DecodeJsonString(member.value) : std::string(member.value);
  setter->second(options, {member.key, text, JsonTypeName(member.value)});
}

std::vector<JsonMember> MembersOf(std::string_view body) {
  if (const std::optional<JsonProblem> problem = CheckJson(body)) {
    throw HttpProblem(400, problem->is_encoding ? "bad_utf8" : "bad_json", problem->message);
  }
  const std::string_view value = body.substr(body.find_first_not_of(" \t\r\n"));
  if (!value.starts_with('{')) {
    Refuse("wrong_type",
           "the body is " + std::string(JsonTypeName(value)) + ", an object is expected");
  }
  return SplitObject(value);
}

std::string StringOf(const JsonMember& member) {
  RequireType({member.key, "", JsonTypeName(member.value)}, "a string");
  return DecodeJsonString(member.value);
}

/// A document is a text, or {"text": …, "file": …}. Without a name it is called by its place.
void AddDocument(ApiQuestion& question, std::string_view item) {
  const std::string place = std::to_string(question.request.documents.size());
  if (item.starts_with('"')) {
    question.request.documents.push_back(DecodeJsonString(item));
    question.files.push_back(place);
    return;
  }
  if (!item.starts_with('{')) {
    Refuse("wrong_type", "document " + place + " is " + std::string(JsonTypeName(item)) +
                             ", a string or an object is expected");
  }
  std::optional<std::string> text;
  std::string file = place;
  for (const JsonMember& member : SplitObject(item)) {
    if (member.key == "text") {
      text = StringOf(member);
    } else if (member.key == "file") {
      file = StringOf(member);
    } else {
      Refuse("unknown_field", "document " + place + ": no field is called " +
                                  JsonString(member.key) + "; there are text, file");
    }
  }
  if (!text) {
    Refuse("missing_field", "document " + place + ": no \"text\"");
  }
  question.request.documents.push_back(std::move(*text));
  question.files.push_back(file);
}

void AddDocuments(ApiQuestion& question, const JsonMember& member) {
  RequireType({member.key, "", JsonTypeName(member.value)}, "a list");
  for (const std::string_view item : SplitList(member.value)) {
    AddDocument(question, item);
  }
  if (question.request.documents.empty()) {
    Refuse("missing_field", "\"documents\": at least one is expected");
  }
}

std::string IdOf(const JsonMember& member) {
  const std::string_view type = JsonTypeName(member.value);
  if (type != "a string" && type != "a number") {
    Refuse("wrong_type", "\"id\" is " + std::string(type) + ", a string or a number is expected");
  }
  return std::string(member.value);
}

}  // namespace

std::string InWordsOfTheApi(std::string message) {
  for (std::size_t i = message.find("--"); i != std::string::npos; i = message.find("--", i)) {
    message.erase(i, 2);
    for (; i < message.size() &&
           (std::isalpha(static_cast<unsigned char>(message[i])) != 0 || message[i] == '-');
         ++i) {
      message[i] = message[i] == '-' ? '_' : message[i];
    }
  }
  return message;
}

ApiOptions ParseApiQuery(const ApiQuery& query) {
  ApiOptions options;
  for (const auto& [name, text] : query) {
    if (FindInvalidUtf8(name) || FindInvalidUtf8(text)) {
      throw HttpProblem(400, "bad_utf8", "the address: invalid UTF-8");
    }
    const auto setter = Setters().find(name);
    if (setter == Setters().end()) {
      RefuseUnknown(name, "question (in the body)");
    }
    setter->second(options, {name, text, ""});
  }
  RequireConsistent(options);
  return options;
}

ApiQuestion ParseApiQuestion(std::string_view body, const ApiQuery& query) {
  constexpr const char* kOthers = "id, question, context, documents";
  ApiQuestion question;
  question.options = ParseApiQuery(query);
  RecordFields fields;
  bool has_question = false;
  std::size_t texts = 0;
  for (const JsonMember& member : MembersOf(body)) {
    if (member.key == "question") {
      question.request.question = StringOf(member);
      has_question = true;
    } else if (member.key == "context") {
      question.request.documents = {StringOf(member)};
      ++texts;
    } else if (member.key == "documents") {
      AddDocuments(question, member);
      ++texts;
    } else if (member.key == "id") {
      fields.id_json = IdOf(member);
    } else {
      SetFromJson(question.options, member, kOthers);
    }
  }
  if (!has_question) {
    Refuse("missing_field", "no \"question\"");
  }
  if (texts != 1) {
    Refuse(
        texts == 0 ? "missing_field" : "bad_option",
        texts == 0 ? "no \"context\"" : "\"context\" and \"documents\": one of them is expected");
  }
  RequireConsistent(question.options);
  question.request.payload = std::move(fields);
  return question;
}

ApiRecords ParseApiRecords(std::string_view body, const ApiQuery& query) {
  ApiRecords records;
  records.options = ParseApiQuery(query);
  bool has_records = false;
  for (const JsonMember& member : MembersOf(body)) {
    if (member.key != "records") {
      SetFromJson(records.options, member, "records");
      continue;
    }
    RequireType({member.key, "", JsonTypeName(member.value)}, "a list");
    for (const std::string_view item : SplitList(member.value)) {
      records.records.emplace_back(item);
    }
    has_records = true;
  }
  if (!has_records) {
    Refuse("missing_field", "no \"records\"");
  }
  RequireConsistent(records.options);
  return records;
}

}  // namespace bertqa
