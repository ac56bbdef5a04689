// Disentangled attention against its definition, in double precision.

#include "kernels/position_scores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "attention_window.h"
#include "kernels/attention.h"

namespace bertqa {
namespace {

enum class Terms { kContentToPosition, kPositionToContent, kBoth };
constexpr Terms kAllTerms[] = {Terms::kContentToPosition, Terms::kPositionToContent, Terms::kBoth};

/// A table of positions, and which of its rows a distance has: some distances share one.
struct RandomTable {
  RandomTable(std::size_t max_tokens, std::size_t head_size, std::size_t score_terms, float spread,
              std::mt19937& random)
      : row_of(2 * max_tokens - 1), size(head_size) {
    // Every distance a row near the middle, fewer and fewer rows further away.
    std::uniform_real_distribution<double> share;
    for (std::size_t index = 1; index < row_of.size(); ++index) {
      const double distance =
          std::abs(static_cast<double>(index) - static_cast<double>(max_tokens));
      row_of[index] = row_of[index - 1] + (share(random) < 8 / std::max(8.0, distance) ? 1 : 0);
    }
    rows.emplace(row_of);
    stride = PositionTableStride(rows->count());
    values.resize(rows->count() * size);
    columns = AlignedBuffer<float>(size * stride);
    std::normal_distribution<float> normal;
    const float factor = ScoreFactor(size, score_terms);
    for (std::size_t row = 0; row < rows->count(); ++row) {
      for (std::size_t index = 0; index < size; ++index) {
        const float value = spread * normal(random);
        values[row * size + index] = value;
        columns.data()[index * stride + row] = factor * value;
      }
    }
  }

  double Value(std::ptrdiff_t distance, std::size_t index) const {
    const auto centre = static_cast<std::ptrdiff_t>(row_of.size() / 2);
    const auto row = static_cast<std::size_t>(row_of[static_cast<std::size_t>(centre + distance)]);
    return static_cast<double>(values[row * size + index]);
  }

  PositionTable View() const {
    return {.columns = columns.data(), .stride = stride, .rows = &*rows};
  }

  std::vector<std::int32_t> row_of;
  std::size_t size;
  std::optional<DistanceRows> rows;
  std::size_t stride = 0;
  std::vector<float> values;  // [rows][D]
  AlignedBuffer<float> columns;
};

struct PositionCase {
  std::size_t tokens = 1;
  std::size_t size = 1;        ///< of the head
  std::size_t max_tokens = 1;  ///< that the tables are for
  Terms terms = Terms::kBoth;
  float spread = 1;  ///< of the tables' values
  std::uint32_t seed = 1;
};

/// One head of a window with tables of positions.
class PositionWindow {
 public:
  explicit PositionWindow(const PositionCase& settings)
      : terms_(settings.terms),
        random_(settings.seed),
        score_terms_(settings.terms == Terms::kBoth ? 3 : 2),
        window(settings.tokens, settings.size),
        keys(settings.max_tokens, settings.size, score_terms_, settings.spread, random_),
        queries(settings.max_tokens, settings.size, score_terms_, settings.spread, random_) {
    window.Fill(/*query_spread=*/1, /*key_spread=*/1, settings.seed);
    if (terms_ != Terms::kPositionToContent) {
      position_terms_.keys = keys.View();
    }
    if (terms_ != Terms::kContentToPosition) {
      position_terms_.queries = queries.View();
    }
  }

  AttentionHead<float> Head(float* output, std::size_t output_stride) const {
    AttentionHead<float> head = window.Head(output, output_stride);
    head.positions = &position_terms_;
    head.score_terms = score_terms_;
    return head;
  }

  AttentionScratch Scratch(Isa isa) const {
    AttentionScratch scratch(isa, max_tokens(), window.size);
    scratch.HoldPositions(max_tokens(), std::max(keys.rows->count(), queries.rows->count()));
    return scratch;
  }

  /// What positions add to the score of a pair, √(D · terms) times.
  double Added(std::size_t query, std::size_t key) {
    const auto distance = static_cast<std::ptrdiff_t>(key) - static_cast<std::ptrdiff_t>(query);
    double sum = 0;
    for (std::size_t index = 0; index < window.size; ++index) {
      if (terms_ != Terms::kPositionToContent) {
        sum += static_cast<double>(window.Query(query, index)) * keys.Value(distance, index);
      }
      if (terms_ != Terms::kContentToPosition) {
        sum += static_cast<double>(window.Key(key, index)) * queries.Value(-distance, index);
      }
    }
    return sum;
  }

  /// The definition of one token's result.
  std::vector<double> AttendSlowly(std::size_t query) {
    std::vector<double> weights(window.tokens);
    for (std::size_t key = 0; key < window.tokens; ++key) {
      double score = Added(query, key);
      for (std::size_t index = 0; index < window.size; ++index) {
        score += static_cast<double>(window.Query(query, index)) *
                 static_cast<double>(window.Key(key, index));
      }
      weights[key] = score / std::sqrt(static_cast<double>(window.size * score_terms_));
    }
    return WeighSlowly(window, std::move(weights));
  }

  std::size_t max_tokens() const { return (keys.row_of.size() + 1) / 2; }
  std::size_t score_terms() const { return score_terms_; }

 private:
  Terms terms_;
  std::mt19937 random_;
  std::size_t score_terms_;
  PositionTerms position_terms_;

 public:
  Window<float> window;
  RandomTable keys;
  RandomTable queries;
};

std::string Describe(Isa isa, const PositionWindow& window) {
  return Describe(isa, window.window.tokens, window.window.size) +
         ", terms: " + std::to_string(window.score_terms());
}

std::vector<float> Attended(Isa isa, const PositionWindow& window, AttentionScratch& scratch) {
  std::vector<float> output(window.window.tokens * window.window.size);
  Attend(isa, window.Head(output.data(), window.window.size), scratch);
  return output;
}

void ExpectLikeTheDefinition(Isa isa, const PositionCase& settings, double limit) {
  PositionWindow window(settings);
  AttentionScratch scratch = window.Scratch(isa);
  const std::vector<float> output = Attended(isa, window, scratch);
  const std::size_t step = settings.tokens < 100 ? 1 : 7;
  double largest = 0;
  for (std::size_t token = 0; token < settings.tokens; token += step) {
    const std::vector<double> expected = window.AttendSlowly(token);
    for (std::size_t index = 0; index < expected.size(); ++index) {
      const double error =
          std::abs(static_cast<double>(output[token * expected.size() + index]) - expected[index]);
      largest = error <= largest ? largest : error;  // NaN is the largest of all
    }
  }
  EXPECT_LE(largest, limit) << Describe(isa, window);
}

using Sizes = std::initializer_list<std::size_t>;

/// With each combination of terms on each instruction set; tables for a little longer windows.
void ExpectAllLikeTheDefinition(PositionCase settings, double limit) {
  settings.max_tokens = settings.tokens + settings.tokens % 5;
  for (const Isa isa : SupportedIsas()) {
    for (const Terms terms : kAllTerms) {
      settings.terms = terms;
      ExpectLikeTheDefinition(isa, settings, limit);
    }
  }
}

TEST(PositionScoresTest, ShortWindowsAreLikeTheDefinition) {
  for (const std::size_t tokens : Sizes{1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 47, 64, 70, 95, 97}) {
    for (const std::size_t size : Sizes{1, 5, 32, 64}) {
      ExpectAllLikeTheDefinition({.tokens = tokens, .size = size}, 1e-5);
    }
  }
}

TEST(PositionScoresTest, LongWindowsAreLikeTheDefinition) {
  for (const std::size_t tokens : Sizes{192, 257, 384, 512, 777}) {
    ExpectAllLikeTheDefinition({.tokens = tokens, .size = 32}, 1e-5);
  }
}

// Beyond what can be taken powers of without a shift, by positions alone.
TEST(PositionScoresTest, LargeTermsDoNotOverflow) {
  for (const std::size_t tokens : Sizes{5, 64, 300}) {
    ExpectAllLikeTheDefinition({.tokens = tokens, .size = 32, .spread = 100}, 5e-3);
  }
}

void ExpectSumsOfTerms(Isa isa, Terms terms) {
  PositionWindow window({.tokens = 150, .size = 20, .max_tokens = 160, .terms = terms});
  AttentionScratch scratch = window.Scratch(isa);
  constexpr std::size_t kFirst = 37;
  const float largest =
      ScorePositions(isa, window.Head(nullptr, 0), kFirst, kPositionRows, scratch.positions());
  const double factor = static_cast<double>(ScoreFactor(20, window.score_terms()));
  double largest_expected = 0;
  for (std::size_t row = 0; row < kPositionRows; ++row) {
    const float* const scores = scratch.positions().scores() + row * scratch.positions().stride();
    for (std::size_t key = 0; key < 150; ++key) {
      const double expected = factor * window.Added(kFirst + row, key);
      largest_expected = std::max(largest_expected, std::abs(expected));
      ASSERT_NEAR(static_cast<double>(scores[key]), expected, 1e-5)
          << Describe(isa, window) << ", row " << row << ", key " << key;
    }
  }
  EXPECT_GE(static_cast<double>(largest), largest_expected - 1e-5) << Describe(isa, window);
}

TEST(PositionScoresTest, ScoresAreTheSumsOfTheirTerms) {
  for (const Isa isa : SupportedIsas()) {
    for (const Terms terms : kAllTerms) {
      ExpectSumsOfTerms(isa, terms);
    }
  }
}

TEST(PositionScoresTest, ARowsScoresDependOnNoOther) {
  for (const Isa isa : SupportedIsas()) {
    PositionWindow window({.tokens = 150, .size = 20, .max_tokens = 150});
    AttentionScratch all = window.Scratch(isa);
    ScorePositions(isa, window.Head(nullptr, 0), 10, kPositionRows, all.positions());
    AttentionScratch one = window.Scratch(isa);
    for (std::size_t row = 0; row < kPositionRows; ++row) {
      ScorePositions(isa, window.Head(nullptr, 0), 10 + row, 1, one.positions());
      for (std::size_t key = 0; key < 150; ++key) {
        ASSERT_EQ(one.positions().scores()[key],
                  all.positions().scores()[row * all.positions().stride() + key])
            << NameOf(isa) << ", row " << row << ", key " << key;
      }
    }
  }
}

// The same bytes from a scratch that a longer window has filled with what is not a number.
TEST(PositionScoresTest, AWindowsResultDependsOnNoOther) {
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t tokens : Sizes{1, 33, 100, 129}) {
      PositionWindow window({.tokens = tokens, .size = 21, .max_tokens = 300});
      PositionWindow other({.tokens = 300, .size = 21, .max_tokens = 300});
      std::fill(other.window.values.begin(), other.window.values.end(),
                std::numeric_limits<float>::infinity());
      AttentionScratch used = window.Scratch(isa);
      Attended(isa, other, used);
      AttentionScratch fresh = window.Scratch(isa);
      EXPECT_EQ(Attended(isa, window, used), Attended(isa, window, fresh)) << Describe(isa, window);
    }
  }
}

}  // namespace
}  // namespace bertqa
