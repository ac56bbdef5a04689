#include "encoder/config.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "base/json_text.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

// Far above any model, low enough that no product of two sizes overflows.
constexpr std::size_t kMaxSize = 1U << 24U;

std::string Quoted(const char* key) {
  std::string text(1, '"');
  return text.append(key).append(1, '"');
}

/// One configuration file with its path for the messages.
class ConfigReader {
 public:
  explicit ConfigReader(const std::filesystem::path& path) : path_(path.string()) {
    try {
      json_ = Json::parse(ReadJsonText(path));
    } catch (const Json::exception&) {
      Fail(ErrorCode::kMalformed, "not valid JSON");
    }
    if (!json_.is_object()) {
      Fail(ErrorCode::kMalformed, "a JSON object is expected");
    }
  }

  [[noreturn]] void Fail(ErrorCode code, const std::string& what) const {
    throw Error(code, path_ + ": " + what);
  }

  std::size_t Size(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) {
      Fail(ErrorCode::kMalformed, "no " + Quoted(key));
    }
    if (!found->is_number_unsigned() || *found == 0U || *found > kMaxSize) {
      Fail(ErrorCode::kMalformed, Quoted(key) + ": a whole number from 1 to " +
                                      std::to_string(kMaxSize) + " is expected, not " +
                                      found->dump());
    }
    return found->get<std::size_t>();
  }

  /// A number in (0, 1).
  double Number(const char* key, double default_value) const {
    const auto found = json_.find(key);
    if (found == json_.end()) {
      return default_value;
    }
    if (!found->is_number() || !(found->get<double>() > 0) || !(found->get<double>() < 1)) {
      Fail(ErrorCode::kMalformed,
           Quoted(key) + ": a number between 0 and 1 is expected, not " + found->dump());
    }
    return found->get<double>();
  }

  /// The same for a share that may be 0.
  double Share(const char* key, double default_value) const {
    const auto found = json_.find(key);
    return found != json_.end() && *found == 0 ? 0 : Number(key, default_value);
  }

  /// The string at `key`. An absent key or null is `default_value`.
  std::string Text(const char* key, const std::string& default_value) const {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) {
      return default_value;
    }
    if (!found->is_string()) {
      Unsupported(key, "a string");
    }
    return found->get<std::string>();
  }

  [[noreturn]] void Unsupported(const char* key, const std::string& expected) const {
    const auto found = json_.find(key);
    Fail(ErrorCode::kUnsupported,
         found == json_.end()
             ? "no " + Quoted(key) + "; " + expected + " is expected"
             : Quoted(key) + ": " +
                   found->dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) +
                   " is not supported; " + expected + " is expected");
  }

  void RequireFalse(const char* key) const {
    const auto found = json_.find(key);
    if (found != json_.end() && *found == true) {
      Unsupported(key, "false");
    }
  }

 private:
  std::string path_;
  Json json_;
};

Activation ReadActivation(const ConfigReader& reader) {
  const std::string name = reader.Text("hidden_act", "gelu");
  if (name == "gelu") {
    return Activation::kGelu;
  }
  if (name == "gelu_new") {
    return Activation::kGeluNew;
  }
  if (name == "relu") {
    return Activation::kRelu;
  }
  reader.Unsupported("hidden_act", "\"gelu\", \"gelu_new\" or \"relu\"");
}

}  // namespace

BertConfig ReadBertConfig(const std::filesystem::path& path) {
  const ConfigReader reader(path);
  if (reader.Text("model_type", "") != "bert") {
    reader.Unsupported("model_type", "\"bert\"");
  }
  if (reader.Text("position_embedding_type", "absolute") != "absolute") {
    reader.Unsupported("position_embedding_type", "\"absolute\"");
  }
  reader.RequireFalse("is_decoder");
  reader.RequireFalse("add_cross_attention");
  BertConfig config{.vocabulary_size = reader.Size("vocab_size"),
                    .hidden_size = reader.Size("hidden_size"),
                    .layers = reader.Size("num_hidden_layers"),
                    .attention_heads = reader.Size("num_attention_heads"),
                    .intermediate_size = reader.Size("intermediate_size"),
                    .max_positions = reader.Size("max_position_embeddings"),
                    .segment_types = reader.Size("type_vocab_size"),
                    .layer_norm_epsilon = reader.Number("layer_norm_eps", 1e-12),
                    .activation = ReadActivation(reader)};
  if (config.hidden_size % config.attention_heads != 0) {
    reader.Fail(ErrorCode::kMalformed, "\"hidden_size\" " + std::to_string(config.hidden_size) +
                                           " is not a multiple of \"num_attention_heads\" " +
                                           std::to_string(config.attention_heads));
  }
  return config;
}

BertTrainingDefaults ReadTrainingDefaults(const std::filesystem::path& path) {
  const ConfigReader reader(path);
  const BertTrainingDefaults defaults;
  return {.dropout = reader.Share("hidden_dropout_prob", defaults.dropout),
          .initializer_range = reader.Number("initializer_range", defaults.initializer_range)};
}

}  // namespace bertqa
