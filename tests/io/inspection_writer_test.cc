#include "io/inspection_writer.h"

#include <gtest/gtest.h>

#include <sstream>

#include "io/inspection_sample.h"
#include "io/json_text.h"

namespace bertqa {
namespace {

InspectionSample MakeParis() {
  InspectionSample sample = MakeOneWindowSample("Où ?", "é Paris, France");
  sample.SetStart(1, 8.5F, 0.75F);
  sample.SetEnd(1, 7.25F, 0.5F);
  sample.inspection.joint = sample.AnswerOf(1, 1, 0.93F);
  sample.inspection.independent = sample.AnswerOf(1, 1, 0.93F);
  return sample;
}

TEST(FormatInspectionJsonTest, IsAsDocumented) {
  InspectionSample sample = MakeSample("Où", "é Paris");
  sample.AddWindow(0, 1);
  sample.SetStart(1, 8.5F, 0.75F);
  sample.SetEnd(1, 7.25F, 0.5F);
  sample.ContextToken(1).id = 3000;
  sample.inspection.joint = sample.AnswerOf(1, 1, 0.93F);
  sample.inspection.independent = sample.AnswerOf(0, 1, 0.5F);
  const std::string low =
      R"("window":0,"start_logit":-5.5,"end_logit":-5.5,"start_probability":4e-04,"end_probability":4e-04})";
  const std::string special = R"("id":0,"start":null,"end":null,"segment":"special",)" + low;
  EXPECT_EQ(
      FormatInspectionJson(sample.request, sample.inspection, OffsetUnit::kCodePoint),
      R"({"answer":"Paris",)"
      R"("joint":{"answer":"Paris","start":2,"end":7,"probability":0.93,"logit":14.71},)"
      R"("independent":{"answer":"é Paris","start":0,"end":7,"probability":0.5,"logit":14.71},)"
      R"("differ":true,"windows":[{"first_token":0,"last_token":1}],"tokens":[)"
      R"({"token":"[CLS]",)" +
          special + R"(,{"token":"Où","id":0,"start":0,"end":2,"segment":"question",)" + low +
          R"(,{"token":"[SEP]",)" + special +
          R"(,{"token":"é","id":0,"start":0,"end":1,"segment":"context",)" + low +
          R"(,{"token":"Paris","id":3000,"start":2,"end":7,"segment":"context","window":0,)"
          R"("start_logit":8.5,"end_logit":7.25,"start_probability":0.75,"end_probability":0.5})"
          R"(,{"token":"[SEP]",)" +
          special + "]}\n");
}

TEST(FormatInspectionJsonTest, SaysWhyADecodeHasNoAnswer) {
  InspectionSample sample = MakeParis();
  sample.inspection.independent.answers.clear();
  sample.inspection.independent.no_answer_reason = NoAnswerReason::kCrossed;
  const std::string json =
      FormatInspectionJson(sample.request, sample.inspection, OffsetUnit::kCodePoint);
  EXPECT_NE(json.find(R"("independent":{"answer":null,"start":null,"end":null,"probability":null,)"
                      R"("logit":null,"reason":"crossed"},"differ":true)"),
            std::string::npos)
      << json;
  EXPECT_FALSE(CheckJson(json));
}

TEST(FormatInspectionJsonTest, TwoDecodesWithoutAnswerAgree) {
  InspectionSample sample = MakeParis();
  sample.inspection.joint.no_answer_reason = NoAnswerReason::kNullThreshold;
  sample.inspection.independent.no_answer_reason = NoAnswerReason::kNullThreshold;
  const std::string json =
      FormatInspectionJson(sample.request, sample.inspection, OffsetUnit::kCodePoint);
  EXPECT_TRUE(json.starts_with(R"({"answer":null,"joint":{"answer":null,)")) << json;
  EXPECT_NE(json.find(R"("reason":"null_threshold"},"differ":false)"), std::string::npos) << json;
}

TEST(FormatInspectionJsonTest, CountsInTheUnitAsked) {
  const InspectionSample sample = MakeParis();
  const std::string json =
      FormatInspectionJson(sample.request, sample.inspection, OffsetUnit::kByte);
  EXPECT_NE(json.find(R"("token":"Où","id":0,"start":0,"end":3,)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("token":"Paris,","id":0,"start":3,"end":9,)"), std::string::npos) << json;
}

TEST(FormatInspectionJsonTest, AnEmptyTextHasNoTokens) {
  InspectionSample sample = MakeSample("Q", "");
  sample.inspection.joint.no_answer_reason = NoAnswerReason::kEmptyContext;
  sample.inspection.independent.no_answer_reason = NoAnswerReason::kEmptyContext;
  const std::string json =
      FormatInspectionJson(sample.request, sample.inspection, OffsetUnit::kCodePoint);
  EXPECT_TRUE(json.ends_with(R"("reason":"empty_context"},"differ":false,"windows":[],"tokens":[]})"
                             "\n"))
      << json;
}

std::vector<std::string> Lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::string LineWith(const std::string& text, std::string_view part) {
  for (const std::string& line : Lines(text)) {
    if (line.find(part) != std::string::npos) {
      return line;
    }
  }
  return "no line with " + std::string(part);
}

std::string Table(const InspectionSample& sample, std::size_t width = 80) {
  return FormatInspectionTable(sample.request, sample.inspection, Color::kOff, width);
}

TEST(FormatInspectionTableTest, ShowsFiguresAndBars) {
  const std::string row = LineWith(Table(MakeParis()), "Paris");
  EXPECT_NE(row.find("8.50 "), std::string::npos) << row;
  EXPECT_NE(row.find("75.0"), std::string::npos) << row;
  EXPECT_NE(row.find("7.25 "), std::string::npos) << row;
  EXPECT_NE(row.find("50.0"), std::string::npos) << row;
  EXPECT_NE(row.find("██"), std::string::npos) << row;
  const std::string other = LineWith(Table(MakeParis()), "France");
  EXPECT_EQ(other.find("█"), std::string::npos) << other;
}

TEST(FormatInspectionTableTest, ABarIsAsLongAsItsProbability) {
  const auto blocks = [](const std::string& row) {
    std::size_t count = 0;
    for (std::size_t at = row.find("█"); at != std::string::npos; at = row.find("█", at + 1)) {
      ++count;
    }
    return count;
  };
  InspectionSample sample = MakeParis();
  sample.SetEnd(1, 0, 0);
  sample.SetStart(1, 0, 1);
  const std::size_t whole = blocks(LineWith(Table(sample), "Paris"));
  sample.SetStart(1, 0, 0.5F);
  const std::size_t half = blocks(LineWith(Table(sample), "Paris"));
  EXPECT_GT(whole, 8U);
  EXPECT_EQ(half, whole / 2);
}

TEST(FormatInspectionTableTest, FitsTheTerminal) {
  InspectionSample sample = MakeSample(
      "A question that is so long that it needs more than a line of a terminal, does it not?",
      "東京は日本の首都です。 Donaudampfschifffahrtsgesellschaft e\u0301 one two three four");
  sample.AddWindow(0, 3);
  sample.AddWindow(4, 6);
  sample.inspection.joint = sample.AnswerOf(0, 5, 0.93F);
  sample.inspection.independent = sample.AnswerOf(1, 5, 0.03F);
  for (const std::size_t width : {60U, 80U, 120U, 200U}) {
    for (const std::string& line : Lines(Table(sample, width))) {
      EXPECT_LE(DisplayWidth(line), width) << line;
    }
  }
  EXPECT_EQ(Table(sample, 1), Table(sample, 60)) << "narrower makes no sense";
}

TEST(FormatInspectionTableTest, MarksBothDecodes) {
  InspectionSample sample = MakeOneWindowSample("Q", "aa bb cc dd ee");
  sample.inspection.joint = sample.AnswerOf(1, 3, 0.5F);
  sample.inspection.independent = sample.AnswerOf(2, 2, 0.25F);
  const std::string table = Table(sample);
  EXPECT_TRUE(LineWith(table, "aa ").starts_with("   aa")) << table;
  EXPECT_TRUE(LineWith(table, "bb ").starts_with("┏  bb")) << table;
  EXPECT_TRUE(LineWith(table, "cc ").starts_with("┃─ cc")) << table;
  EXPECT_TRUE(LineWith(table, "dd ").starts_with("┗  dd")) << table;
  EXPECT_NE(table.find("The two decodes differ."), std::string::npos);
  sample.inspection.independent = sample.inspection.joint;
  EXPECT_NE(Table(sample).find("The two decodes agree."), std::string::npos);
}

TEST(FormatInspectionTableTest, MarksWhereTheIndependentDecodeCrossed) {
  InspectionSample sample = MakeOneWindowSample("Q", "aa bb cc dd ee");
  sample.SetStart(3, 9, 0.9F);
  sample.SetEnd(1, 9, 0.9F);
  sample.inspection.joint = sample.AnswerOf(3, 3, 0.5F);
  sample.inspection.independent.no_answer_reason = NoAnswerReason::kCrossed;
  const std::string table = Table(sample);
  EXPECT_TRUE(LineWith(table, "bb ").starts_with(" e bb")) << table;
  EXPECT_TRUE(LineWith(table, "dd ").starts_with("━s dd")) << table;
  EXPECT_NE(table.find("no answer: the highest end (e)"), std::string::npos) << table;
}

TEST(FormatInspectionTableTest, NamesWindowsWhereThereAreSeveral) {
  InspectionSample sample = MakeSample("Q", "aa bb cc dd");
  sample.AddWindow(0, 1);
  sample.AddWindow(2, 3);
  sample.inspection.joint = sample.AnswerOf(1, 1, 0.5F);
  sample.inspection.independent = sample.inspection.joint;
  const std::string table = Table(sample);
  EXPECT_TRUE(LineWith(table, "aa ").starts_with("0 ")) << table;
  EXPECT_TRUE(LineWith(table, "dd ").starts_with("1 ")) << table;
  EXPECT_NE(table.find("0:\u00A0tokens\u00A00–1, 1:\u00A0tokens\u00A02–3"), std::string::npos)
      << table;
}

TEST(FormatInspectionTableTest, FoldsWhereNothingHappensAndSaysSo) {
  std::string context;
  for (int i = 0; i < 300; ++i) {
    context += "w" + std::to_string(i) + " ";
  }
  InspectionSample sample = MakeOneWindowSample("Q", context);
  sample.SetStart(100, 5, 0.5F);
  sample.SetEnd(250, 1, 0.001F);
  sample.inspection.joint = sample.AnswerOf(100, 101, 0.5F);
  sample.inspection.independent = sample.inspection.joint;
  const std::string table = Table(sample);
  EXPECT_NE(table.find("… 97 tokens below 0.1 % …"), std::string::npos) << "up to w96" << table;
  EXPECT_NE(table.find(" w97 "), std::string::npos) << "a neighbour of the answer";
  EXPECT_NE(table.find(" w104 "), std::string::npos);
  EXPECT_EQ(table.find(" w105 "), std::string::npos);
  EXPECT_NE(table.find(" w250 "), std::string::npos) << "0.1 % is not below 0.1 %";
  EXPECT_NE(table.find("--json lists them all"), std::string::npos);
  InspectionSample small = MakeParis();
  EXPECT_EQ(Table(small).find("tokens below"), std::string::npos);
}

TEST(FormatInspectionTableTest, ColoursOnlyWhenAsked) {
  const InspectionSample sample = MakeParis();
  EXPECT_EQ(Table(sample).find('\x1B'), std::string::npos);
  const std::string colored =
      FormatInspectionTable(sample.request, sample.inspection, Color::kOn, 80);
  EXPECT_NE(colored.find("\x1B[1;32mParis"), std::string::npos);
}

TEST(FormatInspectionTableTest, ShowsAnEmptyText) {
  InspectionSample sample = MakeSample("Q", "");
  sample.inspection.joint.no_answer_reason = NoAnswerReason::kEmptyContext;
  sample.inspection.independent.no_answer_reason = NoAnswerReason::kEmptyContext;
  EXPECT_NE(Table(sample).find("no answer: the text is empty"), std::string::npos);
}

}  // namespace
}  // namespace bertqa
