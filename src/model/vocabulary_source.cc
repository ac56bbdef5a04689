#include "model/vocabulary_source.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/files.h"
#include "base/json_text.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

[[noreturn]] void Fail(const fs::path& path, const std::string& what) {
  throw Error(ErrorCode::kMalformed, path.string() + ": " + what);
}

std::string FromTokenizerJson(const fs::path& path) {
  const Json json = Json::parse(ReadJsonText(path), nullptr, /*allow_exceptions=*/false);
  const Json::json_pointer place("/model/vocab");
  if (!json.is_object() || !json.contains(place) || !json[place].is_object()) {
    Fail(path, "a JSON object with \"model\": {\"vocab\": {…}} is expected");
  }
  const Json& vocabulary = json[place];
  std::vector<std::optional<std::string>> pieces(vocabulary.size());
  for (const auto& [piece, id] : vocabulary.items()) {
    if (!id.is_number_unsigned() || id >= pieces.size() || pieces[id.get<std::size_t>()]) {
      Fail(path, "the ids in \"vocab\" are expected to be 0 to " +
                     std::to_string(pieces.size() - 1) + ", each once; not so that of \"" + piece +
                     "\"");
    }
    if (piece.find_first_of("\r\n") != std::string::npos) {
      Fail(path, "piece " + id.dump() + " in \"vocab\" holds a line break");
    }
    pieces[id.get<std::size_t>()] = piece;
  }
  std::string text;
  for (const std::optional<std::string>& piece : pieces) {
    text += *piece + "\n";
  }
  return text;
}

}  // namespace

VocabularyText ReadVocabularyText(const fs::path& vocabulary_file) {
  const fs::path tokenizer_json = vocabulary_file.parent_path() / "tokenizer.json";
  if (!Exists(vocabulary_file) && Exists(tokenizer_json)) {
    return {.source = tokenizer_json, .text = FromTokenizerJson(tokenizer_json)};
  }
  return {.source = vocabulary_file, .text = ReadFile(vocabulary_file)};
}

}  // namespace bertqa
