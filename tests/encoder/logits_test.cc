// The encoder against transformers' BertForQuestionAnswering (golden files).

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "encoder/fixtures.h"
#include "encoder/qa_encoder.h"

namespace bertqa {
namespace {

constexpr float kTolerance = 1e-4F;

class GoldenLogitsTest : public testing::TestWithParam<const char*> {};

TEST_P(GoldenLogitsTest, EqualThoseOfTransformers) {
  const std::string name = GetParam();
  const Checkpoint checkpoint = name == "minilm-l6-squad" ? OpenBundled() : OpenGolden(name);
  const auto rows = nlohmann::json::parse(ReadFile("golden/logits/" + name + ".json"));
  ASSERT_GE(rows.size(), 3U);
  for (const auto& row : rows) {
    PackedBatch batch;
    batch.ids = row["ids"].get<std::vector<TokenId>>();
    batch.segments = row["segments"].get<std::vector<std::int32_t>>();
    batch.offsets.push_back(batch.ids.size());
    const SpanLogits expected{.start = row["start"], .end = row["end"]};
    for (const Isa isa : SupportedIsas()) {
      const auto model = BuildQaEncoder(checkpoint, {Precision::kFloat32, isa}, 2);
      EXPECT_LE(LargestDifference(model->Forward(batch, 2), expected), kTolerance)
          << batch.ids.size() << " tokens on " << NameOf(isa);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenLogitsTest,
                         testing::Values("tiny-32", "tiny-48", "tiny-20", "tiny-21",
                                         "minilm-l6-squad"));

}  // namespace
}  // namespace bertqa
