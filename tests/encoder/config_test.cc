#include "encoder/config.h"

#include <nlohmann/json.hpp>

#include "encoder/config_fixture.h"
#include "encoder/fixtures.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

Json Good() {
  return {{"model_type", "bert"},          {"vocab_size", 60},         {"hidden_size", 32},
          {"num_hidden_layers", 2},        {"num_attention_heads", 4}, {"intermediate_size", 64},
          {"max_position_embeddings", 40}, {"type_vocab_size", 2}};
}

class ConfigTest : public ConfigFixture {
 protected:
  /// Good() with `value` at `key`.
  void ExpectRefused(const std::string& key, const Json& value, const std::string& message,
                     ErrorCode code) const {
    Json json = Good();
    json[key] = value;
    ConfigFixture::ExpectRefused(json, code, message);
  }
};

TEST_F(ConfigTest, DefaultsAreBerts) {
  const EncoderConfig config = Read(Good());
  EXPECT_EQ(config.activation, Activation::kGelu);
  EXPECT_EQ(config.layer_norm_epsilon, 1e-12);
  EXPECT_EQ(config.head_size(), 8U);
  EXPECT_EQ(config.max_positions, 40U);
}

TEST_F(ConfigTest, OtherNetworksAreUnsupported) {
  const auto expect = [&](const char* key, const Json& value, const char* message) {
    ExpectRefused(key, value, message, ErrorCode::kUnsupported);
  };
  expect("model_type", "gpt2",
         R"("model_type": "gpt2" is not supported; "bert", "distilbert", "roberta", )"
         R"("camembert", "xlm-roberta", "albert", "electra", "mpnet", "modernbert", )"
         R"("deberta-v2" or "mobilebert" is expected)");
  expect("model_type", 7, R"("model_type": 7 is not supported; a string is expected)");
  expect("hidden_act", "silu",
         R"("hidden_act": "silu" is not supported; "gelu", "gelu_new" or "relu" is expected)");
  expect("position_embedding_type", "relative_key",
         R"("position_embedding_type": "relative_key" is not supported; "absolute" is expected)");
  expect("is_decoder", true, R"("is_decoder": true is not supported; false is expected)");
  expect("pruned_heads", {{"0", {1}}},
         R"("pruned_heads": {"0":[1]} is not supported; nothing is expected)");
}

TEST_F(ConfigTest, FamilyMayFollowFromTheArchitecture) {
  Json json = Good();
  json.erase("model_type");
  json["architectures"] = {"RobertaForQuestionAnswering"};
  EXPECT_EQ(Read(json).family, Family::kRoberta);
  json["architectures"] = {"BertModel"};
  EXPECT_EQ(Read(json).family, Family::kBert);
  for (const char* architecture : {"", "BertGenerationEncoder", "XLMRobertaXLModel"}) {
    json["architectures"] = {architecture};
    const auto path = folder_.Write("config.json", json.dump());
    ExpectError(ErrorCode::kUnsupported,
                path.string() +
                    R"(: no "model_type"; "bert", "distilbert", "roberta", "camembert", )"
                    R"("xlm-roberta", "albert", "electra", "mpnet", "modernbert", )"
                    R"("deberta-v2" or "mobilebert" is expected)",
                [&] { ReadEncoderConfig(path); });
  }
}

TEST_F(ConfigTest, KeysThatAreNotUnderstoodAreRefused) {
  ExpectRefused(
      "rotary_value", true,
      "\"rotary_value\": true is not a key that is known for BERT; take it out if it does "
      "not change the answers",
      ErrorCode::kUnsupported);
  ExpectRefused(
      "embedding_size", 16,
      "\"embedding_size\": 16 is not a key that is known for BERT; take it out if it does "
      "not change the answers",
      ErrorCode::kUnsupported);
  Json json = Good();
  json["id2label"] = {{"0", "LABEL_0"}};
  json["_name_or_path"] = "somewhere";
  json["attention_probs_dropout_prob"] = 0.1;
  json["pruned_heads"] = Json::object();
  EXPECT_NO_THROW(Read(json));
}

TEST_F(ConfigTest, DistilBertCallsItsSizesOtherwise) {
  const EncoderConfig config = Read({{"model_type", "distilbert"},
                                     {"vocab_size", 60},
                                     {"dim", 32},
                                     {"n_layers", 3},
                                     {"n_heads", 4},
                                     {"hidden_dim", 64},
                                     {"activation", "relu"},
                                     {"max_position_embeddings", 40}});
  EXPECT_EQ(config.hidden_size, 32U);
  EXPECT_EQ(config.layers, 3U);
  EXPECT_EQ(config.segment_types, 0U);
  EXPECT_EQ(config.activation, Activation::kRelu);
  EXPECT_EQ(config.max_window_tokens(), 40U);
}

TEST_F(ConfigTest, RobertasPositionsBeginBehindThePadding) {
  for (const char* model_type : {"roberta", "camembert", "xlm-roberta"}) {
    Json json = Good();
    json["model_type"] = model_type;
    EXPECT_EQ(Read(json).max_window_tokens(), 38U);
    json["pad_token_id"] = 0;
    EXPECT_EQ(Read(json).max_window_tokens(), 39U);
    json["pad_token_id"] = 39;
    const auto path = folder_.Write("config.json", json.dump());
    ExpectError(ErrorCode::kMalformed,
                path.string() +
                    ": \"max_position_embeddings\" 40 leaves no position behind "
                    "\"pad_token_id\" 39",
                [&] { ReadEncoderConfig(path); });
  }
}

TEST_F(ConfigTest, EmbeddingsMayBeProjected) {
  Json json = Good();
  json["embedding_size"] = 16;
  json["model_type"] = "electra";
  EXPECT_EQ(Read(json).embedding_size, 16U);
  json["model_type"] = "albert";
  EXPECT_EQ(Read(json).embedding_size, 16U);
  EXPECT_EQ(Read(json).activation, Activation::kGeluNew);
  EXPECT_EQ(Read(json).stored_layers(), 1U);
  json["embedding_size"] = 32;
  EXPECT_TRUE(Read(json).projects_embeddings());  // ALBERT always does
  json["model_type"] = "electra";
  EXPECT_FALSE(Read(json).projects_embeddings());
}

TEST_F(ConfigTest, MpNetsPaddingAndBucketsAreFixed) {
  Json json = Good();
  json.erase("type_vocab_size");
  json["model_type"] = "mpnet";
  json["pad_token_id"] = 5;
  json["relative_attention_num_buckets"] = 32;
  const EncoderConfig config = Read(json);
  EXPECT_EQ(config.max_window_tokens(), 38U);
  EXPECT_EQ(config.pad_id, 1U);
  EXPECT_EQ(config.segment_types, 0U);
  json["relative_attention_num_buckets"] = 64;
  const auto path = folder_.Write("config.json", json.dump());
  ExpectError(
      ErrorCode::kUnsupported,
      path.string() + ": \"relative_attention_num_buckets\": 64 is not supported; 32 is expected",
      [&] { ReadEncoderConfig(path); });
}

TEST_F(ConfigTest, MobileBertsShapeIsRead) {
  Json json = Good();
  json["model_type"] = "mobilebert";
  json["embedding_size"] = 12;
  const EncoderConfig defaults = Read(json);  // transformers' MobileBertConfig
  EXPECT_EQ(defaults.layer_width(), 128U);
  EXPECT_EQ(defaults.mobilebert.attention_input, AttentionInput::kSharedBottleneck);
  EXPECT_EQ(defaults.mobilebert.feed_forwards, 4U);
  EXPECT_EQ(defaults.projection_inputs(), 36U);
  EXPECT_TRUE(defaults.mobilebert.scales_only);
  EXPECT_EQ(defaults.activation, Activation::kRelu);
  json.update({{"intra_bottleneck_size", 20},
               {"true_hidden_size", 20},
               {"use_bottleneck_attention", true},
               {"num_feedforward_networks", 1},
               {"normalization_type", "layer_norm"},
               {"trigram_input", false},
               {"classifier_activation", false}});
  const EncoderConfig config = Read(json);
  EXPECT_EQ(config.head_size(), 5U);
  EXPECT_EQ(config.mobilebert.attention_input, AttentionInput::kBottleneck);
  EXPECT_TRUE(config.mobilebert.stores_shared_bottleneck);
  EXPECT_EQ(config.mobilebert.feed_forwards, 1U);
  EXPECT_EQ(config.projection_inputs(), 12U);
  EXPECT_FALSE(config.mobilebert.scales_only);
  json["use_bottleneck"] = false;
  json["true_hidden_size"] = 32;
  EXPECT_EQ(Read(json).layer_width(), 32U);
  EXPECT_FALSE(Read(json).has_bottlenecks());
}

TEST_F(ConfigTest, MobileBertsShapeIsChecked) {
  const auto expect = [&](const Json& changes, ErrorCode code, const std::string& message) {
    Json json = Good();
    json.update({{"model_type", "mobilebert"}, {"embedding_size", 12}});
    json.update(changes);
    const auto path = folder_.Write("config.json", json.dump());
    ExpectError(code, path.string() + ": " + message, [&] { ReadEncoderConfig(path); });
  };
  expect({{"normalization_type", "rms_norm"}}, ErrorCode::kUnsupported,
         R"("normalization_type": "rms_norm" is not supported; "no_norm" or "layer_norm" is )"
         "expected");
  expect({{"trigram_input", 1}}, ErrorCode::kMalformed,
         R"("trigram_input": true or false is expected, not 1)");
  expect({{"true_hidden_size", 64}}, ErrorCode::kUnsupported,
         R"("true_hidden_size": 64 is not supported; 128 is expected)");
  expect({{"intra_bottleneck_size", 30}}, ErrorCode::kMalformed,
         R"("intra_bottleneck_size" 30 is not a multiple of "num_attention_heads" 4)");
  expect({{"num_feedforward_networks", 0}}, ErrorCode::kMalformed,
         R"("num_feedforward_networks": a whole number from 1 to 16777216 is expected, not 0)");
  expect({{"key_query_shared_bottleneck", false}}, ErrorCode::kMalformed,
         R"("intra_bottleneck_size" 128 is not "hidden_size" 32, which queries are made of )"
         R"(without "key_query_shared_bottleneck" and "use_bottleneck_attention")");
  expect({{"ffn_dropout_schedule", 1}}, ErrorCode::kUnsupported,
         "\"ffn_dropout_schedule\": 1 is not a key that is known for MobileBERT; take it out if it "
         "does not change the answers");
}

TEST_F(ConfigTest, AlbertsSharingIsOfOneGroup) {
  for (const char* key : {"num_hidden_groups", "inner_group_num"}) {
    Json json = Good();
    json["model_type"] = "albert";
    json["embedding_size"] = 16;
    json[key] = 1;
    EXPECT_NO_THROW(Read(json));
    json[key] = 2;
    const auto path = folder_.Write("config.json", json.dump());
    ExpectError(ErrorCode::kUnsupported,
                path.string() + ": \"" + key + "\": 2 is not supported; 1 is expected",
                [&] { ReadEncoderConfig(path); });
  }
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
                [&] { ReadEncoderConfig(path); });
  };
  expect("{", "not valid JSON");
  expect("", "not valid JSON");
  expect("[1]", "a JSON object is expected");
  expect(R"({"model_type": "bert"})", "no \"vocab_size\"");
}

}  // namespace
}  // namespace bertqa
