#pragma once

#include <string>
#include <string_view>

#include "io/json_text.h"

namespace bertqa {

/// Writes the members of one JSON object.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& json) : json_(json) { json_ += '{'; }

  /// `value` is JSON already.
  void Member(std::string_view key, std::string_view value) { RawMember(JsonString(key), value); }

  void RawMember(std::string_view key_json, std::string_view value) {
    if (!first_) {
      json_ += ',';
    }
    first_ = false;
    json_ += key_json;
    json_ += ':';
    json_ += value;
  }

  void Close() { json_ += '}'; }

 private:
  std::string& json_;
  bool first_ = true;
};

/// `[a,b,…]` of what `format` makes of each item.
template <class Items, class Format>
std::string FormatList(const Items& items, const Format& format) {
  std::string list = "[";
  for (const auto& item : items) {
    if (list.size() > 1) {
      list += ',';
    }
    list += format(item);
  }
  return list + "]";
}

}  // namespace bertqa
