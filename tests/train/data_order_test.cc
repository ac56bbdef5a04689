#include "train/data_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace bertqa {
namespace {

TEST(ShuffledOrder, HasEachIndexOnceAndDependsOnSeedAndEpochOnly) {
  const std::vector<std::size_t> order = ShuffledOrder(1000, 42, 0);
  std::vector<std::size_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::size_t> all(1000);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(sorted, all);
  EXPECT_NE(order, all);
  EXPECT_EQ(order, ShuffledOrder(1000, 42, 0));
  EXPECT_NE(order, ShuffledOrder(1000, 42, 1));
  EXPECT_NE(order, ShuffledOrder(1000, 43, 0));
  EXPECT_EQ(ShuffledOrder(1, 1, 1), std::vector<std::size_t>{0});
}

TEST(ShuffledOrder, PutsEachIndexInEachPlaceAboutEquallyOften) {
  std::vector<int> firsts(5);
  for (std::uint64_t epoch = 0; epoch < 5000; ++epoch) {
    ++firsts[ShuffledOrder(5, 7, epoch).front()];
  }
  for (const int count : firsts) {
    EXPECT_NEAR(count, 1000, 150);  // 5 deviations
  }
}

TEST(ShareOut, EachWindowOnceBatchesWithinBoundsAndEven) {
  std::mt19937 bits(9);
  for (int round = 0; round < 200; ++round) {
    const std::size_t workers = 1 + bits() % 4;
    const std::size_t limit = 400 + bits() % 2000;
    std::vector<std::size_t> lengths(1 + bits() % 60);
    for (std::size_t& length : lengths) {
      length = 10 + bits() % 375;
    }
    const auto batches = ShareOut(lengths, workers, limit);
    std::vector<int> seen(lengths.size());
    std::vector<std::size_t> sizes;
    for (const auto& batch : batches) {
      ASSERT_FALSE(batch.empty());
      ASSERT_TRUE(std::is_sorted(batch.begin(), batch.end()));
      sizes.push_back(0);
      for (const std::size_t index : batch) {
        ++seen[index];
        sizes.back() += lengths[index];
      }
      // The fullest batch got its last window while it was the emptiest.
      EXPECT_LE(sizes.back(), limit + 384) << "round " << round;
    }
    EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), static_cast<long>(seen.size()));
    const auto [smallest, largest] = std::minmax_element(sizes.begin(), sizes.end());
    EXPECT_LE(*largest - *smallest, 384U) << "round " << round;
  }
}

}  // namespace
}  // namespace bertqa
