#include "io/heat_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "io/decode_marks.h"
#include "io/heat_map_layout.h"
#include "io/svg_shapes.h"
#include "io/svg_text.h"
#include "io/terminal_text.h"

namespace bertqa {
namespace {

constexpr double kWidth = 960;
constexpr double kMargin = kSvgMargin;
constexpr double kTextWidth = kWidth - 2 * kMargin;
constexpr double kTextSize = 18;
constexpr double kLinePitch = 66;
/// From the top of a line's upper strip: its text's base line and the lower strip.
constexpr double kStripHeight = 8;
constexpr double kBaseline = 27;
constexpr double kLowerStrip = 35;
constexpr double kLineHeight = kLowerStrip + kStripHeight;

/// From nothing to certainty, as 0xRRGGBB.
struct Ramp {
  unsigned low = 0;
  unsigned high = 0;
};
constexpr Ramp kStartRamp = {0xE6ECF3, 0x1F5FD1};
constexpr Ramp kEndRamp = {0xF3ECE5, 0xD9480F};
constexpr std::string_view kJointInk = kSvgGreen;
constexpr std::string_view kIndependentInk = "#7a3db8";

/// Shares of probability are seen on a square-root scale: 1 % is a tenth of the way.
std::string Shade(const Ramp& ramp, float probability) {
  return MixColors(ramp.low, ramp.high, std::sqrt(std::max(0.0, static_cast<double>(probability))));
}

std::string OneLine(std::string_view text) {
  return FoldSpace(text);
}

/// Draws from the top down; `y_` is where the next thing goes.
class HeatMap {
 public:
  HeatMap(const QaRequest& request, const Inspection& inspection)
      : request_(request),
        inspection_(inspection),
        marks_(FindDecodeMarks(inspection)),
        differ_(DecodesDiffer(inspection)),
        layout_(LayOutHeatMap(request, inspection, marks_, kTextSize, kTextWidth)) {}

  std::string Draw() {
    DrawTitle();
    DrawDecodes();
    DrawText();
    DrawLegend();
    return SvgPicture({kWidth, y_ + kMargin, OneLine(request_.question), Description()}, body_);
  }

 private:
  std::string Description() const {
    return "Start and end probability of " + std::to_string(layout_.shown_count) +
           " tokens of the text, as shades above and below each. " +
           DecodeText("Answer", inspection_.joint) + ".";
  }

  static std::string DecodeText(const std::string& name, const QaResult& result) {
    switch (result.no_answer_reason) {
      case NoAnswerReason::kEmptyContext:
        return name + ": none, the text is empty";
      case NoAnswerReason::kCrossed:
        return name + ": none, the highest end comes before the highest start";
      default:
        break;
    }
    const Answer& answer = result.answers.front();
    std::string text = OneLine(answer.text);
    constexpr std::size_t kLongestColumns = 60;
    if (DisplayWidth(text) > kLongestColumns) {
      text = FitColumns(text, kLongestColumns);
    }
    const std::string guess = result.has_answer() ? ": " : ": none (best guess: ";
    return name + guess + "“" + text + "”, " + PercentText(answer.probability) +
           (result.has_answer() ? "" : ")");
  }

  void DrawTitle() {
    y_ = kMargin - 8;
    body_ += SvgParagraph(y_, OneLine(request_.question), kTextWidth,
                          {kSvgTitleSize, kSvgInk, R"(font-weight="bold")"});
    y_ += 8;
  }

  void DrawDecodes() {
    DrawDecode(DecodeText("Answer", inspection_.joint), kJointInk);
    if (differ_) {
      DrawDecode(DecodeText("Independent maxima", inspection_.independent), kIndependentInk);
    }
    y_ += 34;
  }

  void DrawDecode(const std::string& text, std::string_view ink) {
    body_ += SvgParagraph(y_, text, kTextWidth, {kSvgTextSize, ink});
  }

  double LineTop(std::size_t half_line) const {
    return y_ + static_cast<double>(half_line) * kLinePitch / 2;
  }

  void DrawText() {
    if (marks_.joint) {
      DrawSpan(*marks_.joint, 7, Outline(kJointInk, "#eaf6ef", ""));
    }
    if (differ_ && marks_.independent) {
      DrawSpan(*marks_.independent, 3, Outline(kIndependentInk, "none", "5 4"));
    }
    if (differ_ && marks_.crossed) {
      DrawSpan({marks_.crossed->first, marks_.crossed->first}, 3,
               Outline(kIndependentInk, "none", "5 4"));
      DrawSpan({marks_.crossed->last, marks_.crossed->last}, 3,
               Outline(kIndependentInk, "none", "5 4"));
    }
    for (const PlacedText& piece : layout_.pieces) {
      DrawPiece(piece);
    }
    DrawLabels();
    y_ += static_cast<double>(layout_.half_lines) * kLinePitch / 2 - (kLinePitch - kLineHeight);
    DrawNote();
  }

  static std::string Outline(std::string_view stroke, std::string_view fill,
                             std::string_view dashes) {
    const std::string dash =
        dashes.empty() ? "" : " stroke-dasharray=\"" + std::string(dashes) + "\"";
    return "rx=\"7\" fill=\"" + std::string(fill) + "\" stroke=\"" + std::string(stroke) +
           "\" stroke-width=\"2\"" + dash;
  }

  bool IsIn(const PlacedText& piece, const MarkedTokens& span) const {
    return piece.token_index && *piece.token_index >= span.first && *piece.token_index <= span.last;
  }

  /// Outlines a span, `outset` beyond its strips: a box on each of its lines.
  void DrawSpan(const MarkedTokens& span, double outset, const std::string& style) {
    auto piece = layout_.pieces.begin();
    const auto end = layout_.pieces.end();
    while (piece != end) {
      const auto first = std::find_if(piece, end, [&](const auto& p) { return IsIn(p, span); });
      if (first == end) {
        return;
      }
      auto last = first;
      for (piece = first; piece != end && piece->half_line == first->half_line; ++piece) {
        last = IsIn(*piece, span) ? piece : last;
      }
      const double beside = outset / 2 + 1;  // words are closer to each other than lines
      body_ += SvgRectangle(first->x + kMargin - beside, LineTop(first->half_line) - outset,
                            last->x + last->width - first->x + 2 * beside, kLineHeight + 2 * outset,
                            style);
    }
  }

  void DrawPiece(const PlacedText& piece) {
    const double x = kMargin + piece.x;
    const double top = LineTop(piece.half_line);
    body_ += "<g>";
    if (piece.token_index) {
      const InspectedToken& token = inspection_.tokens[*piece.token_index];
      body_ += "<title>" +
               EscapeXml(token.piece + ": start " + PercentText(token.start_probability) +
                         ", end " + PercentText(token.end_probability)) +
               "</title>\n";
      // Strips of neighbouring word pieces stay apart by one unit.
      body_ += SvgRectangle(x, top, piece.width - 1, kStripHeight,
                            "rx=\"2\" fill=\"" + Shade(kStartRamp, token.start_probability) + "\"");
      body_ += SvgRectangle(x, top + kLowerStrip, piece.width - 1, kStripHeight,
                            "rx=\"2\" fill=\"" + Shade(kEndRamp, token.end_probability) + "\"");
    }
    if (!piece.text.empty()) {
      const std::string fit =
          "textLength=\"" + SvgNumber(piece.width) + "\" lengthAdjust=\"spacingAndGlyphs\"";
      body_ += SvgText(x, top + kBaseline, piece.text,
                       {kTextSize, piece.token_index ? kSvgInk : kSvgFaintInk, fit});
    }
    body_ += "</g>\n";
  }

  /// The probability of an answer, on the edge of its outline.
  void DrawLabels() {
    if (marks_.joint) {
      DrawLabel(*marks_.joint, -7, kJointInk, PercentText(JointAnswer().probability));
    }
    if (differ_ && marks_.independent) {
      DrawLabel(*marks_.independent, kLineHeight + 5, kIndependentInk,
                PercentText(inspection_.independent.answers.front().probability));
    }
    if (differ_ && marks_.crossed) {
      DrawLabel({marks_.crossed->first, marks_.crossed->first}, kLineHeight + 5, kIndependentInk,
                "start");
      DrawLabel({marks_.crossed->last, marks_.crossed->last}, kLineHeight + 5, kIndependentInk,
                "end");
    }
  }

  const Answer& JointAnswer() const { return inspection_.joint.answers.front(); }

  void DrawLabel(const MarkedTokens& span, double below_top, std::string_view ink,
                 const std::string& text) {
    const auto first = std::find_if(layout_.pieces.begin(), layout_.pieces.end(),
                                    [&](const auto& piece) { return IsIn(piece, span); });
    if (first == layout_.pieces.end()) {
      return;
    }
    constexpr double kSize = 11;
    constexpr double kHeight = 16;
    const double width = EstimateWidth(text, kSize) + 14;
    const double x = std::min(kMargin + first->x + 2, kWidth - kMargin - width);
    const double y = LineTop(first->half_line) + below_top;
    body_ += SvgRectangle(x, y - kHeight / 2, width, kHeight,
                          "rx=\"8\" fill=\"" + std::string(ink) + "\"");
    body_ += SvgText(x + 7, y + 4, text, {kSize, "#ffffff", R"(font-weight="bold")"});
  }

  void DrawNote() {
    if (layout_.shown_count < layout_.token_count) {
      y_ += 30;
      body_ += SvgText(kMargin, y_,
                       std::to_string(layout_.shown_count) + " of " +
                           std::to_string(layout_.token_count) +
                           " tokens are shown: those around the answer",
                       {});
    }
  }

  void DrawLegend() {
    y_ += 36;
    body_ += SvgRectangle(kMargin, y_, kTextWidth, 1, R"(fill="#d5dbe1")");
    y_ += 30;
    DrawScale(kMargin, "start probability (above)", kStartRamp);
    DrawScale(kMargin + 300, "end probability (below)", kEndRamp);
    DrawSample(0, Outline(kJointInk, "#eaf6ef", ""), "joint answer");
    if (differ_) {
      DrawSample(1, Outline(kIndependentInk, "none", "5 4"), "independent maxima");
    }
    y_ += 36;
  }

  /// A ramp of one hue with ticks where the square-root scale puts them.
  void DrawScale(double x, const std::string& name, const Ramp& ramp) {
    constexpr double kLength = 240;
    constexpr std::size_t kSteps = 48;
    constexpr std::array<int, 5> kTicks = {0, 1, 10, 50, 100};
    body_ += SvgText(x, y_, name, {kSvgSmallSize, kSvgInk});
    for (std::size_t i = 0; i < kSteps; ++i) {
      const double share = static_cast<double>(i) / (kSteps - 1);
      body_ += SvgRectangle(x + kLength * static_cast<double>(i) / kSteps, y_ + 9,
                            kLength / kSteps + 0.3, 10,
                            "fill=\"" + MixColors(ramp.low, ramp.high, share) + "\"");
    }
    for (const int tick : kTicks) {
      const double at = x + kLength * std::sqrt(tick / 100.0);
      body_ += SvgText(at, y_ + 34, std::to_string(tick) + (tick == 100 ? " %" : ""),
                       {11, kSvgFaintInk, R"(text-anchor="middle")"});
    }
  }

  void DrawSample(int row, const std::string& style, const std::string& name) {
    const double x = kMargin + 610;
    const double y = y_ - 11 + 26 * row;
    body_ += SvgRectangle(x, y, 30, 15, style);
    body_ += SvgText(x + 42, y + 12, name, {kSvgSmallSize, kSvgInk});
  }

  const QaRequest& request_;
  const Inspection& inspection_;
  DecodeMarks marks_;
  bool differ_;
  HeatMapLayout layout_;
  std::string body_;
  double y_ = 0;
};

}  // namespace

std::string FormatHeatMapSvg(const QaRequest& request, const Inspection& inspection) {
  return HeatMap(request, inspection).Draw();
}

}  // namespace bertqa
