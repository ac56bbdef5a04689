// Each family of encoders against transformers' (golden files), and what sets it apart.

#include "encoder/family.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "encoder/distance_bias.h"
#include "encoder/fixtures.h"
#include "encoder/qa_encoder.h"
#include "encoder/trigrams.h"

namespace bertqa {
namespace {

constexpr float kTolerance = 1e-4F;

struct GoldenRow {
  PackedBatch batch;
  SpanLogits logits;
};

std::vector<GoldenRow> ReadGolden(const std::string& name) {
  std::vector<GoldenRow> rows;
  for (const auto& json : nlohmann::json::parse(ReadFile("golden/logits/" + name + ".json"))) {
    GoldenRow row;
    row.batch.ids = json["ids"].get<std::vector<TokenId>>();
    row.batch.segments = json["segments"].get<std::vector<std::int32_t>>();
    row.batch.offsets.push_back(row.batch.ids.size());
    row.logits = {.start = json["start"], .end = json["end"]};
    rows.push_back(std::move(row));
  }
  return rows;
}

/// All windows in one batch, and what is expected of them.
GoldenRow Together(const std::vector<GoldenRow>& rows) {
  GoldenRow all;
  for (const GoldenRow& row : rows) {
    const auto append = [](auto& target, const auto& source) {
      target.insert(target.end(), source.begin(), source.end());
    };
    append(all.batch.ids, row.batch.ids);
    append(all.batch.segments, row.batch.segments);
    append(all.logits.start, row.logits.start);
    append(all.logits.end, row.logits.end);
    all.batch.offsets.push_back(all.batch.ids.size());
  }
  return all;
}

/// The root of the mean square of the difference, as a share of `exact`'s.
double RelativeError(const std::vector<float>& found, const std::vector<float>& exact) {
  double difference = 0;
  double size = 0;
  for (std::size_t token = 0; token < exact.size(); ++token) {
    difference += std::pow(found[token] - exact[token], 2);
    size += std::pow(exact[token], 2);
  }
  return std::sqrt(difference / size);
}

class FamilyLogitsTest : public testing::TestWithParam<const char*> {
 protected:
  std::string name_ = std::string("family-") + GetParam();
  Checkpoint checkpoint_ = OpenGolden(name_);
  std::vector<GoldenRow> rows_ = ReadGolden(name_);
};

TEST_P(FamilyLogitsTest, EqualThoseOfTransformers) {
  ASSERT_EQ(rows_.size(), 5U);
  EXPECT_EQ(rows_.back().batch.ids.size(), checkpoint_.config().max_window_tokens());
  for (const Isa isa : SupportedIsas()) {
    const auto model = BuildQaEncoder(checkpoint_, {Precision::kFloat32, isa}, 2);
    for (const GoldenRow& row : rows_) {
      EXPECT_LE(LargestDifference(model->Forward(row.batch, 2), row.logits), kTolerance)
          << row.batch.ids.size() << " tokens on " << NameOf(isa);
    }
  }
}

TEST_P(FamilyLogitsTest, DoNotDependOnNeighbours) {
  for (const ComputeOptions& options : AllComputeOptions()) {
    const auto model = BuildQaEncoder(checkpoint_, options, 2);
    const SpanLogits together = model->Forward(Together(rows_).batch, 2);
    std::vector<float> alone;
    for (const GoldenRow& row : rows_) {
      const SpanLogits logits = model->Forward(row.batch, 1);
      alone.insert(alone.end(), logits.start.begin(), logits.start.end());
    }
    EXPECT_EQ(together.start, alone) << Describe(options);
  }
}

// Random weights as large as these, in rows of 32, forgive less than trained ones (QaEncoderTest
// has those). A product that is wrong gives about 1.
TEST_P(FamilyLogitsTest, NarrowPrecisionsStayNear) {
  const GoldenRow all = Together(rows_);
  for (const ComputeOptions& options : AllComputeOptions()) {
    if (options.precision != Precision::kFloat32) {
      const double bound = options.precision == Precision::kBFloat16 ? 0.2 : 0.35;
      const SpanLogits logits = BuildQaEncoder(checkpoint_, options, 2)->Forward(all.batch, 2);
      EXPECT_LT(RelativeError(logits.start, all.logits.start), bound) << Describe(options);
      EXPECT_LT(RelativeError(logits.end, all.logits.end), bound) << Describe(options);
      EXPECT_GT(LargestDifference(logits, all.logits), kTolerance)
          << Describe(options) << " computes in fp32";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, FamilyLogitsTest,
                         testing::Values("distilbert", "roberta", "camembert", "xlm-roberta",
                                         "albert", "albert-wide", "electra", "electra-base",
                                         "mpnet", "modernbert", "modernbert-biased", "deberta-v3",
                                         "deberta-v2", "deberta-c2p", "deberta-p2c",
                                         "deberta-absolute", "mobilebert", "mobilebert-hidden",
                                         "mobilebert-norm", "mobilebert-wide"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

/// A small network of the family: 2 layers, hidden 24, 100 pieces, 200 positions.
EncoderConfig SmallConfigOf(const FamilyTraits& traits) {
  EncoderConfig config = SmallConfig();
  config.family = traits.family;
  config.segment_types = traits.segments == SegmentRule::kNone ? 0 : 2;
  config.embedding_size = traits.projection == ProjectionRule::kNone ? 0 : 16;
  config.pad_id = 1;
  if (traits.family == Family::kMobileBert) {
    config.mobilebert = {.bottleneck_size = 15,
                         .attention_input = AttentionInput::kSharedBottleneck,
                         .stores_shared_bottleneck = true,
                         .feed_forwards = 4,
                         .trigrams = true,
                         .scales_only = true};
  }
  return config;
}

TEST(FamilyTest, NamesMayLackThePrefixAndBeOld) {
  for (const FamilyTraits& traits : Families()) {
    const EncoderConfig config = SmallConfigOf(traits);
    const PackedBatch batch = RandomBatch(config, {7, 12}, 2);
    const ComputeOptions options = {Precision::kFloat32, SupportedIsas().back()};
    const SpanLogits expected =
        BuildQaEncoder(RandomCheckpoint(config, 1), options, 1)->Forward(batch, 1);
    auto weights = std::make_unique<EditableWeights>(config, 1);
    for (const ExpectedTensor& tensor : ExpectedTensors(config)) {
      std::string name = tensor.name;
      if (name.starts_with(traits.prefix)) {
        name = name.substr(traits.prefix.size());
      }
      if (name == "embeddings.LayerNorm.weight") {
        name = "embeddings.LayerNorm.gamma";
      } else if (name == "embeddings.LayerNorm.bias") {
        name = "embeddings.LayerNorm.beta";
      }
      weights->Find(tensor.name).name = name;
    }
    weights->Add({.name = std::string(traits.prefix) + "pooler.dense.weight",
                  .dtype = DType::kFloat32,
                  .shape = {24, 24}});
    const Checkpoint renamed(config, std::move(weights));
    EXPECT_EQ(LargestDifference(BuildQaEncoder(renamed, options, 1)->Forward(batch, 1), expected),
              0)
        << traits.name;
  }
}

TEST(FamilyTest, MissingHeadSaysSo) {
  for (const FamilyTraits& traits : Families()) {
    const EncoderConfig config = SmallConfigOf(traits);
    auto weights = std::make_unique<EditableWeights>(config, 1);
    const std::string head(traits.head);
    weights->Remove(head + ".weight");
    weights->Remove(head + ".bias");
    weights->Add({.name = "lm_head.bias", .dtype = DType::kFloat32, .shape = {100}});
    const std::string hint = traits.family == Family::kBert
                                 ? "\"bertqa train\" makes one of a base"
                                 : "a model that was trained for question answering is expected";
    ExpectError(ErrorCode::kMalformed,
                "memory: no question-answering head (tensors \"" + head + ".…\"); " + hint,
                [&] { Checkpoint(config, std::move(weights)); });
  }
}

TEST(FamilyTest, TensorOfAnotherFamilyIsNamed) {
  const EncoderConfig config = SmallConfigOf(TraitsOf(Family::kDistilBert));
  auto weights = std::make_unique<EditableWeights>(config, 1);
  weights->Add({.name = "distilbert.embeddings.token_type_embeddings.weight",
                .dtype = DType::kFloat32,
                .shape = {2, 24}});
  ExpectError(ErrorCode::kMalformed,
              "memory: tensor \"distilbert.embeddings.token_type_embeddings.weight\" of shape "
              "[2, 24] is not part of a question-answering DistilBERT of 2 layers",
              [&] { Checkpoint(config, std::move(weights)); });
}

// The first distance of each bucket, as transformers' MPNetEncoder.relative_position_bucket has it.
TEST(FamilyTest, DistancesHaveTransformersBuckets) {
  const std::vector<std::ptrdiff_t> first = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91};
  for (std::ptrdiff_t distance = 0; distance < 1000; ++distance) {
    const auto bucket = static_cast<std::size_t>(
        std::upper_bound(first.begin(), first.end(), distance) - first.begin() - 1);
    EXPECT_EQ(DistanceBucket(-distance), bucket);
    EXPECT_EQ(DistanceBucket(distance), distance == 0 ? 0 : 16 + bucket);
  }
}

TEST(FamilyTest, SharedLayersAreStoredOnce) {
  EncoderConfig config = SmallConfigOf(TraitsOf(Family::kAlbert));
  config.layers = 12;
  EXPECT_EQ(ExpectedTensors(config).size(), 5U + 2U + 16U + 2U);
  const ComputeInfo info =
      BuildQaEncoder(RandomCheckpoint(config, 1), {Precision::kFloat32, Isa::kBaseline}, 1)
          ->compute_info();
  EXPECT_EQ(info.flops_per_token_pair, 12 * 4 * 24);
  EXPECT_EQ(info.flops_per_token, 12 * (8 * 24 * 24 + 4 * 24 * 40) + 4 * 24 + 2 * 24 * 16);
}

TEST(FamilyTest, MobileBertsProductsAreCounted) {
  const EncoderConfig config = SmallConfigOf(TraitsOf(Family::kMobileBert));
  const ComputeInfo info =
      BuildQaEncoder(RandomCheckpoint(config, 1), {Precision::kFloat32, Isa::kBaseline}, 1)
          ->compute_info();
  const int bottlenecks = 3 * 24 * 15;
  const int attention = 3 * 15 * 15 + 24 * 15;
  EXPECT_EQ(info.flops_per_token_pair, 2 * 4 * 15);
  EXPECT_EQ(info.flops_per_token,
            2 * 2 * (bottlenecks + attention + 4 * 2 * 15 * 40) + 2 * (3 * 16 * 24 + 2 * 24));
}

/// transformers' MobileBertEmbeddings: what is before the product.
TEST(FamilyTest, TrigramsEndAtTheirWindow) {
  const std::vector<float> table = {1, 2, 3, 4, 5, 6};  // of 3 words
  EmbeddingParameters parameters;
  parameters.words.bytes = std::as_bytes(std::span(table));
  parameters.word_width = 2;
  const PackedBatch batch{
      .ids = {0, 1, 2, 2, 0}, .segments = {0, 0, 0, 0, 0}, .offsets = {0, 1, 4, 5}};
  const std::vector<std::vector<float>> expected = {{0, 0, 1, 2, 0, 0},
                                                    {5, 6, 3, 4, 0, 0},
                                                    {5, 6, 5, 6, 3, 4},
                                                    {0, 0, 5, 6, 5, 6},
                                                    {0, 0, 1, 2, 0, 0}};
  for (std::size_t begin = 0; begin < 5; ++begin) {
    for (std::size_t end = begin; end <= 5; ++end) {
      std::vector<float> found((end - begin) * 6, -1);
      WidenTrigrams(parameters, batch, {.begin = begin, .end = end}, found.data());
      for (std::size_t token = begin; token < end; ++token) {
        const auto row = found.begin() + static_cast<std::ptrdiff_t>((token - begin) * 6);
        EXPECT_EQ(std::vector<float>(row, row + 6), expected[token]) << begin << " to " << end;
      }
    }
  }
}

TEST(FamilyTest, WindowBeyondTheLimitIsNamed) {
  const EncoderConfig config = SmallConfigOf(TraitsOf(Family::kRoberta));
  const auto model =
      BuildQaEncoder(RandomCheckpoint(config, 1), {Precision::kFloat32, Isa::kBaseline}, 1);
  EXPECT_EQ(model->max_window_tokens(), 198U);
  ExpectError(ErrorCode::kUsage, "encoder: a window has 199 tokens; the model takes at most 198",
              [&] { model->Forward(RandomBatch(config, {199}, 1), 1); });
}

TEST(FamilyTest, WhatKnowsBertOnlyRefusesOthers) {
  EXPECT_NO_THROW(RequireBert(SmallConfig(), "training"));
  ExpectError(ErrorCode::kUnsupported, "training: a BERT is expected, the model is RoBERTa",
              [] { RequireBert(SmallConfigOf(TraitsOf(Family::kRoberta)), "training"); });
}

}  // namespace
}  // namespace bertqa
