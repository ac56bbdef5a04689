#include "io/reliability_diagram.h"

#include <gtest/gtest.h>

#include "base/error_of.h"
#include "bertqa/error.h"
#include "io/xml_problem.h"

namespace bertqa {
namespace {

/// Three bins of four: one too sure, one not sure enough, an empty one, one as it should be.
ReliabilityDiagram MakeDiagram() {
  return {"Reliability of <a model> & its “probabilities”",
          {{0, 0.25, 40, 0.2, 0.1},
           {0.25, 0.5, 1, 0.3, 1},
           {0.5, 0.75, 0, 0, 0},
           {0.75, 1, 1200, 0.9, 0.9}},
          0.0038};
}

TEST(FormatReliabilityDiagramSvgTest, IsWellFormedAndSaysItsFigures) {
  const std::string svg = FormatReliabilityDiagramSvg(MakeDiagram());
  EXPECT_EQ(XmlProblem(svg), "");
  EXPECT_NE(svg.find("Reliability of &lt;a model&gt; &amp; its “probabilities”</title>"),
            std::string::npos);
  EXPECT_NE(svg.find("Expected calibration error: 0.4 %, over 1,241 answers."), std::string::npos);
  // (40 · 0.1 + 1 + 1200 · 0.9) / 1241 and (40 · 0.2 + 0.3 + 1200 · 0.9) / 1241
  EXPECT_NE(svg.find("87.4 % are right; their mean probability is 87.7 %."), std::string::npos);
  EXPECT_NE(svg.find("<title>25 to 50 %: 1 answer, 100.0 % right, mean probability 30.0 %</title>"),
            std::string::npos);
}

TEST(FormatReliabilityDiagramSvgTest, DrawsBarAndGapInTheirPlaces) {
  const std::string svg = FormatReliabilityDiagramSvg(MakeDiagram());
  // The plot is 506 wide and 400 high. Of the first bin 10 % are right, at 20 %: a gap above a bar.
  EXPECT_EQ(CountOf(svg, "height=\"40\" fill=\"#1f5fd1\""), 1U);
  EXPECT_EQ(CountOf(svg, "width=\"122.5\" height=\"40\" fill=\"#fbe3d8\""), 1U);
  // Of the second all are right, at 30 %.
  EXPECT_EQ(CountOf(svg, "width=\"122.5\" height=\"120\" fill=\"#1f5fd1\""), 1U);
  EXPECT_EQ(CountOf(svg, "width=\"122.5\" height=\"280\" fill=\"#c3d6f5\""), 1U);
  EXPECT_EQ(CountOf(svg, "<g><title>"), 3U) << "no bar for the empty bin";
  EXPECT_EQ(CountOf(svg, ">1,200</text>"), 1U);
}

TEST(FormatReliabilityDiagramSvgTest, DrawsOneAnswer) {
  ReliabilityDiagram diagram = {"t", {{0, 1, 1, 0.3, 0}}, 0.3};
  const std::string svg = FormatReliabilityDiagramSvg(diagram);
  EXPECT_EQ(XmlProblem(svg), "");
  EXPECT_NE(svg.find("over 1 answer."), std::string::npos);
}

TEST(FormatReliabilityDiagramSvgTest, RefusesNothing) {
  ErrorOf(ErrorCode::kMalformed,
          [] { FormatReliabilityDiagramSvg({"t", std::vector<ReliabilityBin>(10), 0}); });
}

}  // namespace
}  // namespace bertqa
