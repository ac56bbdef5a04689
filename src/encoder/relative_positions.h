#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "encoder/deberta_config.h"
#include "kernels/aligned_buffer.h"
#include "kernels/position_scores.h"

namespace bertqa {

class TensorLoader;

/// The row of the relative table for query - key = `distance`: with buckets, one for each distance
/// up to half of them, then wider and wider ones until k (DebertaConfig::max_distance); all
/// distances from there on share a row at each end of the table. As transformers'
/// `make_log_bucket_position`, in float32 like it.
std::size_t RelativeRow(const DebertaConfig& config, std::ptrdiff_t distance);

/// The rows of the relative table that windows of a length need, in the order of distances.
struct OrderedRows {
  std::vector<std::size_t> stored;  ///< [row]: which row of the stored table it is
  DistanceRows of_distance;
};

/// Both terms' order: by key - query for keys of positions, by query - key for queries of them.
struct RelativeOrders {
  OrderedRows keys;
  OrderedRows queries;
};

/// REQUIRES: config.has_position_terms().
RelativeOrders OrderRelativeRows(const DebertaConfig& config, std::size_t max_tokens);

/// One layer's products of the relative table, which depend on the weights alone: each [H][stride]
/// as PositionTable has them, or empty.
struct PositionProjections {
  AlignedBuffer<float> keys;
  AlignedBuffer<float> queries;
};

/// What attention needs of a network with position terms.
struct RelativePositions {
  RelativeOrders orders;
  std::vector<PositionProjections> layers;  // [L]

  /// Of the longer table.
  std::size_t max_table_rows() const {
    return std::max(orders.keys.stored.size(), orders.queries.stored.size());
  }
  /// Those of a head whose columns begin at `first_column`.
  PositionTerms Terms(std::size_t layer_index, std::size_t first_column) const;
};

/// Null where the network has no position terms. Computed in fp32 on `threads` threads.
std::unique_ptr<const RelativePositions> LoadRelativePositions(const TensorLoader& loader,
                                                               std::size_t threads);

}  // namespace bertqa
