#include "train/data_order.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

#include "base/mix_key.h"

namespace bertqa {
namespace {

/// Evenly from 0 to `limit` - 1: what std::uniform_int_distribution gives is the library's choice.
std::size_t Below(std::size_t limit, std::mt19937_64& bits) {
  const std::uint64_t whole = std::mt19937_64::max() / limit * limit;
  std::uint64_t drawn = bits();
  while (drawn >= whole) {
    drawn = bits();
  }
  return drawn % limit;
}

}  // namespace

std::vector<std::size_t> ShuffledOrder(std::size_t count, std::uint64_t seed, std::uint64_t epoch) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 bits(MixKey(seed, epoch));
  for (std::size_t last = count; last > 1; --last) {
    std::swap(order[last - 1], order[Below(last, bits)]);
  }
  return order;
}

std::vector<std::vector<std::size_t>> ShareOut(std::span<const std::size_t> lengths,
                                               std::size_t workers, std::size_t max_batch_tokens) {
  const std::size_t tokens = std::accumulate(lengths.begin(), lengths.end(), std::size_t{0});
  const std::size_t each = workers * max_batch_tokens;
  const std::size_t rounds = std::max<std::size_t>(1, (tokens + each - 1) / each);
  std::vector<std::size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return std::pair(lengths[right], left) < std::pair(lengths[left], right);
  });
  std::vector<std::vector<std::size_t>> batches(rounds * workers);
  std::vector<std::size_t> sizes(batches.size());
  for (const std::size_t index : order) {
    const auto smallest =
        static_cast<std::size_t>(std::min_element(sizes.begin(), sizes.end()) - sizes.begin());
    batches[smallest].push_back(index);
    sizes[smallest] += lengths[index];
  }
  for (std::vector<std::size_t>& batch : batches) {
    std::sort(batch.begin(), batch.end());
  }
  std::erase_if(batches, [](const auto& batch) { return batch.empty(); });
  return batches;
}

}  // namespace bertqa
