#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/aligned_buffer.h"
#include "kernels/isa.h"

namespace bertqa {

template <typename T>
struct AttentionHead;

/// Which row of a table of positions belongs to a distance, for windows of up to so many tokens.
/// Distances that are not told apart have the same row.
class DistanceRows {
 public:
  /// `row_of_distance` [2 · max_tokens - 1]: of distance 1 - max_tokens first.
  /// REQUIRES: the first is 0, and each other one is that before it or one more.
  explicit DistanceRows(std::span<const std::int32_t> row_of_distance);

  /// [distance], from 1 - max_tokens on; behind the last one there is room for a vector's reading.
  const std::int32_t* centre() const { return rows_.data() + max_tokens_ - 1; }
  std::size_t count() const { return count_; }  ///< rows of the table

 private:
  std::size_t max_tokens_;
  std::size_t count_;
  AlignedBuffer<std::int32_t> rows_;
};

/// A table of positions as one head reads it; a view. Null: the network has none.
struct PositionTable {
  /// [D][stride]: its transpose, multiplied by what scores are (ScoreFactor).
  const float* columns = nullptr;
  std::size_t stride = 0;  ///< PositionTableStride(rows->count())
  const DistanceRows* rows = nullptr;
};

/// What disentangled attention adds to the scores of one head (He et al. 2021, eq. 4): of query i
/// and key j, q_i · keys[row of j - i] ("content to position") and k_j · queries[row of i - j]
/// ("position to content").
struct PositionTerms {
  PositionTable keys;
  PositionTable queries;
};

/// The rows' distance that PositionTable::columns needs: room for a vector's reading behind the
/// last row, and no power of two, whose multiples a cache has few places for.
std::size_t PositionTableStride(std::size_t rows);

/// Rows of queries whose terms are computed at once: the scores of so many lie in the second cache,
/// beside keys and values.
inline constexpr std::size_t kPositionRows = 96;

/// One thread's intermediate results.
class PositionScratch {
 public:
  /// For windows of up to `max_tokens` and tables of up to `table_rows`.
  PositionScratch(std::size_t max_tokens, std::size_t table_rows);

  float* scores() { return scores_.data(); }  ///< [kPositionRows][stride()]
  std::size_t stride() const { return stride_; }
  float* products() { return products_.data(); }
  std::size_t products_stride() const { return products_stride_; }
  float* spread() { return spread_.data(); }

 private:
  std::size_t stride_;
  std::size_t products_stride_;
  AlignedBuffer<float> scores_;
  AlignedBuffer<float> products_;  // of some rows of queries, or keys, with rows of a table
  AlignedBuffer<float> spread_;    // the same, one for each distance
};

/// Writes the terms of queries [first_row, first_row + rows) with all keys of the window to
/// scratch.scores(), and returns their largest magnitude (if all are numbers). A row's result does
/// not depend on which others are computed with it. REQUIRES: rows <= kPositionRows; head.positions
/// has a table.
float ScorePositions(Isa isa, const AttentionHead<float>& head, std::size_t first_row,
                     std::size_t rows, PositionScratch& scratch);

}  // namespace bertqa
