#include "kernels/position_scores.h"

#include <algorithm>

#include "kernels/attention.h"

// Highway compiles this file once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/position_scores.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/attention_pack-inl.h"
#include "kernels/isa_table.h"

// For each few rows of queries (or keys), a product with the rows of the table that their distances
// need, and no others; then these products are spread: one for each distance, though a row of the
// table serves several. A vector of neighbouring distances has its rows within one vector of
// products, since rows go up by one at most: so spreading is a load and a permutation.

HWY_BEFORE_NAMESPACE();
namespace bertqa {
namespace HWY_NAMESPACE {
namespace {

/// Rows and vectors of a product: the registers hold their sums, a row of the table and a value.
constexpr std::size_t kMostRows = HWY_TARGET <= HWY_AVX3 ? 8 : 4;
constexpr std::size_t kRows = kLanes < kMostRows ? kLanes : kMostRows;
constexpr std::size_t kVectors = 3;
static_assert(kLanes % kRows == 0);

using ProductRows = const float* (&)[kRows];

/// products [kRows][Vectors · kLanes] = rows [kRows][depth] · table [depth].
template <std::size_t Vectors>
HWY_INLINE void MultiplyColumns(ProductRows rows, std::size_t depth, const float* table,
                                std::size_t stride, float* products, std::size_t products_stride) {
  Vector sums[kRows][Vectors];
  for (auto& row : sums) {
    for (Vector& sum : row) {
      sum = hn::Zero(kFloats);
    }
  }
  for (std::size_t index = 0; index < depth; ++index) {
    Vector columns[Vectors];
    for (std::size_t vector = 0; vector < Vectors; ++vector) {
      columns[vector] = hn::LoadU(kFloats, table + vector * kLanes);
    }
    for (std::size_t row = 0; row < kRows; ++row) {
      const Vector value = hn::Set(kFloats, rows[row][index]);
      for (std::size_t vector = 0; vector < Vectors; ++vector) {
        sums[row][vector] = hn::MulAdd(value, columns[vector], sums[row][vector]);
      }
    }
    table += stride;
  }
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t vector = 0; vector < Vectors; ++vector) {
      hn::StoreU(sums[row][vector], kFloats, products + row * products_stride + vector * kLanes);
    }
  }
}

/// Distances next to each other.
struct Distances {
  std::ptrdiff_t first;
  std::ptrdiff_t last;
};

/// Products of some rows with what `distances` need of a table.
class TableProducts {
 public:
  TableProducts(const PositionTable& table, std::size_t depth, PositionScratch& scratch)
      : table_(table),
        row_of_(table.rows->centre()),
        depth_(depth),
        products_(scratch.products()),
        stride_(scratch.products_stride()) {}

  void Multiply(ProductRows rows, Distances distances) {
    first_ = static_cast<std::size_t>(row_of_[distances.first]) / kLanes * kLanes;
    const auto end = static_cast<std::size_t>(row_of_[distances.last]) + 1;
    std::size_t column = first_;
    for (; column + (kVectors - 1) * kLanes < end; column += kVectors * kLanes) {
      Multiply<kVectors>(rows, column);
    }
    if (column + kLanes < end) {
      Multiply<2>(rows, column);
    } else if (column < end) {
      Multiply<1>(rows, column);
    }
  }

  /// Row `row`'s products for the distances from `distance` on.
  HWY_INLINE Vector Spread(std::size_t row, std::ptrdiff_t distance) const {
    const std::int32_t* const rows = row_of_ + distance;
    const auto places = hn::Sub(hn::LoadU(kInts, rows), hn::Set(kInts, *rows));
    const float* const first =
        products_ + row * stride_ + (static_cast<std::size_t>(*rows) - first_);
    return hn::TableLookupLanes(hn::LoadU(kFloats, first), hn::IndicesFromVec(kFloats, places));
  }

 private:
  template <std::size_t Vectors>
  void Multiply(ProductRows rows, std::size_t column) {
    MultiplyColumns<Vectors>(rows, depth_, table_.columns + column, table_.stride,
                             products_ + (column - first_), stride_);
  }

  const PositionTable& table_;
  const std::int32_t* row_of_;
  std::size_t depth_;
  float* products_;
  std::size_t stride_;
  std::size_t first_ = 0;  // row of the table that products_ begins with
};

/// One call of ScorePositions.
class PositionRun {
 public:
  PositionRun(const AttentionHead<float>& head, std::size_t first_row, std::size_t rows,
              PositionScratch& scratch)
      : head_(head),
        first_row_(static_cast<std::ptrdiff_t>(first_row)),
        rows_(rows),
        columns_(static_cast<std::ptrdiff_t>(RoundUp(head.tokens, kLanes))),
        scratch_(scratch) {}

  float Run() {
    const PositionTerms& terms = *head_.positions;
    if (terms.queries.columns != nullptr) {
      TableProducts products(terms.queries, head_.head_size, scratch_);
      for (std::size_t token = 0; token < head_.tokens; token += kLanes) {
        WriteKeyTerms(products, token);
      }
    }
    Vector largest = hn::Zero(kFloats);
    if (terms.keys.columns != nullptr) {
      TableProducts products(terms.keys, head_.head_size, scratch_);
      for (std::size_t row = 0; row < rows_; row += kRows) {
        largest = terms.queries.columns == nullptr ? AddQueryTerms<false>(products, row, largest)
                                                   : AddQueryTerms<true>(products, row, largest);
      }
    } else {
      largest = FindLargest();
    }
    return hn::GetLane(hn::MaxOfLanes(kFloats, largest));
  }

 private:
  float* Scores(std::size_t row) { return scratch_.scores() + row * scratch_.stride(); }

  /// Of keys [token, token + kLanes) with all rows: spread key by key, then transposed.
  void WriteKeyTerms(TableProducts& products, std::size_t token) {
    const auto padded_rows = static_cast<std::ptrdiff_t>(RoundUp(rows_, kLanes));
    const float* spread[kLanes];
    for (std::size_t group = 0; group < kLanes; group += kRows) {
      const float* keys[kRows];
      for (std::size_t row = 0; row < kRows; ++row) {
        // Past the end, the last one again: those scores are left out, whatever they are.
        keys[row] = head_.key + std::min(token + group + row, head_.tokens - 1) * head_.stride;
      }
      const std::ptrdiff_t key = LastKey(token + group);
      products.Multiply(keys, {.first = first_row_ - LastKey(token + group + kRows - 1),
                               .last = first_row_ + padded_rows - 1 - key});
      for (std::size_t row = 0; row < kRows; ++row) {
        const std::ptrdiff_t distance = first_row_ - LastKey(token + group + row);
        float* const target = scratch_.spread() + (group + row) * kSpreadStride;
        for (std::ptrdiff_t at = 0; at < padded_rows; at += kStep) {
          hn::Store(products.Spread(row, distance + at), kFloats, target + at);
        }
        spread[group + row] = target;
      }
    }
    PackColumns(spread, rows_, Scores(0) + token, scratch_.stride());
  }

  std::ptrdiff_t LastKey(std::size_t token) const {
    return static_cast<std::ptrdiff_t>(std::min(token, head_.tokens - 1));
  }

  /// Of a few rows, from `row` on, with all keys. Returns the larger of `largest` and the sums'
  /// magnitudes, lane by lane.
  template <bool kHasKeyTerms>
  Vector AddQueryTerms(TableProducts& products, std::size_t row, Vector largest) {
    const std::size_t count = std::min(kRows, rows_ - row);
    const float* queries[kRows];
    for (std::size_t index = 0; index < kRows; ++index) {
      queries[index] = head_.query + Query(row + std::min(index, count - 1)) * Stride();
    }
    products.Multiply(queries,
                      {.first = -Query(row + count - 1), .last = columns_ - 1 - Query(row)});
    for (std::size_t index = 0; index < count; ++index) {
      float* const target = Scores(row + index);
      const std::ptrdiff_t distance = -Query(row + index);
      for (std::ptrdiff_t at = 0; at < columns_; at += kStep) {
        Vector sum = products.Spread(index, distance + at);
        if constexpr (kHasKeyTerms) {
          sum = hn::Add(hn::Load(kFloats, target + at), sum);
        }
        hn::Store(sum, kFloats, target + at);
        largest = hn::Max(largest, hn::Abs(sum));
      }
    }
    return largest;
  }

  Vector FindLargest() {
    Vector largest = hn::Zero(kFloats);
    for (std::size_t row = 0; row < rows_; ++row) {
      for (std::ptrdiff_t at = 0; at < columns_; at += kStep) {
        largest = hn::Max(largest, hn::Abs(hn::Load(kFloats, Scores(row) + at)));
      }
    }
    return largest;
  }

  std::ptrdiff_t Query(std::size_t row) const {
    return first_row_ + static_cast<std::ptrdiff_t>(row);
  }
  std::ptrdiff_t Stride() const { return static_cast<std::ptrdiff_t>(head_.stride); }

  static constexpr auto kStep = static_cast<std::ptrdiff_t>(kLanes);
  static constexpr std::size_t kSpreadStride = kPositionRows + 16;

  const AttentionHead<float>& head_;
  std::ptrdiff_t first_row_;
  std::size_t rows_;
  std::ptrdiff_t columns_;
  PositionScratch& scratch_;
};

float Score(const AttentionHead<float>& head, std::size_t first_row, std::size_t rows,
            PositionScratch& scratch) {
  return PositionRun(head, first_row, rows, scratch).Run();
}

}  // namespace

using ScoreFunction = float (*)(const AttentionHead<float>& head, std::size_t first_row,
                                std::size_t rows, PositionScratch& scratch);

// NOLINTNEXTLINE(misc-use-internal-linkage): Highway's table refers to it from outside
ScoreFunction GetScorePositions() {
  return &Score;
}

}  // namespace HWY_NAMESPACE
}  // namespace bertqa
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace bertqa {
namespace {

constexpr std::size_t kMaxLanes = 16;
constexpr std::size_t kMaxProductRows = 8;

}  // namespace

HWY_EXPORT(GetScorePositions);

DistanceRows::DistanceRows(std::span<const std::int32_t> row_of_distance)
    : max_tokens_((row_of_distance.size() + 1) / 2),
      count_(static_cast<std::size_t>(row_of_distance.back()) + 1),
      rows_(row_of_distance.size() + 2 * kMaxLanes) {
  std::fill(std::copy(row_of_distance.begin(), row_of_distance.end(), rows_.data()),
            rows_.data() + rows_.size(), row_of_distance.back());
}

std::size_t PositionTableStride(std::size_t rows) {
  return RoundUp(rows, 2 * kMaxLanes) + kMaxLanes;
}

PositionScratch::PositionScratch(std::size_t max_tokens, std::size_t table_rows)
    : stride_(RoundUp(max_tokens, 2 * kMaxLanes) + kMaxLanes),
      products_stride_(RoundUp(table_rows, kMaxLanes) + 3 * kMaxLanes),
      scores_(kPositionRows * stride_),
      products_(kMaxProductRows * products_stride_),
      spread_(kMaxLanes * (kPositionRows + kMaxLanes)) {}

float ScorePositions(Isa isa, const AttentionHead<float>& head, std::size_t first_row,
                     std::size_t rows, PositionScratch& scratch) {
  using Function = decltype(HWY_STATIC_DISPATCH(GetScorePositions)());
  static const IsaTable<Function> table([] { return HWY_DYNAMIC_DISPATCH(GetScorePositions)(); });
  return table.For(isa)(head, first_row, rows, scratch);
}

}  // namespace bertqa

#endif  // HWY_ONCE
