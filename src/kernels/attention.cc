#include "kernels/attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "kernels/narrow_tiles.h"
#include "kernels/vector_kernels.h"

namespace bertqa {
namespace {

/// Values that lie together in a step of a product's depth.
template <typename T>
constexpr std::size_t kStep = sizeof(float) / sizeof(T);

/// Depths of products are filled up with zeros: AMX takes 64 bytes of a row at a time.
template <typename T>
constexpr std::size_t PadDepth(std::size_t count) {
  return kStep<T> == 1 ? count : RoundUp(count, kRowStepBytes / sizeof(T));
}

/// One call of Attend. Follows the order of the formula; see Run.
template <typename T>
class HeadRun {
 public:
  HeadRun(const VectorKernels& kernels, const TileKernel& tile, const AttentionHead<T>& head,
          AttentionScratch& scratch)
      : kernels_(kernels),
        tile_(tile),
        head_(head),
        scratch_(scratch),
        padded_tokens_(RoundUp(head.tokens, kPanelColumns)),
        padded_size_(PadDepth<T>(head.head_size)) {}

  void Run() {
    PackKeys();
    PackValues();
    // As in Multiply: even groups, or AMX's whole tiles.
    const std::size_t groups = (head_.tokens + tile_.max_rows - 1) / tile_.max_rows;
    const std::size_t rows =
        tile_.begin != nullptr ? tile_.max_rows : (head_.tokens + groups - 1) / groups;
    if (tile_.begin != nullptr) {
      tile_.begin();
    }
    for (std::size_t row = 0; row < head_.tokens; row += rows) {
      AttendRows(row, std::min(rows, head_.tokens - row));
    }
    if (tile_.end != nullptr) {
      tile_.end();
    }
  }

 private:
  /// Kᵀ in panels of 32 tokens: [head size / step][32][step]. Tokens past the last are zero.
  void PackKeys() {
    T* const packed = reinterpret_cast<T*>(scratch_.keys());
    for (std::size_t token = 0; token < padded_tokens_; ++token) {
      T* const column = packed + token / kPanelColumns * kPanelColumns * padded_size_ +
                        token % kPanelColumns * kStep<T>;
      const T* const key = head_.key + token * head_.stride;
      for (std::size_t index = 0; index < padded_size_; ++index) {
        const bool is_inside = token < head_.tokens && index < head_.head_size;
        column[index / kStep<T> * kPanelColumns * kStep<T> + index % kStep<T>] =
            is_inside ? key[index] : T{};
      }
    }
  }

  /// V in panels of 32 columns: [tokens / step][32][step], likewise.
  void PackValues() {
    T* const packed = reinterpret_cast<T*>(scratch_.values());
    const std::size_t depth = padded_tokens_;
    for (std::size_t column = 0; column < head_.head_size; column += kPanelColumns) {
      T* const panel = packed + column * depth;
      const std::size_t columns = std::min(kPanelColumns, head_.head_size - column);
      for (std::size_t token = 0; token < depth; ++token) {
        T* const row = panel + token / kStep<T> * kPanelColumns * kStep<T> + token % kStep<T>;
        const T* const value = head_.value + token * head_.stride + column;
        for (std::size_t index = 0; index < kPanelColumns; ++index) {
          row[index * kStep<T>] = token < head_.tokens && index < columns ? value[index] : T{};
        }
      }
    }
  }

  void AttendRows(std::size_t first_row, std::size_t rows) {
    LoadQueries(first_row, rows);
    float* const scores = scratch_.scores();
    for (std::size_t token = 0; token < padded_tokens_; token += kPanelColumns) {
      tile_.multiply(reinterpret_cast<const std::byte*>(scratch_.queries()),
                     padded_size_ * sizeof(T), rows,
                     reinterpret_cast<const std::byte*>(
                         reinterpret_cast<const T*>(scratch_.keys()) + token * padded_size_),
                     padded_size_ / kStep<T>, scores + token, padded_tokens_);
    }
    float shares[kMaxTileRows];  // 1 / Σ of each row
    for (std::size_t row = 0; row < rows; ++row) {
      shares[row] = 1.0F / Weigh(row);
    }
    const T* const weights =
        reinterpret_cast<const T*>(kStep<T> == 1 ? scores : scratch_.weights());
    for (std::size_t column = 0; column < head_.head_size; column += kPanelColumns) {
      tile_.multiply(reinterpret_cast<const std::byte*>(weights), padded_tokens_ * sizeof(T), rows,
                     reinterpret_cast<const std::byte*>(
                         reinterpret_cast<const T*>(scratch_.values()) + column * padded_tokens_),
                     padded_tokens_ / kStep<T>, scratch_.tile(), kPanelColumns);
      StoreColumns(first_row, rows, column, shares);
    }
  }

  /// log2(e) / √D goes into the queries, so that the soft-max takes powers of 2.
  void LoadQueries(std::size_t first_row, std::size_t rows) {
    T* const queries = reinterpret_cast<T*>(scratch_.queries());
    const auto factor =
        static_cast<float>(std::numbers::log2e / std::sqrt(static_cast<double>(head_.head_size)));
    for (std::size_t row = 0; row < rows; ++row) {
      const T* const query = head_.query + (first_row + row) * head_.stride;
      T* const target = queries + row * padded_size_;
      if constexpr (kStep<T> == 1) {
        kernels_.scale(query, head_.head_size, factor, target);
      } else {
        // Rounding the scaled queries again would cost accuracy: the scores are scaled instead.
        std::memcpy(target, query, head_.head_size * sizeof(T));
        std::memset(static_cast<void*>(target + head_.head_size), 0,
                    (padded_size_ - head_.head_size) * sizeof(T));
      }
    }
    factor_ = factor;
  }

  /// The soft-max's numerators of a row; returns their sum.
  float Weigh(std::size_t row) {
    float* const scores = scratch_.scores() + row * padded_tokens_;
    if constexpr (kStep<T> == 1) {
      return kernels_.exponentiate(scores, head_.tokens, padded_tokens_);
    } else {
      return kernels_.exponentiate_narrow(
          scores, head_.tokens, factor_, padded_tokens_,
          reinterpret_cast<T*>(scratch_.weights()) + row * padded_tokens_);
    }
  }

  void StoreColumns(std::size_t first_row, std::size_t rows, std::size_t column,
                    const float* shares) {
    const std::size_t columns = std::min(kPanelColumns, head_.head_size - column);
    for (std::size_t row = 0; row < rows; ++row) {
      T* const output = head_.output + (first_row + row) * head_.output_stride + column;
      const float* const sums = scratch_.tile() + row * kPanelColumns;
      if constexpr (kStep<T> == 1) {
        kernels_.scale(sums, columns, shares[row], output);
      } else {
        kernels_.scale_narrow(sums, columns, shares[row], output);
      }
    }
  }

  const VectorKernels& kernels_;
  const TileKernel& tile_;
  const AttentionHead<T>& head_;
  AttentionScratch& scratch_;
  std::size_t padded_tokens_;
  std::size_t padded_size_;
  float factor_ = 0;
};

}  // namespace

AttentionScratch::AttentionScratch(Isa /*isa*/, std::size_t max_tokens, std::size_t head_size)
    : keys_(RoundUp(max_tokens, kPanelColumns) * RoundUp(head_size, kPanelColumns)),
      values_(keys_.size()),
      queries_(kMaxTileRows * RoundUp(head_size, kPanelColumns)),
      scores_(kMaxTileRows * RoundUp(max_tokens, kPanelColumns)),
      weights_(scores_.size() / 2),
      tile_(kMaxTileRows * kPanelColumns) {}

void Attend(Isa isa, const AttentionHead<float>& head, AttentionScratch& scratch) {
  const VectorKernels& kernels = KernelsFor(isa);
  HeadRun<float>(kernels, kernels.tile, head, scratch).Run();
}

void Attend(Isa isa, const AttentionHead<BFloat16>& head, AttentionScratch& scratch) {
  const TileKernel tile = BFloat16Tile(isa);
  HeadRun<BFloat16>(KernelsFor(isa), tile, head, scratch).Run();
}

}  // namespace bertqa
