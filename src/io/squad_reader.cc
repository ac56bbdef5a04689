#include "io/squad_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "bertqa/error.h"
#include "io/json_text.h"

namespace bertqa {
namespace {

using nlohmann::json;

/// A JSON value with its place in the document, for messages.
class Node {
 public:
  Node(const json& value, std::string place) : value_(value), place_(std::move(place)) {}

  bool Has(const char* key) const { return value_.is_object() && value_.contains(key); }
  bool HasValue(const char* key) const { return Has(key) && !value_.at(key).is_null(); }

  Node Member(const char* key) const {
    RequireType(value_.is_object(), "an object");
    const auto found = value_.find(key);
    if (found == value_.end()) {
      throw Error(ErrorCode::kMalformed, place_ + ": no \"" + key + "\"");
    }
    return {*found, place_ + "." + key};
  }

  std::vector<Node> Items() const {
    RequireType(value_.is_array(), "a list");
    std::vector<Node> items;
    items.reserve(value_.size());
    for (std::size_t i = 0; i < value_.size(); ++i) {
      items.emplace_back(value_[i], place_ + "[" + std::to_string(i) + "]");
    }
    return items;
  }

  std::string String() const {
    RequireType(value_.is_string(), "a string");
    return value_.get<std::string>();
  }

  bool Bool() const {
    RequireType(value_.is_boolean(), "a boolean");
    return value_.get<bool>();
  }

  std::int64_t Integer() const {
    RequireType(value_.is_number(), "a whole number");
    const std::optional<std::int64_t> number = DecodeJsonInteger(value_.dump());
    if (!number) {
      throw Error(ErrorCode::kMalformed,
                  place_ + ": is " + value_.dump() + ", a whole number is expected");
    }
    return *number;
  }

 private:
  void RequireType(bool is_right, const char* expected) const {
    if (!is_right) {
      throw Error(ErrorCode::kMalformed,
                  place_ + ": is " + value_.type_name() + ", " + expected + " is expected");
    }
  }

  const json& value_;
  std::string place_;
};

template <class Json>
Json Parse(std::string_view text, const std::string& name) {
  text = WithoutByteOrderMark(text);
  if (const std::optional<JsonProblem> problem = CheckJson(text)) {
    throw Error(problem->is_encoding ? ErrorCode::kBadUtf8 : ErrorCode::kMalformed,
                name + ": " + problem->message);
  }
  return Json::parse(text);
}

std::vector<std::string> ReadAnswers(const Node& question) {
  std::vector<std::string> texts;
  if (question.Has("answers")) {
    for (const Node& answer : question.Member("answers").Items()) {
      texts.push_back(answer.Member("text").String());
    }
  }
  return texts;
}

SquadLabels ReadLabels(const Node& question) {
  SquadLabels labels;
  if (question.HasValue("is_impossible")) {
    labels.is_impossible = question.Member("is_impossible").Bool();
  }
  labels.has_answers = question.Has("answers");
  if (!labels.has_answers) {
    return labels;
  }
  for (const Node& answer : question.Member("answers").Items()) {
    std::optional<std::int64_t>& start = labels.answer_starts.emplace_back();
    if (answer.HasValue("answer_start")) {
      start = answer.Member("answer_start").Integer();
    }
  }
  return labels;
}

enum class WithLabels { kNo, kYes };

void ReadParagraph(SquadFile& file, const Node& paragraph, WithLabels with_labels) {
  const auto context = std::make_shared<const std::string>(paragraph.Member("context").String());
  for (const Node& question : paragraph.Member("qas").Items()) {
    SquadExample example;
    example.id = question.Member("id").String();
    example.question = question.Member("question").String();
    example.context = context;
    example.answers = ReadAnswers(question);
    if (with_labels == WithLabels::kYes) {
      example.labels = ReadLabels(question);
    }
    if (question.Has("is_impossible") || (question.Has("answers") && example.answers.empty())) {
      file.version = SquadVersion::kV2;
    }
    file.examples.push_back(std::move(example));
  }
}

bool SaysVersion2(const json& document) {
  const auto version = document.find("version");
  if (version == document.end() || !version->is_string()) {
    return false;
  }
  const auto text = version->get<std::string>();
  return text.starts_with("v2") || text.starts_with("2");
}

template <class Value, class Read>
std::vector<std::pair<std::string, Value>> ParseById(std::string_view text, const std::string& name,
                                                     const Read& read) {
  const auto document = Parse<nlohmann::ordered_json>(text, name);
  if (!document.is_object()) {
    throw Error(ErrorCode::kMalformed, name + ": an object of ids is expected");
  }
  std::vector<std::pair<std::string, Value>> values;
  for (const auto& [id, value] : document.items()) {
    values.emplace_back(id, read(value, name + ": " + JsonString(id)));
  }
  return values;
}

/// A key of the outermost object, and the byte with which its value begins (0 if that is missing).
struct TopKey {
  std::string_view key;
  char value = 0;
};

/// The keys of an object that may end anywhere, or may be none.
std::vector<TopKey> ListTopKeys(std::string_view object) {
  const auto byte_after = [&](std::size_t position) {
    position = object.find_first_not_of(" \t\r\n", position);
    return std::pair(position, position < object.size() ? object[position] : '\0');
  };
  std::vector<TopKey> keys;
  std::size_t depth = 0;
  for (std::size_t position = 0; position < object.size(); ++position) {
    const char byte = object[position];
    if (byte == '{' || byte == '[') {
      ++depth;
    } else if (byte == '}' || byte == ']') {
      --depth;
    } else if (byte == '"') {
      const std::size_t begin = position + 1;
      for (position = begin; position < object.size() && object[position] != '"'; ++position) {
        position += object[position] == '\\' ? 1 : 0;
      }
      const auto [colon, after] = byte_after(position + 1);
      if (depth == 1 && after == ':') {
        keys.push_back({object.substr(begin, position - begin), byte_after(colon + 1).second});
      }
    }
  }
  return keys;
}

/// From the keys of a document or of a record that is not there as a whole.
InputFormat GuessFromKeys(const std::vector<TopKey>& keys) {
  for (const TopKey& top : keys) {
    const bool is_other_data = top.key == "data" && top.value != 0 && top.value != '[';
    if (top.key == "question" || top.key == "context" || is_other_data) {
      return InputFormat::kJsonl;
    }
  }
  const bool is_squad =
      !keys.empty() && (keys.front().key == "data" || keys.front().key == "version");
  return is_squad ? InputFormat::kSquad : InputFormat::kJsonl;
}

std::string_view FirstLine(std::string_view beginning) {
  const std::size_t begin = std::min(beginning.find_first_not_of(" \t\r\n"), beginning.size());
  return beginning.substr(begin, beginning.find('\n', begin) - begin);
}

SquadFile ReadDocument(std::string_view text, const std::string& name, WithLabels with_labels) {
  const auto document = Parse<json>(text, name);
  const Node root(document, name + ": document");
  SquadFile file;
  const std::vector<Node> articles = root.Member("data").Items();
  file.version = SaysVersion2(document) ? SquadVersion::kV2 : SquadVersion::kV1;
  for (const Node& article : articles) {
    for (const Node& paragraph : article.Member("paragraphs").Items()) {
      ReadParagraph(file, paragraph, with_labels);
    }
  }
  return file;
}

}  // namespace

SquadFile ParseSquad(std::string_view text, const std::string& name) {
  return ReadDocument(text, name, WithLabels::kNo);
}

SquadFile ParseLabelledSquad(std::string_view text, const std::string& name) {
  return ReadDocument(text, name, WithLabels::kYes);
}

std::vector<std::pair<std::string, std::string>> ParsePredictions(std::string_view text,
                                                                  const std::string& name) {
  return ParseById<std::string>(text, name, [](const auto& value, const std::string& place) {
    if (!value.is_string()) {
      throw Error(ErrorCode::kMalformed,
                  place + " is " + value.type_name() + ", a string is expected");
    }
    return value.template get<std::string>();
  });
}

std::vector<std::pair<std::string, double>> ParseScores(std::string_view text,
                                                        const std::string& name) {
  return ParseById<double>(text, name, [](const auto& value, const std::string& place) {
    if (!value.is_number()) {
      throw Error(ErrorCode::kMalformed,
                  place + " is " + value.type_name() + ", a number is expected");
    }
    return value.template get<double>();
  });
}

bool IsEnoughToGuess(std::string_view beginning) {
  const std::size_t begin = beginning.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) {
    return false;
  }
  if (beginning[begin] != '{') {
    return true;
  }
  // A first line that is a brace alone belongs to a document over several lines.
  const std::string_view line = FirstLine(beginning);
  const bool has_line = begin + line.size() < beginning.size();
  const bool is_brace_alone = line.find_first_not_of(" \t\r", 1) == std::string_view::npos;
  return has_line && (!is_brace_alone || !ListTopKeys(beginning).empty());
}

InputFormat GuessFormat(std::string_view beginning) {
  const std::string_view line = FirstLine(WithoutByteOrderMark(beginning));
  if (line.starts_with('{') && !CheckJson(line)) {
    const auto record = json::parse(line);
    const bool is_squad =
        record.contains("data") && record["data"].is_array() && !record.contains("question");
    return is_squad ? InputFormat::kSquad : InputFormat::kJsonl;
  }
  return GuessFromKeys(ListTopKeys(WithoutByteOrderMark(beginning)));
}

}  // namespace bertqa
