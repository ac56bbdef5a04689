#include <gtest/gtest.h>

#include <map>

#include "bertqa/error.h"
#include "pipeline/fake_model.h"

namespace bertqa {
namespace {

std::string Words(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += "t" + std::to_string(i) + "x ";
  }
  return text;
}

std::string_view TextOf(const InspectedToken& token, const QaRequest& request) {
  const std::string_view text = token.segment == Segment::kQuestion
                                    ? request.question
                                    : request.documents[token.document_index];
  return text.substr(token.span->begin, token.span->end - token.span->begin);
}

class InspectTest : public testing::Test {
 protected:
  InspectTest() {
    request_ = MakeRequest("who asks", Words(70));
    request_.documents.push_back(Words(25));
    request_.documents.emplace_back("");
    inspection_ = QaPipeline(MakeFakeModel(), SmallWindows()).Inspect(request_);
  }

  QaRequest request_;
  Inspection inspection_;
};

TEST_F(InspectTest, EveryContextTokenComesOnceAndInOrder) {
  std::vector<std::string> listed;
  for (const InspectedToken& token : inspection_.tokens) {
    if (token.segment == Segment::kContext) {
      listed.push_back(std::to_string(token.document_index) + std::string(TextOf(token, request_)));
    }
  }
  std::vector<std::string> expected;
  for (int i = 0; i < 70; ++i) {
    expected.push_back("0t" + std::to_string(i) + "x");
  }
  for (int i = 0; i < 25; ++i) {
    expected.push_back("1t" + std::to_string(i) + "x");
  }
  EXPECT_EQ(listed, expected);
}

TEST_F(InspectTest, QuestionAndSpecialTokensComeOnceAWindow) {
  ASSERT_GT(inspection_.windows.size(), 4U);
  std::map<std::size_t, std::string> rest;
  for (const InspectedToken& token : inspection_.tokens) {
    if (token.segment == Segment::kSpecial) {
      EXPECT_FALSE(token.span);
      rest[token.window_index] += token.piece + " ";
    } else if (token.segment == Segment::kQuestion) {
      rest[token.window_index] += std::string(TextOf(token, request_)) + " ";
    }
  }
  EXPECT_EQ(rest.size(), inspection_.windows.size());
  for (const auto& [window_index, tokens] : rest) {
    EXPECT_EQ(tokens, "[CLS] who asks [SEP] [SEP] ") << window_index;
  }
}

TEST_F(InspectTest, TokensLieInTheirWindows) {
  std::size_t context_token = 0;
  std::size_t document_index = 0;
  for (const InspectedToken& token : inspection_.tokens) {
    if (token.segment != Segment::kContext) {
      continue;
    }
    context_token = token.document_index == document_index ? context_token : 0;
    document_index = token.document_index;
    const InspectedWindow& window = inspection_.windows.at(token.window_index);
    EXPECT_EQ(window.document_index, document_index);
    EXPECT_LE(window.first_token, context_token);
    EXPECT_GE(window.last_token, context_token);
    ++context_token;
  }
}

TEST_F(InspectTest, TheAnswersAreThoseOfAsk) {
  QaOptions options = SmallWindows();
  EXPECT_EQ(Describe(inspection_.joint),
            Describe(QaPipeline(MakeFakeModel(), options).Ask(request_)));
  options.decode = DecodeMode::kIndependent;
  EXPECT_EQ(Describe(inspection_.independent),
            Describe(QaPipeline(MakeFakeModel(), options).Ask(request_)));
  const Inspection again = QaPipeline(MakeFakeModel(), options).Inspect(request_);
  EXPECT_EQ(Describe(again.joint), Describe(inspection_.joint)) << "whatever the decode option";
}

TEST_F(InspectTest, TheJointAnswersLogitIsTheSumOfItsTokens) {
  const Answer& answer = inspection_.joint.answers.at(0);
  std::optional<InspectedToken> first;
  std::optional<InspectedToken> last;
  for (const InspectedToken& token : inspection_.tokens) {
    if (token.segment == Segment::kContext && token.document_index == answer.document_index) {
      first = token.span->begin == answer.span.begin ? token : first;
      last = token.span->end == answer.span.end ? token : last;
    }
  }
  ASSERT_TRUE(first && last);
  ASSERT_EQ(first->window_index, last->window_index) << "else their logits do not add up";
  EXPECT_EQ(first->start_logit + last->end_logit, answer.logit);
}

TEST(InspectOneWindowTest, ProbabilitiesOfAWindowSumToOne) {
  const QaRequest request = MakeRequest("who asks", Words(10));
  const Inspection inspection = QaPipeline(MakeFakeModel(), SmallWindows()).Inspect(request);
  double start = 0;
  double end = 0;
  for (const InspectedToken& token : inspection.tokens) {
    start += static_cast<double>(token.start_probability);
    end += static_cast<double>(token.end_probability);
  }
  EXPECT_NEAR(start, 1, 1e-5);
  EXPECT_NEAR(end, 1, 1e-5);
}

TEST(InspectOneWindowTest, ReadsFiguresFromTheRightPlaces) {
  const QaRequest request = MakeRequest("q", "b3 s7 e8");
  const Inspection inspection = QaPipeline(MakeFakeModel(), SmallWindows()).Inspect(request);
  ASSERT_EQ(inspection.tokens.size(), 7U);
  EXPECT_EQ(inspection.tokens[0].start_logit, -15.0F);
  EXPECT_EQ(inspection.tokens[3].start_logit, 3.0F);
  EXPECT_EQ(inspection.tokens[4].start_logit, 7.0F);
  EXPECT_EQ(inspection.tokens[4].end_logit, -10.0F);
  EXPECT_EQ(inspection.tokens[5].end_logit, 8.0F);
}

TEST(InspectOneWindowTest, AnEmptyContextHasNothingToShow) {
  const Inspection inspection =
      QaPipeline(MakeFakeModel(), SmallWindows()).Inspect(MakeRequest("q", " "));
  EXPECT_TRUE(inspection.tokens.empty());
  EXPECT_TRUE(inspection.windows.empty());
  EXPECT_EQ(inspection.joint.no_answer_reason, NoAnswerReason::kEmptyContext);
  EXPECT_EQ(inspection.independent.no_answer_reason, NoAnswerReason::kEmptyContext);
}

TEST(InspectOneWindowTest, ErrorsAreThoseOfAsk) {
  const QaPipeline pipeline(MakeFakeModel(), SmallWindows());
  EXPECT_THROW(pipeline.Inspect(MakeRequest("", "a")), Error);
  EXPECT_THROW(pipeline.Inspect(MakeRequest("q", "\xFF")), Error);
  EXPECT_THROW(pipeline.Inspect(MakeRequest("q", "a poison")), Error);
}

}  // namespace
}  // namespace bertqa
