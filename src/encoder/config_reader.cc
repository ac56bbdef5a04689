#include "encoder/config_reader.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json_text.h"
#include "encoder/config_keys.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

// Far above any model, low enough that no product of two sizes overflows.
constexpr std::size_t kMaxSize = 1U << 24U;

std::string Printed(const Json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

/// " c2p|P2C" as "c2p", "p2c"
std::vector<std::string> SplitWords(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char character : text) {
    if (character == '|') {
      words.emplace_back();
    } else if (character != ' ') {
      const bool is_upper = character >= 'A' && character <= 'Z';
      words.back() += is_upper ? static_cast<char>(character - 'A' + 'a') : character;
    }
  }
  std::erase(words, std::string());
  return words;
}

/// "\"bert\", \"distilbert\" or \"roberta\""
std::string KnownModelTypes() {
  std::string list;
  const auto families = Families();
  for (std::size_t index = 0; index < families.size(); ++index) {
    list += index == 0 ? "" : index + 1 == families.size() ? " or " : ", ";
    list += Quoted(families[index].model_type);
  }
  return list;
}

}  // namespace

std::string Quoted(std::string_view key) {
  return std::string(1, '"').append(key).append(1, '"');
}

struct ConfigReader::State {
  std::string path;
  Json json = {};
  std::set<std::string, std::less<>> asked = {};

  Json::const_iterator Find(const char* key) {
    asked.insert(key);
    return json.find(key);
  }
};

ConfigReader::ConfigReader(const std::filesystem::path& path)
    : state_(std::make_unique<State>(State{.path = path.string()})) {
  try {
    state_->json = Json::parse(ReadJsonText(path));
  } catch (const Json::exception&) {
    Fail(ErrorCode::kMalformed, "not valid JSON");
  }
  if (!state_->json.is_object()) {
    Fail(ErrorCode::kMalformed, "a JSON object is expected");
  }
}

ConfigReader::~ConfigReader() = default;

void ConfigReader::Fail(ErrorCode code, const std::string& what) const {
  throw Error(code, state_->path + ": " + what);
}

void ConfigReader::Unsupported(const char* key, const std::string& expected) const {
  const auto found = state_->json.find(key);
  Fail(ErrorCode::kUnsupported, found == state_->json.end()
                                    ? "no " + Quoted(key) + "; " + expected + " is expected"
                                    : Quoted(key) + ": " + Printed(*found) + " is not supported; " +
                                          expected + " is expected");
}

std::size_t ConfigReader::Size(const char* key) {
  const auto found = state_->Find(key);
  if (found == state_->json.end()) {
    Fail(ErrorCode::kMalformed, "no " + Quoted(key));
  }
  if (!found->is_number_unsigned() || *found == 0U || *found > kMaxSize) {
    Fail(ErrorCode::kMalformed, Quoted(key) + ": a whole number from 1 to " +
                                    std::to_string(kMaxSize) + " is expected, not " +
                                    found->dump());
  }
  return found->get<std::size_t>();
}

std::size_t ConfigReader::SizeOr(const char* key, std::size_t default_value) {
  return state_->Find(key) == state_->json.end() ? default_value : Size(key);
}

std::size_t ConfigReader::Id(const char* key, std::size_t default_value) {
  const auto found = state_->Find(key);
  if (found == state_->json.end() || found->is_null()) {
    return default_value;
  }
  return *found == 0U ? 0 : Size(key);
}

double ConfigReader::Number(const char* key, double default_value) {
  const auto found = state_->Find(key);
  if (found == state_->json.end()) {
    return default_value;
  }
  if (!found->is_number() || !(found->get<double>() > 0) || !(found->get<double>() < 1)) {
    Fail(ErrorCode::kMalformed,
         Quoted(key) + ": a number between 0 and 1 is expected, not " + found->dump());
  }
  return found->get<double>();
}

double ConfigReader::Share(const char* key, double default_value) {
  const auto found = state_->Find(key);
  return found != state_->json.end() && *found == 0 ? 0 : Number(key, default_value);
}

double ConfigReader::Positive(const char* key, double default_value) {
  const auto found = state_->Find(key);
  if (found == state_->json.end()) {
    return default_value;
  }
  if (!found->is_number() || !(found->get<double>() > 0)) {
    Fail(ErrorCode::kMalformed,
         Quoted(key) + ": a number above 0 is expected, not " + Printed(*found));
  }
  return found->get<double>();
}

std::optional<double> ConfigReader::PositiveOrNull(const char* key, double default_value) {
  const auto found = state_->Find(key);
  return found != state_->json.end() && found->is_null()
             ? std::nullopt
             : std::optional(Positive(key, default_value));
}

std::size_t ConfigReader::SizeOrNone(const char* key) {
  const auto found = state_->Find(key);
  const bool is_none = found == state_->json.end() || found->is_null() ||
                       (found->is_number_integer() && *found <= 0);
  return is_none ? 0 : Size(key);
}

bool ConfigReader::Flag(const char* key, bool default_value) {
  const auto found = state_->Find(key);
  if (found == state_->json.end()) {
    return default_value;
  }
  if (!found->is_boolean()) {
    Fail(ErrorCode::kMalformed,
         Quoted(key) + ": true or false is expected, not " + Printed(*found));
  }
  return found->get<bool>();
}

std::string ConfigReader::Text(const char* key, const std::string& default_value) {
  const auto found = state_->Find(key);
  if (found == state_->json.end() || found->is_null()) {
    return default_value;
  }
  if (!found->is_string()) {
    Unsupported(key, "a string");
  }
  return found->get<std::string>();
}

std::vector<std::string> ConfigReader::Words(const char* key) {
  const auto found = state_->Find(key);
  if (found == state_->json.end() || found->is_null()) {
    return {};
  }
  if (found->is_string()) {
    return SplitWords(found->get<std::string>());
  }
  std::vector<std::string> words;
  for (const Json& word : *found) {
    if (!found->is_array() || !word.is_string()) {
      Unsupported(key, "a list of strings");
    }
    words.push_back(word.get<std::string>());
  }
  return words;
}

std::string ConfigReader::Architecture() {
  const auto found = state_->Find("architectures");
  return found != state_->json.end() && found->is_array() && !found->empty() &&
                 found->front().is_string()
             ? found->front().get<std::string>()
             : std::string();
}

const FamilyTraits& ConfigReader::ReadFamily() {
  const std::string model_type = Text("model_type", "");
  const std::string architecture = Architecture();
  for (const FamilyTraits& traits : Families()) {
    const std::string name(traits.architecture);
    const bool is_architecture =
        architecture == name + "Model" || architecture.starts_with(name + "For");
    if (model_type.empty() ? is_architecture : model_type == traits.model_type) {
      return traits;
    }
  }
  Unsupported("model_type", KnownModelTypes());
}

Activation ConfigReader::ReadActivation(const char* key, std::string_view default_name) {
  const std::string name = Text(key, std::string(default_name));
  if (name == "gelu") {
    return Activation::kGelu;
  }
  if (name == "gelu_new") {
    return Activation::kGeluNew;
  }
  if (name == "relu") {
    return Activation::kRelu;
  }
  Unsupported(key, "\"gelu\", \"gelu_new\" or \"relu\"");
}

void ConfigReader::RequireEmpty(const char* key) {
  const auto found = state_->Find(key);
  if (found != state_->json.end() && !found->empty()) {
    Unsupported(key, "nothing");
  }
}

void ConfigReader::RequireSize(const char* key, std::size_t size) {
  if (SizeOr(key, size) != size) {
    Unsupported(key, std::to_string(size));
  }
}

void ConfigReader::RequireFalse(const char* key) {
  const auto found = state_->Find(key);
  if (found != state_->json.end() && *found == true) {
    Unsupported(key, "false");
  }
}

void ConfigReader::PassOver(const char* key) {
  state_->asked.insert(key);
}

void ConfigReader::RequireAllUnderstood(std::string_view family) const {
  for (const auto& [key, value] : state_->json.items()) {
    if (!state_->asked.contains(key) && !IsHarmlessKey(key)) {
      Fail(ErrorCode::kUnsupported, Quoted(key) + ": " + Printed(value) +
                                        " is not a key that is known for " + std::string(family) +
                                        "; take it out if it does not change the answers");
    }
  }
}

}  // namespace bertqa
