#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bertqa {

/// `text` as a JSON string, quotes and escapes included. REQUIRES: valid UTF-8.
std::string JsonString(std::string_view text);

/// The shortest decimal that reads back to the same number. REQUIRES: finite.
std::string NumberText(float value);
std::string NumberText(double value);
/// As Python's repr() writes it: "100.0", "0.0001", "1e-05", "1e+16". REQUIRES: finite.
std::string PythonNumberText(double value);

/// One member of a JSON object: the key decoded, the value as it is written in the source.
struct JsonMember {
  std::string key;
  std::string_view value;  ///< into the text that was split

  bool is_string() const { return value.starts_with('"'); }
};

/// Why a text is not the JSON that is expected.
struct JsonProblem {
  bool is_encoding = false;  ///< invalid UTF-8 or a lone surrogate escape, else the syntax
  std::string message;
};

/// Checks that `text` is one JSON value in which no object has a repeated key, no string a lone
/// surrogate, and all is UTF-8.
std::optional<JsonProblem> CheckJson(std::string_view text);

/// Splits a JSON object into its members. REQUIRES: CheckJson found nothing and it is an object.
std::vector<JsonMember> SplitObject(std::string_view object);

/// The member of that key; null if there is none.
const JsonMember* FindMember(const std::vector<JsonMember>& members, std::string_view key);

/// The items of a JSON list, as they are written. REQUIRES: CheckJson found nothing and it is a
/// list.
std::vector<std::string_view> SplitList(std::string_view list);

/// What a JSON string says. REQUIRES: CheckJson found nothing and it is a string.
std::string DecodeJsonString(std::string_view string);

/// The whole number that a JSON number says, also as "3.0" or "3e2"; nothing if it is not whole, or
/// too large for a double to say which whole number it is. REQUIRES: a checked JSON number.
std::optional<std::int64_t> DecodeJsonInteger(std::string_view number);

/// "a string", "a number", … of a checked JSON value.
std::string_view JsonTypeName(std::string_view value);

}  // namespace bertqa
