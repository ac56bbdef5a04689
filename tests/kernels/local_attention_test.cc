// Attention whose queries see only the keys within reach.

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "attention_window.h"

namespace bertqa {
namespace {

/// Bands from one token to nearly the whole window, in windows of less and more than a block.
template <typename T>
void ExpectBandIsSeen(Isa isa, double limit) {
  for (const std::size_t tokens : Sizes{1, 2, 15, 16, 17, 33, 70, 257, 300, 700}) {
    for (const std::size_t reach : Sizes{0, 1, 2, 7, 15, 16, 17, 31, 64, 150, 256, 299, 698, 699}) {
      for (const std::size_t size : Sizes{7, 64}) {
        Window<T> window(tokens, size);
        window.Fill(/*query_spread=*/1, /*key_spread=*/1, /*seed=*/23);
        window.reach = reach;
        EXPECT_LE(LargestError(isa, window), limit)
            << Describe(isa, tokens, size) << ", reach: " << reach;
      }
    }
  }
}

TEST(LocalAttentionTest, RowsSeeTheirBandOnly) {
  for (const Isa isa : SupportedIsas()) {
    ExpectBandIsSeen<float>(isa, 1e-5);
  }
  for (const Isa isa : BFloat16Isas()) {
    ExpectBandIsSeen<BFloat16>(isa, kBFloat16Error);
  }
}

// The largest score of a row is subtracted: it must be one that the row sees.
TEST(LocalAttentionTest, LargeScoresBesideTheBandDoNotCount) {
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t reach : Sizes{0, 5, 40}) {
      Window<float> window(200, 32);
      window.Fill(/*query_spread=*/1, /*key_spread=*/1, /*seed=*/25);
      window.reach = reach;
      for (std::size_t index = 0; index < window.size; ++index) {
        window.Key(100, index) *= 500;
      }
      EXPECT_LE(LargestError(isa, window), 5e-4) << NameOf(isa) << ", reach: " << reach;
    }
  }
}

TEST(LocalAttentionTest, BandAsWideAsTheWindowIsTheWholeWindow) {
  for (const Isa isa : SupportedIsas()) {
    Window<float> window(130, 32);
    window.Fill(/*query_spread=*/1, /*key_spread=*/1, /*seed=*/27);
    const std::vector<float> whole = AttendWindow(isa, window);
    window.reach = 129;
    EXPECT_EQ(AttendWindow(isa, window), whole) << NameOf(isa);
  }
}

}  // namespace
}  // namespace bertqa
