#include "io/json_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/utf8.h"

namespace bertqa {
namespace {

using nlohmann::json;

constexpr std::string_view kSpace = " \t\r\n";
/// Deeper than any record; keeps a hostile line from growing the parser's stack.
constexpr std::size_t kMaxDepth = 512;
/// nlohmann/json's id of "number overflow".
constexpr int kOutOfRange = 406;

template <class Number>
std::string ShortestText(Number value) {
  std::array<char, 64> buffer = {};
  const std::to_chars_result result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

/// Accepts every value, and remembers what it may not have: repeated keys, too deep a nesting.
class StrictChecker : public json::json_sax_t {
 public:
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(json::number_integer_t /*value*/) override { return true; }
  bool number_unsigned(json::number_unsigned_t /*value*/) override { return true; }
  bool number_float(json::number_float_t /*value*/, const json::string_t& /*text*/) override {
    return true;
  }
  bool string(json::string_t& /*value*/) override { return true; }
  bool binary(json::binary_t& /*value*/) override { return true; }
  bool start_object(std::size_t /*size*/) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t /*size*/) override { return Enter(); }
  bool end_array() override { return Leave(); }

  bool key(json::string_t& value) override {
    if (keys_.back().insert(value).second) {
      return true;
    }
    message_ = "repeated key " + JsonString(value);
    return false;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const json::exception& error) override {
    if (error.id == kOutOfRange) {
      message_ = "a number is out of range";
      return false;
    }
    message_ = "not valid JSON at byte " + std::to_string(position == 0 ? 0 : position - 1);
    return false;
  }

  const std::string& message() const { return message_; }

 private:
  bool Enter() {
    keys_.emplace_back();
    if (keys_.size() <= kMaxDepth) {
      return true;
    }
    message_ = "nested deeper than " + std::to_string(kMaxDepth) + " levels";
    return false;
  }

  bool Leave() {
    keys_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> keys_;
  std::string message_;
};

std::optional<char32_t> HexAt(std::string_view text, std::size_t position) {
  if (position + 4 > text.size()) {
    return std::nullopt;
  }
  unsigned value = 0;
  const char* const begin = text.data() + position;
  const std::from_chars_result result = std::from_chars(begin, begin + 4, value, 16);
  return result.ptr == begin + 4 ? std::optional<char32_t>(value) : std::nullopt;
}

/// Byte offset of an escaped surrogate without its other half.
std::optional<std::size_t> FindLoneSurrogate(std::string_view text) {
  const auto surrogate_at = [&](std::size_t position, char32_t first) {
    if (position + 2 > text.size() || text.substr(position, 2) != "\\u") {
      return false;
    }
    const std::optional<char32_t> value = HexAt(text, position + 2);
    return value && *value >= first && *value < first + 0x400;
  };
  for (std::size_t position = text.find('\\'); position < text.size();
       position = text.find('\\', position)) {
    if (surrogate_at(position, 0xDC00)) {
      return position;
    }
    if (!surrogate_at(position, 0xD800)) {
      position += 2;  // the backslash and what it escapes
    } else if (surrogate_at(position + 6, 0xDC00)) {
      position += 12;
    } else {
      return position;
    }
  }
  return std::nullopt;
}

std::size_t SkipSpace(std::string_view text, std::size_t position) {
  return std::min(text.find_first_not_of(kSpace, position), text.size());
}

std::size_t SkipString(std::string_view text, std::size_t position) {
  for (++position; text[position] != '"'; ++position) {
    if (text[position] == '\\') {
      ++position;
    }
  }
  return position + 1;
}

/// End of the value that begins at `position`.
std::size_t SkipValue(std::string_view text, std::size_t position) {
  std::size_t depth = 0;
  do {
    const char byte = text[position];
    if (byte == '"') {
      position = SkipString(text, position);
      continue;
    }
    if (byte == '{' || byte == '[') {
      ++depth;
    } else if (byte == '}' || byte == ']') {
      --depth;
    } else if (depth == 0) {  // a number or a word
      return std::min(text.find_first_of(",}] \t\r\n", position), text.size());
    }
    ++position;
  } while (depth > 0);
  return position;
}

}  // namespace

std::string JsonString(std::string_view text) {
  return json(text).dump();
}

std::string NumberText(float value) {
  return ShortestText(value);
}

std::string NumberText(double value) {
  return ShortestText(value);
}

/// CPython writes an exponent for 1e16 and above, and below 1e-4 (float_repr_style "short").
std::string PythonNumberText(double value) {
  constexpr double kLargest = 1e16;
  constexpr double kSmallest = 1e-4;
  const double size = std::abs(value);
  const bool is_plain = size == 0 || (size >= kSmallest && size < kLargest);
  std::array<char, 64> buffer = {};
  const std::to_chars_result result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                    is_plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(buffer.data(), result.ptr);
  const bool is_integral = is_plain && text.find('.') == std::string::npos;
  return is_integral ? text + ".0" : text;
}

std::optional<JsonProblem> CheckJson(std::string_view text) {
  if (const std::optional<std::size_t> bad = FindInvalidUtf8(text)) {
    return JsonProblem{/*is_encoding=*/true, "invalid UTF-8 at byte " + std::to_string(*bad)};
  }
  StrictChecker checker;
  const std::optional<std::size_t> lone = FindLoneSurrogate(text);
  if (lone) {
    return JsonProblem{/*is_encoding=*/true, "lone surrogate escape " +
                                                 std::string(text.substr(*lone, 6)) + " at byte " +
                                                 std::to_string(*lone)};
  }
  if (!json::sax_parse(text, &checker)) {
    return JsonProblem{/*is_encoding=*/false, checker.message()};
  }
  // nlohmann/json takes a NUL byte for the end of the text, whatever follows it.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return JsonProblem{/*is_encoding=*/false, "not valid JSON at byte " + std::to_string(nul)};
  }
  return std::nullopt;
}

std::vector<JsonMember> SplitObject(std::string_view object) {
  std::vector<JsonMember> members;
  std::size_t position = SkipSpace(object, object.find('{') + 1);
  while (object[position] != '}') {
    const std::size_t key_end = SkipString(object, position);
    const std::string_view key = object.substr(position, key_end - position);
    position = SkipSpace(object, SkipSpace(object, key_end) + 1);  // past the colon
    const std::size_t value_end = SkipValue(object, position);
    members.push_back({DecodeJsonString(key), object.substr(position, value_end - position)});
    position = SkipSpace(object, value_end);
    if (object[position] == ',') {
      position = SkipSpace(object, position + 1);
    }
  }
  return members;
}

const JsonMember* FindMember(const std::vector<JsonMember>& members, std::string_view key) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const JsonMember& member) { return member.key == key; });
  return found == members.end() ? nullptr : &*found;
}

std::vector<std::string_view> SplitList(std::string_view list) {
  std::vector<std::string_view> items;
  std::size_t position = SkipSpace(list, list.find('[') + 1);
  while (list[position] != ']') {
    const std::size_t end = SkipValue(list, position);
    items.push_back(list.substr(position, end - position));
    position = SkipSpace(list, end);
    if (list[position] == ',') {
      position = SkipSpace(list, position + 1);
    }
  }
  return items;
}

std::string DecodeJsonString(std::string_view string) {
  return json::parse(string).get<std::string>();
}

std::optional<std::int64_t> DecodeJsonInteger(std::string_view number) {
  constexpr double kLargest = 9007199254740992.0;  // 2^53
  double value = 0;
  const std::from_chars_result result =
      std::from_chars(number.data(), number.data() + number.size(), value);
  if (result.ec != std::errc() || std::trunc(value) != value || std::abs(value) > kLargest) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value);
}

std::string_view JsonTypeName(std::string_view value) {
  switch (value.front()) {
    case '"':
      return "a string";
    case '{':
      return "an object";
    case '[':
      return "a list";
    case 't':
    case 'f':
      return "a boolean";
    case 'n':
      return "null";
    default:
      return "a number";
  }
}

}  // namespace bertqa
