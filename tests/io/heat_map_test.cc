#include "io/heat_map.h"

#include <gtest/gtest.h>

#include <random>
#include <regex>

#include "base/utf8.h"
#include "io/inspection_sample.h"
#include "io/random_text.h"
#include "io/svg_text.h"
#include "io/xml_problem.h"

namespace bertqa {
namespace {

InspectionSample MakeTower() {
  InspectionSample sample =
      MakeOneWindowSample("Where is the Eiffel Tower?",
                          "The Eiffel Tower is in Paris .\nIt is named after <Gustave> & \"Co\" .");
  sample.SetStart(5, 8, 0.81F);
  sample.SetEnd(5, 7, 0.9F);
  sample.inspection.joint = sample.AnswerOf(5, 5, 0.931F);
  sample.inspection.independent = sample.inspection.joint;
  return sample;
}

std::string Draw(const InspectionSample& sample) {
  return FormatHeatMapSvg(sample.request, sample.inspection);
}

/// x and y of the text element that says `text`.
std::pair<double, double> PlaceOf(const std::string& svg, const std::string& text) {
  std::smatch match;
  const std::regex pattern("<text x=\"([0-9.]+)\" y=\"([0-9.]+)\"[^>]*>" + text + "</text>");
  EXPECT_TRUE(std::regex_search(svg, match, pattern)) << text;
  return match.empty() ? std::pair(0.0, 0.0) : std::pair(std::stod(match[1]), std::stod(match[2]));
}

TEST(FormatHeatMapSvgTest, IsWellFormedAndSaysWhatItIs) {
  const std::string svg = Draw(MakeTower());
  EXPECT_EQ(XmlProblem(svg), "");
  EXPECT_NE(svg.find("<title id=\"title\">Where is the Eiffel Tower?</title>"), std::string::npos);
  EXPECT_NE(svg.find("Answer: “Paris”, 93.1 %"), std::string::npos);
  EXPECT_NE(svg.find(">&lt;Gustave&gt;</text>"), std::string::npos);
  EXPECT_NE(svg.find(">&amp;</text>"), std::string::npos);
}

TEST(FormatHeatMapSvgTest, IsWellFormedForAnyText) {
  constexpr unsigned kSeed = 99;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 60; ++round) {
    const std::string context = ToUtf8(RandomCharacters(random, 30)) +
                                " <a&b>\x01\x0C\x7F \uFFFE\uFFFF " + std::string(1, '\0') + " \"'" +
                                ToUtf8(RandomCharacters(random, 30));
    InspectionSample sample =
        MakeOneWindowSample("<&>\x02" + ToUtf8(RandomCharacters(random, 10)), context);
    sample.inspection.joint = sample.AnswerOf(0, 2, 0.5F);
    sample.inspection.independent = sample.AnswerOf(1, 2, 0.1F);
    ASSERT_EQ(XmlProblem(Draw(sample)), "") << "seed " << kSeed << ", round " << round;
  }
}

TEST(FormatHeatMapSvgTest, KeepsTheLinesOfTheText) {
  const std::string svg = Draw(MakeTower());
  EXPECT_EQ(PlaceOf(svg, "The").second, PlaceOf(svg, "Paris").second);
  EXPECT_GT(PlaceOf(svg, "It").second, PlaceOf(svg, "Paris").second);
  EXPECT_EQ(PlaceOf(svg, "It").first, PlaceOf(svg, "The").first);
}

TEST(FormatHeatMapSvgTest, JoinsWordPiecesAsTheyStand) {
  InspectionSample sample = MakeSample("Q", "unbreakable");
  sample.AddWindow(0, 0);
  InspectedToken first = sample.ContextToken(0);
  first.span = {0, 2};
  InspectedToken second = first;
  second.span = {2, 11};
  sample.ContextToken(0) = first;
  sample.inspection.tokens.insert(sample.inspection.tokens.end() - 1, second);
  sample.inspection.joint.no_answer_reason = NoAnswerReason::kCrossed;
  sample.inspection.independent.no_answer_reason = NoAnswerReason::kCrossed;
  const std::string svg = Draw(sample);
  EXPECT_NEAR(PlaceOf(svg, "breakable").first - PlaceOf(svg, "un").first, EstimateWidth("un", 18),
              0.11);
}

TEST(FormatHeatMapSvgTest, ShadesOnASquareRootScale) {
  const std::string svg = Draw(MakeTower());
  EXPECT_EQ(CountOf(svg, "fill=\"" + MixColors(0xE6ECF3, 0x1F5FD1, 0.9) + "\""), 1U)
      << "the start of Paris: 0.81";
  EXPECT_EQ(CountOf(svg, "<title>Paris: start 81.0 %, end 90.0 %</title>"), 1U);
}

TEST(FormatHeatMapSvgTest, MarksTheIndependentDecodeOnlyWhereItDiffers) {
  InspectionSample sample = MakeTower();
  EXPECT_EQ(CountOf(Draw(sample), "stroke-dasharray"), 0U);
  sample.inspection.independent = sample.AnswerOf(4, 8, 0.02F);
  const std::string svg = Draw(sample);
  EXPECT_EQ(CountOf(svg, "stroke-dasharray"), 3U) << "a box on each of two lines, and the legend";
  EXPECT_NE(svg.find("2.0 %"), std::string::npos);
  sample.inspection.independent = {};
  sample.inspection.independent.no_answer_reason = NoAnswerReason::kCrossed;
  sample.SetEnd(1, 20, 0.99F);
  EXPECT_NE(Draw(sample).find(">end</text>"), std::string::npos);
}

TEST(FormatHeatMapSvgTest, ShowsTheNeighbourhoodOfTheAnswerInALongText) {
  std::string context;
  for (int i = 0; i < 3000; ++i) {
    context += "w" + std::to_string(i) + " ";
  }
  InspectionSample sample = MakeOneWindowSample("Q", context);
  sample.inspection.joint = sample.AnswerOf(1000, 1001, 0.5F);
  sample.inspection.independent = sample.inspection.joint;
  const std::string svg = Draw(sample);
  EXPECT_NE(svg.find(">w1000</text>"), std::string::npos);
  EXPECT_NE(svg.find(">w920</text>"), std::string::npos);
  EXPECT_EQ(svg.find(">w919</text>"), std::string::npos);
  EXPECT_EQ(CountOf(svg, ">…</text>"), 2U);
  EXPECT_NE(svg.find("162 of 3000 tokens are shown"), std::string::npos);
  EXPECT_EQ(XmlProblem(svg), "");
}

TEST(FormatHeatMapSvgTest, NothingStandsBeyondTheMargin) {
  InspectionSample sample =
      MakeOneWindowSample("Q", std::string(5000, 'w') + " " + std::string(40, 'W') +
                                   " 東京東京東京東京東京東京東京東京");
  sample.inspection.joint = sample.AnswerOf(0, 2, 0.5F);
  sample.inspection.independent = sample.inspection.joint;
  const std::string svg = Draw(sample);
  static const std::regex kRectangle(R"re(<rect x="([0-9.]+)" y="[0-9.]+" width="([0-9.]+)")re");
  for (std::sregex_iterator rect(svg.begin(), svg.end(), kRectangle), end; rect != end; ++rect) {
    EXPECT_LE(std::stod((*rect)[1]) + std::stod((*rect)[2]), 960.0) << rect->str();
  }
}

TEST(FormatHeatMapSvgTest, DrawsAnEmptyTextAndAnAbstention) {
  InspectionSample empty = MakeSample("Q", "");
  empty.inspection.joint.no_answer_reason = NoAnswerReason::kEmptyContext;
  empty.inspection.independent.no_answer_reason = NoAnswerReason::kEmptyContext;
  EXPECT_EQ(XmlProblem(Draw(empty)), "");
  InspectionSample tower = MakeTower();
  tower.inspection.joint.no_answer_reason = NoAnswerReason::kNullThreshold;
  EXPECT_NE(Draw(tower).find("none (best guess: “Paris”"), std::string::npos);
}

}  // namespace
}  // namespace bertqa
