#include "base/json_text.h"

#include <algorithm>

#include "base/files.h"
#include "bertqa/error.h"

namespace bertqa {

std::size_t JsonLevels(std::string_view json) {
  std::size_t levels = 0;
  std::size_t deepest = 0;
  bool in_string = false;
  for (std::size_t index = 0; index < json.size(); ++index) {
    const char character = json[index];
    if (in_string) {
      index += character == '\\' ? 1 : 0;  // what is escaped ends no string
      in_string = character != '"';
    } else if (character == '"') {
      in_string = true;
    } else if (character == '[' || character == '{') {
      deepest = std::max(deepest, ++levels);
    } else if ((character == ']' || character == '}') && levels > 0) {
      --levels;
    }
  }
  return deepest;
}

std::string ReadJsonText(const std::filesystem::path& path) {
  std::string text = ReadFile(path);
  if (JsonLevels(text) > kMaxJsonLevels) {
    throw Error(ErrorCode::kMalformed, path.string() + ": nested deeper than " +
                                           std::to_string(kMaxJsonLevels) + " levels");
  }
  return text;
}

}  // namespace bertqa
