#include "encoder/config.h"

#include <nlohmann/json.hpp>

#include "encoder/fixtures.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

Json Good() {
  return {{"model_type", "bert"},          {"vocab_size", 60},         {"hidden_size", 32},
          {"num_hidden_layers", 2},        {"num_attention_heads", 4}, {"intermediate_size", 64},
          {"max_position_embeddings", 40}, {"type_vocab_size", 2}};
}

class ConfigTest : public testing::Test {
 protected:
  BertConfig Read(const Json& json) const {
    return ReadBertConfig(folder_.Write("config.json", json.dump()));
  }
  void ExpectRefused(const std::string& key, const Json& value, const std::string& message,
                     ErrorCode code) const {
    Json json = Good();
    json[key] = value;
    const auto path = folder_.Write("config.json", json.dump());
    ExpectError(code, path.string() + ": " + message, [&] { ReadBertConfig(path); });
  }

  TemporaryFolder folder_;
};

TEST_F(ConfigTest, DefaultsAreBerts) {
  const BertConfig config = Read(Good());
  EXPECT_EQ(config.activation, Activation::kGelu);
  EXPECT_EQ(config.layer_norm_epsilon, 1e-12);
  EXPECT_EQ(config.head_size(), 8U);
  EXPECT_EQ(config.max_positions, 40U);
}

TEST_F(ConfigTest, OtherNetworksAreUnsupported) {
  const auto expect = [&](const char* key, const Json& value, const char* message) {
    ExpectRefused(key, value, message, ErrorCode::kUnsupported);
  };
  expect("model_type", "roberta",
         R"("model_type": "roberta" is not supported; "bert" is expected)");
  expect("model_type", 7, R"("model_type": 7 is not supported; a string is expected)");
  expect("hidden_act", "silu",
         R"("hidden_act": "silu" is not supported; "gelu", "gelu_new" or "relu" is expected)");
  expect("position_embedding_type", "relative_key",
         R"("position_embedding_type": "relative_key" is not supported; "absolute" is expected)");
  expect("is_decoder", true, R"("is_decoder": true is not supported; false is expected)");
  Json json = Good();
  json.erase("model_type");
  const auto path = folder_.Write("config.json", json.dump());
  ExpectError(ErrorCode::kUnsupported, path.string() + R"(: no "model_type"; "bert" is expected)",
              [&] { ReadBertConfig(path); });
}

TEST_F(ConfigTest, BadNumbersAreNamed) {
  const auto expect = [&](const char* key, const Json& value, const char* message) {
    ExpectRefused(key, value, message, ErrorCode::kMalformed);
  };
  const std::string range = "a whole number from 1 to 16777216 is expected, not ";
  expect("hidden_size", 0, (R"("hidden_size": )" + range + "0").c_str());
  expect("hidden_size", -32, (R"("hidden_size": )" + range + "-32").c_str());
  expect("vocab_size", 1e30, (R"("vocab_size": )" + range + "1e+30").c_str());
  expect("num_hidden_layers", 4'000'000'000U,
         (R"("num_hidden_layers": )" + range + "4000000000").c_str());
  expect("type_vocab_size", "2", (R"("type_vocab_size": )" + range + "\"2\"").c_str());
  expect("layer_norm_eps", 0, R"("layer_norm_eps": a number between 0 and 1 is expected, not 0)");
  expect("num_attention_heads", 5,
         R"("hidden_size" 32 is not a multiple of "num_attention_heads" 5)");
}

TEST_F(ConfigTest, TrainingDefaults) {
  const auto read = [&](const Json& json) {
    return ReadTrainingDefaults(folder_.Write("config.json", json.dump()));
  };
  EXPECT_EQ(read(Good()).dropout, 0.1);
  EXPECT_EQ(read(Good()).initializer_range, 0.02);
  Json json = Good();
  json["hidden_dropout_prob"] = 0.0;
  json["initializer_range"] = 0.3;
  EXPECT_EQ(read(json).dropout, 0);
  EXPECT_EQ(read(json).initializer_range, 0.3);
  json["hidden_dropout_prob"] = 1;
  const auto path = folder_.path() / "config.json";
  ExpectError(
      ErrorCode::kMalformed,
      path.string() + R"(: "hidden_dropout_prob": a number between 0 and 1 is expected, not 1)",
      [&] { read(json); });
}

TEST_F(ConfigTest, BadFilesAreNamed) {
  const auto expect = [&](const char* text, const char* message) {
    const auto path = folder_.Write("config.json", text);
    ExpectError(ErrorCode::kMalformed, path.string() + ": " + message,
                [&] { ReadBertConfig(path); });
  };
  expect("{", "not valid JSON");
  expect("", "not valid JSON");
  expect("[1]", "a JSON object is expected");
  expect(R"({"model_type": "bert"})", "no \"vocab_size\"");
}

}  // namespace
}  // namespace bertqa
