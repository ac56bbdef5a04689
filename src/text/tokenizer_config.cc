#include "text/tokenizer_config.h"

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/json_text.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

/// One JSON object and the path that messages call it by.
struct Source {
  std::string place;
  Json object = Json::object();
};

[[noreturn]] void ThrowWrongType(const Source& source, const std::string& key,
                                 const std::string& expected, const Json& found) {
  throw Error(ErrorCode::kMalformed, source.place + ": \"" + key + "\": expected " + expected +
                                         ", found " + found.type_name());
}

Source ReadObject(const std::filesystem::path& path) {
  Source source = {path.string()};
  if (!Exists(path)) {
    return source;
  }
  try {
    source.object = Json::parse(ReadJsonText(path));
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kMalformed, source.place + ": expected JSON, found: " + error.what());
  }
  if (!source.object.is_object()) {
    throw Error(ErrorCode::kMalformed,
                source.place + ": expected a JSON object, found " + source.object.type_name());
  }
  return source;
}

/// The value of `key`, or null where there is none.
const Json& ValueOf(const Source& source, const std::string& key) {
  static const Json nothing;
  const auto found = source.object.find(key);
  return found == source.object.end() ? nothing : *found;
}

std::optional<bool> ReadBool(const Source& source, const std::string& key) {
  const Json& value = ValueOf(source, key);
  if (value.is_null()) {
    return std::nullopt;
  }
  if (!value.is_boolean()) {
    ThrowWrongType(source, key, "true or false", value);
  }
  return value.get<bool>();
}

/// A token as a string, or as the object {"content": …} that transformers writes for AddedToken.
void ReadToken(const Source& source, const std::string& key, std::string& token) {
  const Json& value = ValueOf(source, key);
  if (value.is_null()) {
    return;
  }
  const Json* content = &value;
  if (value.is_object() && value.contains("content")) {
    content = &value["content"];
  }
  if (!content->is_string()) {
    ThrowWrongType(source, key, "a string or an object with a string \"content\"", *content);
  }
  token = content->get<std::string>();
}

/// The normaliser's settings in tokenizer.json.
Source ReadNormalizer(const std::filesystem::path& path) {
  const Source file = ReadObject(path);
  const Json& normalizer = ValueOf(file, "normalizer");
  Source source = {file.place + ": \"normalizer\""};
  if (normalizer.is_null()) {
    return source;
  }
  if (!normalizer.is_object()) {
    ThrowWrongType(file, "normalizer", "an object", normalizer);
  }
  source.object = normalizer;
  const Json& type = ValueOf(source, "type");
  if (type != "BertNormalizer") {
    throw Error(ErrorCode::kUnsupported,
                source.place + ": \"type\": expected \"BertNormalizer\", found " +
                    type.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace));
  }
  return source;
}

}  // namespace

WordPieceConfig DefaultWordPieceConfig(PairLayout layout) {
  WordPieceConfig config;
  config.layout = layout;
  if (layout == PairLayout::kMpnet) {
    config.cls_token = "<s>";
    config.sep_token = "</s>";
    config.pad_token = "<pad>";
    config.mask_token = "<mask>";
  }
  return config;
}

WordPieceConfig ReadTokenizerConfig(const std::filesystem::path& model_directory,
                                    PairLayout layout) {
  const Source source = ReadObject(model_directory / "tokenizer_config.json");
  WordPieceConfig config = DefaultWordPieceConfig(layout);
  ReadToken(source, "unk_token", config.unk_token);
  ReadToken(source, "cls_token", config.cls_token);
  ReadToken(source, "sep_token", config.sep_token);
  ReadToken(source, "pad_token", config.pad_token);
  ReadToken(source, "mask_token", config.mask_token);
  std::optional<bool> lowercase = ReadBool(source, "do_lower_case");
  std::optional<bool> chinese = ReadBool(source, "tokenize_chinese_chars");
  config.strip_accents = ReadBool(source, "strip_accents");
  const bool is_complete = lowercase && chinese && source.object.contains("strip_accents");
  if (!is_complete) {  // tokenizer.json holds the vocabulary too: read only where it is needed
    const Source normalizer = ReadNormalizer(model_directory / "tokenizer.json");
    lowercase = lowercase ? lowercase : ReadBool(normalizer, "lowercase");
    chinese = chinese ? chinese : ReadBool(normalizer, "handle_chinese_chars");
    if (!source.object.contains("strip_accents")) {
      config.strip_accents = ReadBool(normalizer, "strip_accents");
    }
  }
  config.lowercase = lowercase.value_or(config.lowercase);
  config.tokenize_chinese_chars = chinese.value_or(config.tokenize_chinese_chars);
  return config;
}

}  // namespace bertqa
