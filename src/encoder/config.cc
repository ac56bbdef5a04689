#include "encoder/config.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "base/json_text.h"
#include "bertqa/error.h"
#include "encoder/config_keys.h"
#include "encoder/distance_bias.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

// Far above any model, low enough that no product of two sizes overflows.
constexpr std::size_t kMaxSize = 1U << 24U;

std::string Quoted(const char* key) {
  std::string text(1, '"');
  return text.append(key).append(1, '"');
}

/// One configuration file with its path for the messages. Notes which keys were asked for.
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

  static std::string Printed(const Json& value) {
    return value.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  }

  [[noreturn]] void Fail(ErrorCode code, const std::string& what) const {
    throw Error(code, path_ + ": " + what);
  }

  std::size_t Size(const char* key) {
    const auto found = Find(key);
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
  double Number(const char* key, double default_value) {
    const auto found = Find(key);
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
  double Share(const char* key, double default_value) {
    const auto found = Find(key);
    return found != json_.end() && *found == 0 ? 0 : Number(key, default_value);
  }

  /// The string at `key`. An absent key or null is `default_value`.
  std::string Text(const char* key, const std::string& default_value) {
    const auto found = Find(key);
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
    Fail(ErrorCode::kUnsupported, found == json_.end()
                                      ? "no " + Quoted(key) + "; " + expected + " is expected"
                                      : Quoted(key) + ": " + Printed(*found) +
                                            " is not supported; " + expected + " is expected");
  }

  /// A whole number from 0; an absent key or null is `default_value`.
  std::size_t Id(const char* key, std::size_t default_value) {
    const auto found = Find(key);
    if (found == json_.end() || found->is_null()) {
      return default_value;
    }
    return *found == 0U ? 0 : Size(key);
  }

  /// The first of "architectures"; empty where there is none.
  std::string Architecture() {
    const auto found = Find("architectures");
    return found != json_.end() && found->is_array() && !found->empty() &&
                   found->front().is_string()
               ? found->front().get<std::string>()
               : std::string();
  }

  /// Absent, null, or a list or an object without elements.
  void RequireEmpty(const char* key) {
    const auto found = Find(key);
    if (found != json_.end() && !found->empty()) {
      Unsupported(key, "nothing");
    }
  }

  void RequireSize(const char* key, std::size_t size) {
    if (json_.contains(key) && Size(key) != size) {
      Unsupported(key, std::to_string(size));
    }
  }

  /// Refuses what nobody has asked for and may change the result.
  void RequireAllUnderstood(std::string_view family) const {
    for (const auto& [key, value] : json_.items()) {
      if (!asked_.contains(key) && !IsHarmlessKey(key)) {
        Fail(ErrorCode::kUnsupported, Quoted(key.c_str()) + ": " + Printed(value) +
                                          " is not a key that is known for " + std::string(family) +
                                          "; take it out if it does not change the answers");
      }
    }
  }

  void RequireFalse(const char* key) {
    const auto found = Find(key);
    if (found != json_.end() && *found == true) {
      Unsupported(key, "false");
    }
  }

 private:
  Json::const_iterator Find(const char* key) {
    asked_.insert(key);
    return json_.find(key);
  }

  std::string path_;
  Json json_;
  std::set<std::string, std::less<>> asked_;
};

/// "\"bert\", \"distilbert\" or \"roberta\""
std::string KnownModelTypes() {
  std::string list;
  const auto families = Families();
  for (std::size_t index = 0; index < families.size(); ++index) {
    list += index == 0 ? "" : index + 1 == families.size() ? " or " : ", ";
    list += Quoted(std::string(families[index].model_type).c_str());
  }
  return list;
}

/// By "model_type", or where a configuration is too old to have it, by its class.
const FamilyTraits& ReadFamily(ConfigReader& reader) {
  const std::string model_type = reader.Text("model_type", "");
  const std::string architecture = reader.Architecture();
  for (const FamilyTraits& traits : Families()) {
    const std::string name(traits.architecture);
    const bool is_architecture =
        architecture == name + "Model" || architecture.starts_with(name + "For");
    if (model_type.empty() ? is_architecture : model_type == traits.model_type) {
      return traits;
    }
  }
  reader.Unsupported("model_type", KnownModelTypes());
}

Activation ReadActivation(ConfigReader& reader, const FamilyTraits& traits) {
  const std::string name =
      reader.Text(traits.keys.activation, std::string(traits.default_activation));
  if (name == "gelu") {
    return Activation::kGelu;
  }
  if (name == "gelu_new") {
    return Activation::kGeluNew;
  }
  if (name == "relu") {
    return Activation::kRelu;
  }
  reader.Unsupported(traits.keys.activation, "\"gelu\", \"gelu_new\" or \"relu\"");
}

std::size_t ReadEmbeddingSize(ConfigReader& reader, const FamilyTraits& traits,
                              std::size_t hidden_size) {
  if (traits.projection == ProjectionRule::kNone) {
    return 0;
  }
  const std::size_t size = reader.Size("embedding_size");
  return traits.projection == ProjectionRule::kWhereSizesDiffer && size == hidden_size ? 0 : size;
}

/// What transformers builds and this encoder does not.
void RefuseVariants(ConfigReader& reader, const FamilyTraits& traits) {
  if (reader.Text("position_embedding_type", "absolute") != "absolute") {
    reader.Unsupported("position_embedding_type", "\"absolute\"");
  }
  reader.RequireFalse("is_decoder");
  reader.RequireFalse("is_encoder_decoder");
  reader.RequireFalse("add_cross_attention");
  reader.RequireEmpty("pruned_heads");
  if (traits.shares_layers) {
    reader.RequireSize("num_hidden_groups", 1);
    reader.RequireSize("inner_group_num", 1);
  }
  if (traits.has_distance_bias) {
    reader.RequireSize("relative_attention_num_buckets", kDistanceBuckets);
  }
}

void CheckSizes(const ConfigReader& reader, const FamilyTraits& traits,
                const EncoderConfig& config) {
  if (config.hidden_size % config.attention_heads != 0) {
    reader.Fail(ErrorCode::kMalformed,
                Quoted(traits.keys.hidden_size) + " " + std::to_string(config.hidden_size) +
                    " is not a multiple of " + Quoted(traits.keys.attention_heads) + " " +
                    std::to_string(config.attention_heads));
  }
  if (config.first_position() >= config.max_positions) {
    reader.Fail(ErrorCode::kMalformed,
                "\"max_position_embeddings\" " + std::to_string(config.max_positions) +
                    " leaves no position behind \"pad_token_id\" " + std::to_string(config.pad_id));
  }
}

}  // namespace

EncoderConfig ReadEncoderConfig(const std::filesystem::path& path) {
  ConfigReader reader(path);
  const FamilyTraits& traits = ReadFamily(reader);
  RefuseVariants(reader, traits);
  EncoderConfig config{
      .family = traits.family,
      .vocabulary_size = reader.Size("vocab_size"),
      .hidden_size = reader.Size(traits.keys.hidden_size),
      .layers = reader.Size(traits.keys.layers),
      .attention_heads = reader.Size(traits.keys.attention_heads),
      .intermediate_size = reader.Size(traits.keys.intermediate_size),
      .max_positions = reader.Size("max_position_embeddings"),
      .segment_types = traits.segments == SegmentRule::kNone ? 0 : reader.Size("type_vocab_size"),
      .layer_norm_epsilon = traits.reads_epsilon ? reader.Number("layer_norm_eps", 1e-12) : 1e-12,
      .activation = ReadActivation(reader, traits)};
  config.embedding_size = ReadEmbeddingSize(reader, traits, config.hidden_size);
  if (traits.positions == PositionRule::kAfterPad) {
    config.pad_id = reader.Id("pad_token_id", 1);
  } else if (traits.positions == PositionRule::kAfterOne) {
    config.pad_id = 1;
  }
  CheckSizes(reader, traits, config);
  reader.RequireAllUnderstood(traits.name);
  return config;
}

TrainingDefaults ReadTrainingDefaults(const std::filesystem::path& path) {
  ConfigReader reader(path);
  const TrainingDefaults defaults;
  return {.dropout = reader.Share("hidden_dropout_prob", defaults.dropout),
          .initializer_range = reader.Number("initializer_range", defaults.initializer_range)};
}

}  // namespace bertqa
