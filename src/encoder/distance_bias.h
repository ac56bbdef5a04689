#pragma once

#include <cstddef>
#include <vector>

#include "kernels/attention.h"

namespace bertqa {

/// Distances from a query to a key are put into so many buckets: half of them for keys before the
/// query (and the query itself), half behind it.
inline constexpr std::size_t kDistanceBuckets = 32;

/// The bucket of key - query = `distance` (Raffel et al. 2020, section 2.1): one for each distance
/// below 8, then wider and wider ones, the last for 91 and more. As transformers'
/// MPNetEncoder.relative_position_bucket, in float32 like it.
std::size_t DistanceBucket(std::ptrdiff_t distance);

/// What each of `heads` adds to its scores; `table` [kDistanceBuckets, heads].
std::vector<DistanceBias> MakeDistanceBiases(const float* table, std::size_t heads,
                                             std::size_t max_tokens);

}  // namespace bertqa
