// What only ModernBERT has. Its logits are compared with transformers' in family_test.cc.

#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "encoder/config_fixture.h"
#include "encoder/config_reader.h"
#include "encoder/fixtures.h"
#include "encoder/qa_encoder.h"
#include "encoder/rotary_table.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

Json Good() {
  return {{"model_type", "modernbert"},   {"vocab_size", 60},         {"hidden_size", 32},
          {"num_hidden_layers", 5},       {"num_attention_heads", 4}, {"intermediate_size", 64},
          {"max_position_embeddings", 40}};
}

class ModernBertConfigTest : public ConfigFixture {
 protected:
  /// Good() with `value` at `key`.
  void ExpectRefused(const std::string& key, const Json& value, const std::string& message,
                     ErrorCode code) const {
    Json json = Good();
    json[key] = value;
    ConfigFixture::ExpectRefused(json, code, message);
  }
};

TEST_F(ModernBertConfigTest, DefaultsAreThoseOfTransformers) {
  const EncoderConfig config = Read(Good());
  EXPECT_EQ(config.activation, Activation::kGelu);
  EXPECT_EQ(config.layer_norm_epsilon, 1e-5);
  EXPECT_EQ(config.segment_types, 0U);
  EXPECT_EQ(config.max_window_tokens(), 40U);
  const ModernBertConfig& own = config.modernbert;
  EXPECT_FALSE(own.attention_bias || own.feed_forward_bias || own.norm_bias || own.head_bias);
  EXPECT_EQ(own.head_activation, Activation::kGelu);
  EXPECT_EQ(own.global_theta, 160'000);
  EXPECT_EQ(own.local_theta, 10'000);
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    EXPECT_EQ(config.reach(layer), layer % 3 == 0 ? kWholeWindow : 64U) << layer;
  }
}

TEST_F(ModernBertConfigTest, EveryKeyThatMattersIsRead) {
  Json json = Good();
  json.update({{"hidden_activation", "relu"},
               {"classifier_activation", "gelu_new"},
               {"norm_eps", 1e-3},
               {"attention_bias", true},
               {"mlp_bias", true},
               {"norm_bias", true},
               {"classifier_bias", true},
               {"global_attn_every_n_layers", 1},
               {"local_attention", 9},
               {"global_rope_theta", 500},
               {"local_rope_theta", nullptr}});
  EncoderConfig config = Read(json);
  EXPECT_EQ(config.activation, Activation::kRelu);
  EXPECT_EQ(config.layer_norm_epsilon, 1e-3);
  const ModernBertConfig& own = config.modernbert;
  EXPECT_TRUE(own.attention_bias && own.feed_forward_bias && own.norm_bias && own.head_bias);
  EXPECT_EQ(own.head_activation, Activation::kGeluNew);
  EXPECT_EQ(own.local_reach, 4U);
  EXPECT_EQ(own.global_theta, 500);
  EXPECT_EQ(own.local_theta, 500);
  EXPECT_FALSE(config.is_local(1));
  json["global_attn_every_n_layers"] = 2;
  EXPECT_TRUE(Read(json).is_local(1));
}

// transformers writes them, and no part of a question-answering model reads them.
TEST_F(ModernBertConfigTest, KeysOfNoConsequenceArePassedOver) {
  Json json = Good();
  json.update({{"position_embedding_type", "sans_pos"},
               {"layer_norm_eps", 0.5},
               {"classifier_pooling", "mean"},
               {"decoder_bias", true},
               {"sparse_prediction", true},
               {"rope_scaling", nullptr},
               {"architectures", {"ModernBertForQuestionAnswering"}}});
  EXPECT_EQ(Read(json).layer_norm_epsilon, 1e-5);
}

TEST_F(ModernBertConfigTest, WhatIsNotUnderstoodIsRefused) {
  const auto expect = [&](const char* key, const Json& value, const std::string& message) {
    ExpectRefused(key, value, message, ErrorCode::kUnsupported);
  };
  for (const char* key : {"rope_theta", "head_dim", "partial_rotary_factor", "layer_types"}) {
    expect(key, 2,
           Quoted(key) +
               ": 2 is not a key that is known for ModernBERT; take it out if it does "
               "not change the answers");
  }
  expect("rope_scaling", {{"rope_type", "yarn"}},
         R"("rope_scaling": {"rope_type":"yarn"} is not supported; nothing is expected)");
  expect(
      "hidden_activation", "silu",
      R"("hidden_activation": "silu" is not supported; "gelu", "gelu_new" or "relu" is expected)");
}

TEST_F(ModernBertConfigTest, BadValuesAreNamed) {
  const auto expect = [&](const char* key, const Json& value, const std::string& message) {
    ExpectRefused(key, value, message, ErrorCode::kMalformed);
  };
  expect("norm_bias", 1, R"("norm_bias": true or false is expected, not 1)");
  expect("global_rope_theta", nullptr,
         R"("global_rope_theta": a number above 0 is expected, not null)");
  expect("local_rope_theta", -1, R"("local_rope_theta": a number above 0 is expected, not -1)");
  expect("local_attention", 0,
         R"("local_attention": a whole number from 1 to 16777216 is expected, not 0)");
  expect("num_attention_heads", 32,
         R"("hidden_size" 32 and "num_attention_heads" 32 make heads of 1 numbers; rotary )"
         "positions need an even number");
}

// Their tensors have the names of the question-answering head's.
TEST_F(ModernBertConfigTest, HeadsForOtherTasksAreRefused) {
  for (const char* task : {"SequenceClassification", "TokenClassification", "MultipleChoice"}) {
    const std::string name = std::string("ModernBertFor") + task;
    ExpectRefused("architectures", {name},
                  "no question-answering head: the model is a \"" + name +
                      "\"; a model that was trained for question answering is expected",
                  ErrorCode::kMalformed);
  }
}

EncoderConfig SmallModernBert() {
  EncoderConfig config = SmallConfig();
  config.family = Family::kModernBert;
  config.segment_types = 0;
  config.layers = 3;
  return config;
}

TEST(ModernBertTest, BiasesAreExpectedWhereTheConfigurationHasThem) {
  EncoderConfig config = SmallModernBert();
  const std::size_t weights = 2 + 3 * 6 - 1 + 1 + 2 + 1;
  EXPECT_EQ(ExpectedTensors(config).size(), weights + 1);  // the last product has one anyway
  config.modernbert.attention_bias = true;
  EXPECT_EQ(ExpectedTensors(config).size(), weights + 1 + 3 * 2);
  config.modernbert = {.feed_forward_bias = true, .head_bias = true};
  EXPECT_EQ(ExpectedTensors(config).size(), weights + 1 + 3 * 2 + 1);
  config.modernbert = {.norm_bias = true};
  EXPECT_EQ(ExpectedTensors(config).size(), weights + 1 + 1 + 3 * 2 - 1 + 2);
}

TEST(ModernBertTest, ABiasThatIsNotExpectedIsNamed) {
  const EncoderConfig config = SmallModernBert();
  auto weights = std::make_unique<EditableWeights>(config, 1);
  weights->Add({.name = "model.layers.1.attn.Wo.bias", .dtype = DType::kFloat32, .shape = {24}});
  ExpectError(ErrorCode::kMalformed,
              "memory: tensor \"model.layers.1.attn.Wo.bias\" of shape [24] is not part of a "
              "question-answering ModernBERT of 3 layers",
              [&] { Checkpoint(config, std::move(weights)); });
}

// Windows shorter than the band see all of themselves in every layer.
TEST(ModernBertTest, ReachMattersInWindowsThatAreLonger) {
  EncoderConfig near = SmallModernBert();
  EncoderConfig far = near;
  near.modernbert.local_reach = 6;
  far.modernbert.local_reach = 60;
  const ComputeOptions options = {Precision::kFloat32, SupportedIsas().back()};
  const auto near_model = BuildQaEncoder(RandomCheckpoint(near, 1), options, 1);
  const auto far_model = BuildQaEncoder(RandomCheckpoint(far, 1), options, 1);
  const auto difference = [&](std::size_t tokens) {
    const PackedBatch batch = RandomBatch(near, {tokens}, 2);
    return LargestDifference(near_model->Forward(batch, 1), far_model->Forward(batch, 1));
  };
  EXPECT_EQ(difference(7), 0);
  EXPECT_GT(difference(8), 0);
  EXPECT_GT(difference(100), 0);
}

TEST(ModernBertTest, LongWindowsAreTheSameBitsForAnyNumberOfThreads) {
  EncoderConfig config = SmallModernBert();
  config.max_positions = 1500;
  config.modernbert.local_reach = 33;
  const PackedBatch batch = RandomBatch(config, {1500, 3, 700}, 3);
  for (const ComputeOptions& options : AllComputeOptions()) {
    const auto model = BuildQaEncoder(RandomCheckpoint(config, 1), options, 2);
    const SpanLogits logits = model->Forward(batch, 1);
    EXPECT_EQ(LargestDifference(model->Forward(batch, 3), logits), 0) << Describe(options);
  }
}

TEST(ModernBertTest, WorkIsThatOfGatesAndBands) {
  const EncoderConfig config = SmallModernBert();  // layers 1 and 2 are local
  const ComputeInfo info =
      BuildQaEncoder(RandomCheckpoint(config, 1), {Precision::kFloat32, Isa::kBaseline}, 1)
          ->compute_info();
  EXPECT_EQ(info.flops_per_token_pair, 4 * 24);
  EXPECT_EQ(info.flops_per_token,
            3 * (8 * 24 * 24 + 6 * 24 * 40) + 2 * 4 * 24 * 129 + 2 * 24 * 24 + 4 * 24);
}

using Sizes = std::initializer_list<std::size_t>;

void ExpectTurnsOf(const RotaryTable& table, std::size_t position, double theta,
                   std::size_t head_size) {
  const float* const turns = table.At(position);
  for (std::size_t pair = 0; pair < head_size / 2; ++pair) {
    const double exponent = -2 * static_cast<double>(pair) / static_cast<double>(head_size);
    const double angle = static_cast<double>(position) * std::pow(theta, exponent);
    // The angle is rounded to a float: to 3e-8 of up to 299.
    EXPECT_NEAR(static_cast<double>(turns[pair]), std::cos(angle), 3e-5);
    EXPECT_NEAR(static_cast<double>(turns[head_size / 2 + pair]), std::sin(angle), 3e-5);
  }
}

TEST(RotaryTableTest, TurnsAreCosinesAndSinesOfTheAngles) {
  for (const std::size_t head_size : Sizes{2, 8, 64}) {
    for (const double theta : {500.0, 10'000.0, 160'000.0}) {
      RotaryTable table(theta, head_size);
      table.Reserve(3);
      table.Reserve(300);
      table.Reserve(200);
      for (const std::size_t position : Sizes{0, 1, 2, 3, 50, 299}) {
        ExpectTurnsOf(table, position, theta, head_size);
      }
    }
  }
}

}  // namespace
}  // namespace bertqa
