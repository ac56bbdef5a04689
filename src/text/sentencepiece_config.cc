#include "text/sentencepiece_config.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/files.h"
#include "base/json_text.h"
#include "bertqa/error.h"

namespace bertqa::spm {
namespace {

using Json = nlohmann::json;

/// One settings file; an absent file has no keys.
class SettingsFile {
 public:
  explicit SettingsFile(const std::filesystem::path& path) : place_(path.string()) {
    if (!Exists(path)) {
      return;
    }
    try {
      object_ = Json::parse(ReadJsonText(path));
    } catch (const Json::exception& error) {
      throw Error(ErrorCode::kMalformed, place_ + ": expected JSON, found: " + error.what());
    }
    if (!object_.is_object()) {
      throw Error(ErrorCode::kMalformed,
                  place_ + ": expected a JSON object, found " + object_.type_name());
    }
  }

  const std::string& place() const { return place_; }

  /// Null where the key is absent.
  const Json& Value(const std::string& key) const {
    static const Json nothing;
    const auto found = object_.find(key);
    return found == object_.end() ? nothing : *found;
  }

  void ReadBool(const std::string& key, bool& setting) const {
    const Json& value = Value(key);
    if (value.is_null()) {
      return;
    }
    if (!value.is_boolean()) {
      ThrowWrongType(key, "true or false", value);
    }
    setting = value.get<bool>();
  }

  /// A token is a string, or the object {"content": …} that transformers writes for an AddedToken.
  /// False where the key is absent.
  bool ReadToken(const std::string& key, std::string& token) const {
    const Json& value = Value(key);
    if (value.is_null()) {
      return false;
    }
    const bool has_content = value.is_object() && value.contains("content");
    const Json& content = has_content ? value["content"] : value;
    if (!content.is_string() || content.get_ref<const std::string&>().empty()) {
      ThrowWrongType(key, "a string or an object with a string \"content\"", content);
    }
    token = content.get<std::string>();
    return true;
  }

 private:
  [[noreturn]] void ThrowWrongType(const std::string& key, const std::string& expected,
                                   const Json& found) const {
    const bool is_empty = found.is_string() && found.get_ref<const std::string&>().empty();
    const std::string finding = is_empty ? "an empty string" : found.type_name();
    throw Error(ErrorCode::kMalformed,
                place_ + ": \"" + key + "\": expected " + expected + ", found " + finding);
  }

  std::string place_;
  Json object_ = Json::object();
};

void RequireClass(const SettingsFile& config, const Family& family) {
  std::string found;
  if (!config.ReadToken("tokenizer_class", found)) {
    return;
  }
  const std::string stem(family.class_stem);
  if (found != stem && found != stem + "Fast" && found != "PreTrainedTokenizerFast") {
    throw Error(ErrorCode::kUnsupported, config.place() + ": \"tokenizer_class\": expected " +
                                             stem + " or " + stem + "Fast, found \"" + found +
                                             "\"");
  }
}

}  // namespace

Settings ReadSettings(const std::filesystem::path& model_directory, const Family& family) {
  const SettingsFile config(model_directory / "tokenizer_config.json");
  RequireClass(config, family);
  Settings settings = {family.lowercase, family.keep_accents, family.split_by_punct, family.names};
  config.ReadBool("do_lower_case", settings.lowercase);
  config.ReadBool("keep_accents", settings.keep_accents);
  config.ReadBool("split_by_punct", settings.split_by_punct);
  const std::pair<const char*, std::string*> tokens[] = {{"unk_token", &settings.names.unknown},
                                                         {"cls_token", &settings.names.cls},
                                                         {"sep_token", &settings.names.sep},
                                                         {"pad_token", &settings.names.pad},
                                                         {"mask_token", &settings.names.mask}};
  const SettingsFile map(model_directory / "special_tokens_map.json");
  for (const auto& [key, name] : tokens) {
    if (!config.ReadToken(key, *name)) {
      map.ReadToken(key, *name);
    }
  }
  return settings;
}

}  // namespace bertqa::spm
