#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bertqa {

/// The order of an epoch: 0 to `count` - 1, shuffled by Fisher and Yates with numbers that are a
/// function of `seed` and `epoch` alone, the same with every standard library.
std::vector<std::size_t> ShuffledOrder(std::size_t count, std::uint64_t seed, std::uint64_t epoch);

/// Shares windows of the given lengths out to `workers` workers, each of which gets the same number
/// of batches, and batches of about the same number of tokens, at most `max_batch_tokens` where
/// windows are short enough. Longest first, each to the batch with the fewest tokens so far.
/// Result: for each batch the indices into `lengths`, ascending; batch b is worker b mod workers'.
/// An empty batch is left out.
std::vector<std::vector<std::size_t>> ShareOut(std::span<const std::size_t> lengths,
                                               std::size_t workers, std::size_t max_batch_tokens);

}  // namespace bertqa
