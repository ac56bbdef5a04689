// What only DeBERTa has: distances and their rows, what config.json may say, the convolution.

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <numeric>

#include "encoder/config_fixture.h"
#include "encoder/convolution.h"
#include "encoder/fixtures.h"
#include "encoder/qa_encoder.h"
#include "encoder/relative_positions.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

std::vector<std::size_t> RowsOf(const DebertaConfig& config,
                                const std::vector<std::ptrdiff_t>& distances) {
  std::vector<std::size_t> rows;
  rows.reserve(distances.size());
  for (const std::ptrdiff_t distance : distances) {
    rows.push_back(RelativeRow(config, distance));
  }
  return rows;
}

// transformers 4.57.6: clamp(make_log_bucket_position(distance, buckets, k) + buckets, 0,
// 2 · buckets - 1).
TEST(RelativePositionsTest, DistancesHaveTransformersRows) {
  EXPECT_EQ(
      RowsOf({.max_distance = 512, .distance_buckets = 256},
             {-2000, -512, -511, -510, -400, -256, -130, -129, -128, -127, -1,  0,   1,
              127,   128,  129,  130,  200,  256,  300,  400,  510,  511,  512, 2000}),
      (std::vector<std::size_t>{0,   0,   1,   1,   23,  64,  126, 127, 128, 129, 255, 256, 257,
                                383, 384, 385, 386, 425, 448, 463, 489, 511, 511, 511, 511}));
  const std::vector<std::ptrdiff_t> first = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 15, 20, 27, 35, 47};
  const DebertaConfig even{.max_distance = 64, .distance_buckets = 16};
  for (std::ptrdiff_t distance = 0; distance < 200; ++distance) {
    const auto row = static_cast<std::size_t>(
        std::upper_bound(first.begin(), first.end(), distance) - first.begin() - 1);
    EXPECT_EQ(RelativeRow(even, distance), 16 + row) << distance;
    EXPECT_EQ(RelativeRow(even, -distance), distance > 63 ? 0 : 16 - row) << distance;
  }
  EXPECT_EQ(
      RowsOf({.max_distance = 30, .distance_buckets = 9},
             {-35, -30, -29, -15, -14, -8, -7, -5, -4, 0, 4, 5, 7, 8, 14, 15, 29, 30, 35}),
      (std::vector<std::size_t>{1, 1, 2, 2, 3, 3, 4, 4, 5, 9, 13, 14, 14, 15, 15, 16, 16, 17, 17}));
}

TEST(RelativePositionsTest, DistancesHaveARowEachWithoutBuckets) {
  EXPECT_EQ(RowsOf({.max_distance = 4}, {-9, -5, -4, -3, -1, 0, 1, 3, 4, 5, 9}),
            (std::vector<std::size_t>{0, 0, 0, 1, 3, 4, 5, 7, 7, 7, 7}));
}

/// Rows go up by one at most, and are the stored table's `row_of`(distance).
template <typename RowOf>
void ExpectOrder(const OrderedRows& rows, std::ptrdiff_t tokens, const RowOf& row_of) {
  for (std::ptrdiff_t distance = 1 - tokens; distance < tokens; ++distance) {
    const std::int32_t* const row = rows.of_distance.centre() + distance;
    const std::int32_t before = distance == 1 - tokens ? 0 : row[-1];
    ASSERT_TRUE(*row == before || *row == before + 1) << distance;
    ASSERT_EQ(rows.stored[static_cast<std::size_t>(*row)], row_of(distance)) << distance;
  }
}

TEST(RelativePositionsTest, OrderedRowsAreThoseOfTheDistances) {
  for (const DebertaConfig& config :
       {DebertaConfig{.max_distance = 512, .distance_buckets = 256},
        {.max_distance = 20},
        {.max_distance = 130, .distance_buckets = 256},  // skips buckets
        {.max_distance = 4, .distance_buckets = 2},
        {.max_distance = 1}}) {
    for (const std::ptrdiff_t tokens : {1, 2, 30, 700}) {
      const RelativeOrders orders = OrderRelativeRows(config, static_cast<std::size_t>(tokens));
      const auto row_of = [&](std::ptrdiff_t distance) { return RelativeRow(config, distance); };
      ExpectOrder(orders.keys, tokens, [&](std::ptrdiff_t distance) { return row_of(-distance); });
      ExpectOrder(orders.queries, tokens, row_of);
    }
  }
}

class DebertaConfigTest : public ConfigFixture {
 protected:
  /// As microsoft/deberta-v3-base.
  static Json Good() {
    return {{"model_type", "deberta-v2"},   {"attention_probs_dropout_prob", 0.1},
            {"hidden_act", "gelu"},         {"hidden_dropout_prob", 0.1},
            {"hidden_size", 768},           {"initializer_range", 0.02},
            {"intermediate_size", 3072},    {"max_position_embeddings", 512},
            {"relative_attention", true},   {"position_buckets", 256},
            {"norm_rel_ebd", "layer_norm"}, {"share_att_key", true},
            {"pos_att_type", "p2c|c2p"},    {"layer_norm_eps", 1e-7},
            {"max_relative_positions", -1}, {"position_biased_input", false},
            {"num_attention_heads", 12},    {"attention_head_size", 64},
            {"num_hidden_layers", 12},      {"type_vocab_size", 0},
            {"pooler_dropout", 0},          {"pooler_hidden_act", "gelu"},
            {"pooler_hidden_size", 768},    {"legacy", true},
            {"vocab_size", 128100}};
  }
};

TEST_F(DebertaConfigTest, VersionThreeIsRead) {
  const EncoderConfig config = Read(Good());
  EXPECT_EQ(config.family, Family::kDeberta);
  EXPECT_EQ(config.segment_types, 0U);
  EXPECT_FALSE(config.has_position_table());
  EXPECT_FALSE(config.projects_embeddings());
  EXPECT_EQ(config.layer_norm_epsilon, 1e-7);
  const DebertaConfig& own = config.deberta;
  EXPECT_TRUE(own.has_position_terms());
  EXPECT_TRUE(own.content_to_position && own.position_to_content);
  EXPECT_TRUE(own.shares_projections && own.normalises_table);
  EXPECT_EQ(own.score_terms, 3U);
  EXPECT_EQ(own.max_distance, 512U);
  EXPECT_EQ(own.distance_buckets, 256U);
  EXPECT_EQ(own.convolution_width, 0U);
}

TEST_F(DebertaConfigTest, WhatIsAbsentIsAsInTransformers) {
  const EncoderConfig config = Read({{"model_type", "deberta-v2"},
                                     {"vocab_size", 60},
                                     {"hidden_size", 32},
                                     {"num_hidden_layers", 2},
                                     {"num_attention_heads", 4},
                                     {"intermediate_size", 64},
                                     {"max_position_embeddings", 40}});
  EXPECT_EQ(config.layer_norm_epsilon, 1e-7);
  EXPECT_EQ(config.segment_types, 0U);
  EXPECT_TRUE(config.has_position_table());
  EXPECT_FALSE(config.deberta.has_relative_table);
  EXPECT_EQ(config.deberta.score_terms, 1U);
  EXPECT_EQ(config.deberta.convolution_activation, Activation::kTanh);
  EXPECT_EQ(config.max_window_tokens(), 40U);
}

TEST_F(DebertaConfigTest, LongestWindowIsWhatTheLayersReach) {
  Json json = Good();
  EXPECT_EQ(Read(json).max_window_tokens(), 1023U * 12);
  json["max_relative_positions"] = 300;
  EXPECT_EQ(Read(json).max_window_tokens(), 599U * 12);
  json["position_biased_input"] = true;  // the table's rows
  EXPECT_EQ(Read(json).max_window_tokens(), 512U);
  json["position_biased_input"] = false;
  json["pos_att_type"] = nullptr;  // no positions at all
  EXPECT_EQ(Read(json).max_window_tokens(), 512U);
}

TEST_F(DebertaConfigTest, TermsMayBeAListOrAString) {
  Json json = Good();
  for (const Json& value : {Json("C2P"), Json(" c2p |"), Json::array({"c2p"})}) {
    json["pos_att_type"] = value;
    const DebertaConfig own = Read(json).deberta;
    EXPECT_TRUE(own.content_to_position) << value;
    EXPECT_FALSE(own.position_to_content) << value;
    EXPECT_EQ(own.score_terms, 2U);
  }
  json["pos_att_type"] = "c2p|p2p";
  ExpectRefused(json, ErrorCode::kUnsupported,
                R"("pos_att_type": "c2p|p2p" is not supported; "c2p", "p2c" or both is expected)");
  json["pos_att_type"] = 3;
  ExpectRefused(json, ErrorCode::kUnsupported,
                R"("pos_att_type": 3 is not supported; a list of strings is expected)");
}

TEST_F(DebertaConfigTest, WhatWouldBeComputedWronglyIsRefused) {
  const auto expect = [&](const char* key, const Json& value, ErrorCode code,
                          const std::string& message) {
    Json json = Good();
    json[key] = value;
    ExpectRefused(json, code, message);
  };
  expect("norm_rel_ebd", "l2", ErrorCode::kUnsupported,
         R"("norm_rel_ebd": "l2" is not supported; "layer_norm" or "none" is expected)");
  expect("attention_head_size", 32, ErrorCode::kUnsupported,
         R"("attention_head_size": 32 is not supported; 64 is expected)");
  expect("conv_kernel_size", 4, ErrorCode::kUnsupported,
         R"("conv_kernel_size": 4 is not supported; an odd number is expected)");
  expect(
      "conv_act", "mish", ErrorCode::kUnsupported,
      R"("conv_act": "mish" is not supported; "tanh", "gelu", "gelu_new" or "relu" is expected)");
  expect("relative_attention", "yes", ErrorCode::kMalformed,
         R"("relative_attention": true or false is expected, not "yes")");
  expect("z_steps", 2, ErrorCode::kUnsupported,
         "\"z_steps\": 2 is not a key that is known for DeBERTa-v2; take it out if it does not "
         "change the answers");
  const std::string buckets =
      " do not divide distances below 512; at least 2 are expected, and fewer than twice as many "
      "as there are distances";
  expect("position_buckets", 1, ErrorCode::kMalformed, R"("position_buckets" 1)" + buckets);
  expect("position_buckets", 1022, ErrorCode::kMalformed, R"("position_buckets" 1022)" + buckets);
  Json json = Good();
  json["conv_kernel_size"] = 3;
  json["conv_groups"] = 5;
  ExpectRefused(json, ErrorCode::kMalformed,
                R"("hidden_size" 768 is not a multiple of "conv_groups" 5)");
}

/// A small network with position terms.
EncoderConfig SmallDeberta() {
  EncoderConfig config = SmallConfig();
  config.family = Family::kDeberta;
  config.segment_types = 0;
  config.deberta = {.has_position_table = false,
                    .has_relative_table = true,
                    .content_to_position = true,
                    .position_to_content = true,
                    .score_terms = 3,
                    .max_distance = 50,
                    .distance_buckets = 20};
  return config;
}

// transformers passes over them, too: checkpoints of version 3 hold one.
TEST(DebertaTest, PositionTableThatIsNotUsedIsPassedOver) {
  const EncoderConfig config = SmallDeberta();
  auto weights = std::make_unique<EditableWeights>(config, 1);
  weights->Add({.name = "deberta.embeddings.position_embeddings.weight",
                .dtype = DType::kFloat32,
                .shape = {512, 24}});
  const Checkpoint checkpoint(config, std::move(weights));
  EXPECT_TRUE(checkpoint.other_heads().empty());
}

// Windows longer than any distance that is told apart, and than the usual ones: alone and among
// others, on one thread and on several.
TEST(DebertaTest, LongWindowsDependOnNoOther) {
  EncoderConfig config = SmallDeberta();
  config.max_positions = 2000;
  const PackedBatch batch = RandomBatch(config, {30, 1200, 200, 1}, 3);
  for (const ComputeOptions& options : AllComputeOptions()) {
    const auto model = BuildQaEncoder(RandomCheckpoint(config, 1), options, 2);
    const SpanLogits together = model->Forward(batch, 2);
    for (std::size_t window = 0; window < batch.window_count(); ++window) {
      const SpanLogits alone = model->Forward(OneWindow(batch, window), 1);
      const auto first = static_cast<std::ptrdiff_t>(batch.offsets[window]);
      EXPECT_TRUE(
          std::equal(alone.start.begin(), alone.start.end(), together.start.begin() + first))
          << Describe(options) << ", window " << window;
    }
  }
}

TEST(DebertaTest, WindowBeyondTheLimitIsNamed) {
  EncoderConfig config = SmallDeberta();
  config.max_positions = 198;
  const auto model =
      BuildQaEncoder(RandomCheckpoint(config, 1), {Precision::kFloat32, Isa::kBaseline}, 1);
  ExpectError(ErrorCode::kUsage, "encoder: a window has 199 tokens; the model takes at most 198",
              [&] { model->Forward(RandomBatch(config, {199}, 1), 1); });
}

TEST(DebertaTest, TermsAndConvolutionAreCounted) {
  EncoderConfig config = SmallDeberta();
  config.deberta.convolution_width = 3;
  config.deberta.convolution_groups = 2;
  const ComputeInfo info =
      BuildQaEncoder(RandomCheckpoint(config, 1), {Precision::kFloat32, Isa::kBaseline}, 1)
          ->compute_info();
  EXPECT_EQ(info.flops_per_token_pair, 2 * (4 + 2 * 2) * 24);
  EXPECT_EQ(info.flops_per_token, 2 * (8 * 24 * 24 + 4 * 24 * 40) + 4 * 24 + 2 * 24 * 3 * 12);
}

/// Of windows of 1, 4 and 1 tokens of which number `index` is `index`: channels 1 and 2 of 4.
void ExpectNeighbours(std::size_t width, std::size_t begin) {
  PackedBatch batch;
  batch.ids.resize(6);
  batch.offsets = {0, 1, 5, 6};
  std::vector<float> hidden(6 * 4);
  std::iota(hidden.begin(), hidden.end(), 0.0F);
  std::vector<float> output((6 - begin) * width * 2, -1);
  GatherNeighbours(batch, hidden.data(), {.begin = begin, .end = 6},
                   {.width = width, .hidden_size = 4, .channels = {.begin = 1, .end = 3}},
                   output.data());
  const std::vector<int> window_of = {0, 1, 1, 1, 1, 2};
  for (std::size_t place = 0; place < output.size(); ++place) {
    const std::size_t token = begin + place / (width * 2);
    const std::size_t neighbour = token + place / 2 % width - width / 2;  // wraps below zero
    const bool exists = neighbour < 6 && window_of[neighbour] == window_of[token];
    EXPECT_EQ(output[place], exists ? hidden[neighbour * 4 + 1 + place % 2] : 0.0F)
        << "width " << width << ", token " << token;
  }
}

TEST(ConvolutionTest, NeighboursBeyondAWindowAreZero) {
  for (const std::size_t width : std::initializer_list<std::size_t>{1, 3, 5, 9}) {
    for (std::size_t begin = 0; begin < 6; ++begin) {
      ExpectNeighbours(width, begin);
    }
  }
}

}  // namespace
}  // namespace bertqa
