#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "bertqa/answer_options.h"
#include "bertqa/error.h"
#include "pipeline/fake_model.h"

namespace bertqa {
namespace {

std::string MessageFor(const std::function<void(QaOptions&)>& change,
                       ErrorCode code = ErrorCode::kUsage) {
  QaOptions options;
  change(options);
  try {
    const QaPipeline pipeline(MakeFakeModel(), options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "no error";
}

TEST(AnswerOptionsTest, WhatIsNotSaidIsTheModels) {
  const auto model = MakeFakeModel();
  const QaOptions options = AnswerOptions().For(*model);
  EXPECT_EQ(options.no_answer, model->defaults.no_answer);
  EXPECT_EQ(options.temperature, model->defaults.temperature);
  EXPECT_LE(options.windows.window_tokens, model->qa->max_window_tokens());
  AnswerOptions said;
  said.no_answer = true;
  said.null_threshold = 2;
  said.overlap_tokens = 5;
  EXPECT_TRUE(said.For(*model).no_answer);
  EXPECT_EQ(said.For(*model).null_threshold, 2);
  EXPECT_EQ(said.For(*model).windows.overlap_tokens, 5U);
}

TEST(QaOptionsTest, TheDefaultsAreValid) {
  EXPECT_EQ(MessageFor([](QaOptions&) {}), "no error");
}

TEST(QaOptionsTest, CountsAreAtLeastOne) {
  EXPECT_EQ(MessageFor([](QaOptions& o) { o.top_k = 0; }),
            "--top-k: at least 1 is expected, not 0");
  EXPECT_EQ(MessageFor([](QaOptions& o) { o.max_answer_tokens = 0; }),
            "--max-answer-tokens: at least 1 is expected, not 0");
  EXPECT_EQ(MessageFor([](QaOptions& o) { o.max_batch_tokens = 0; }),
            "--max-batch-tokens: at least 1 is expected, not 0");
  EXPECT_EQ(MessageFor([](QaOptions& o) { o.threads = 0; }),
            "--threads: at least 1 is expected, not 0");
}

TEST(QaOptionsTest, NumbersAreFinite) {
  EXPECT_EQ(MessageFor([](QaOptions& o) { o.null_threshold = std::nan(""); }),
            "--null-threshold: a finite number is expected");
  EXPECT_EQ(MessageFor([](QaOptions& o) { o.null_threshold = -INFINITY; }),
            "--null-threshold: a finite number is expected");
  for (const double temperature : {0.0, -1.0, std::nan(""), static_cast<double>(INFINITY)}) {
    const std::string message =
        MessageFor([&](QaOptions& o) { o.temperature = temperature; }, ErrorCode::kMalformed);
    EXPECT_TRUE(message.starts_with("temperature: a number above 0 is expected")) << message;
  }
}

TEST(QaOptionsTest, TheModelSetsTheLongestWindow) {
  EXPECT_EQ(MessageFor([](QaOptions& o) { o.windows.window_tokens = 512; }), "no error");
  EXPECT_EQ(MessageFor([](QaOptions& o) { o.windows.window_tokens = 513; }),
            "--window-tokens 513: the model takes at most 512");
}

TEST(QaOptionsTest, WindowsLeaveRoomForContext) {
  const std::string message = MessageFor([](QaOptions& o) { o.windows.window_tokens = 100; });
  EXPECT_NE(message.find("--window-tokens"), std::string::npos) << message;
  EXPECT_NE(message.find("--overlap-tokens"), std::string::npos) << message;
}

}  // namespace
}  // namespace bertqa
