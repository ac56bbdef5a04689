// A tiny model directory of each family, from text to answers, against transformers' ids, offsets
// and logits and an exhaustive decoder: golden/answers (golden/PROVENANCE.md).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "base/files.h"
#include "bertqa/pipeline.h"

namespace bertqa {
namespace {

using Json = nlohmann::json;

constexpr float kTolerance = 1e-4F;

class FamilyAnswersTest : public testing::TestWithParam<const char*> {
 protected:
  QaOptions Options() const {
    QaOptions options;
    options.windows = {.window_tokens = golden_["window_tokens"],
                       .overlap_tokens = golden_["overlap_tokens"],
                       .max_question_tokens = golden_["max_question_tokens"]};
    options.top_k = golden_["top_k"];
    options.max_answer_tokens = golden_["max_answer_tokens"];
    return options;
  }

  std::string name_ = GetParam();
  Json golden_ = Json::parse(ReadFile("golden/answers/" + name_ + ".json"));
  std::shared_ptr<const Model> model_ = std::make_shared<const Model>(
      LoadModel("golden/models/answers-" + name_, {.precision = Precision::kFloat32}));
};

/// [[id, byte begin, byte end], …]
Json ToJson(const Encoding& encoding) {
  Json tokens = Json::array();
  for (std::size_t index = 0; index < encoding.size(); ++index) {
    const ByteSpan span = encoding.spans[index];
    tokens.push_back({encoding.ids[index], span.begin, span.end});
  }
  return tokens;
}

TEST_P(FamilyAnswersTest, TokensAreThoseOfTransformers) {
  for (const Json& row : golden_["cases"]) {
    for (const std::string text : {"question", "context"}) {
      EXPECT_EQ(ToJson(model_->tokenizer->Encode(row[text].get<std::string>())),
                row[text + "_tokens"])
          << row[text];
    }
  }
}

void ExpectNear(const std::vector<float>& found, const Json& expected, const std::string& what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  float largest = 0;
  for (std::size_t token = 0; token < found.size(); ++token) {
    largest = std::max(largest, std::abs(found[token] - expected[token].get<float>()));
  }
  EXPECT_LE(largest, kTolerance) << what;
}

TEST_P(FamilyAnswersTest, WindowsAndLogitsAreThoseOfTransformers) {
  const PairTemplate& pair = model_->tokenizer->pair_template();
  for (const Json& row : golden_["cases"]) {
    const Encoding question = model_->tokenizer->Encode(row["question"].get<std::string>());
    const Encoding context = model_->tokenizer->Encode(row["context"].get<std::string>());
    const std::vector<Window> windows =
        BuildWindows(question.size(), context.size(), pair.special_tokens(), Options().windows);
    ASSERT_EQ(windows.size(), row["windows"].size()) << row["context"];
    PackedBatch batch;
    for (const Window& window : windows) {
      AppendWindow(batch, pair, question.ids, context.ids, window);
    }
    const SpanLogits logits = model_->qa->Forward(batch, 2);
    for (std::size_t window = 0; window < windows.size(); ++window) {
      const Json& expected = row["windows"][window];
      const auto slice = [&]<typename T>(const std::vector<T>& values) {
        return std::vector<T>(
            values.begin() + static_cast<std::ptrdiff_t>(batch.offsets[window]),
            values.begin() + static_cast<std::ptrdiff_t>(batch.offsets[window + 1]));
      };
      const std::string what = row["question"].dump() + ", window " + std::to_string(window);
      ASSERT_EQ(Json(slice(batch.ids)), expected["ids"]) << what;
      if (!expected["segments"].empty()) {  // the family's networks read them
        EXPECT_EQ(Json(slice(batch.segments)), expected["segments"]) << what;
      }
      ExpectNear(slice(logits.start), expected["start"], what);
      ExpectNear(slice(logits.end), expected["end"], what);
    }
  }
}

TEST_P(FamilyAnswersTest, AnswersAreThoseOfAnExhaustiveDecoder) {
  const QaPipeline pipeline(model_, Options());
  for (const Json& row : golden_["cases"]) {
    QaRequest request;
    request.question = row["question"];
    request.documents = {row["context"]};
    const QaResult result = pipeline.Ask(request);
    const Json& expected = row["answers"];
    ASSERT_EQ(result.answers.size(), expected.size());
    ASSERT_TRUE(result.null_logit);
    EXPECT_NEAR(*result.null_logit, row["null_logit"].get<float>(), kTolerance);
    EXPECT_NEAR(result.null_probability, row["null_probability"].get<float>(), kTolerance);
    for (std::size_t rank = 0; rank < expected.size(); ++rank) {
      const Answer& answer = result.answers[rank];
      EXPECT_EQ(answer.text, expected[rank]["answer"].get<std::string>()) << row["question"];
      EXPECT_EQ(Json({answer.span.begin, answer.span.end}), expected[rank]["bytes"]);
      EXPECT_NEAR(answer.logit, expected[rank]["logit"].get<float>(), kTolerance);
      EXPECT_NEAR(answer.probability, expected[rank]["probability"].get<float>(), kTolerance);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, FamilyAnswersTest,
                         testing::Values("albert", "bert", "camembert", "deberta-v2", "distilbert",
                                         "electra", "mobilebert", "modernbert", "mpnet", "roberta",
                                         "xlm-roberta"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace bertqa
