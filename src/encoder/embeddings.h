#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "bertqa/window.h"
#include "encoder/config.h"
#include "encoder/parameters.h"

namespace bertqa {

/// Half-open range of a batch's tokens.
struct TokenRange {
  std::size_t begin = 0;
  std::size_t end = 0;

  std::size_t size() const { return end - begin; }
};

/// `count` elements of type `dtype` that begin at `stored`, as floats.
/// REQUIRES: float32, float16 or bfloat16.
void WidenStored(Isa isa, DType dtype, const std::byte* stored, std::size_t count, float* output);

/// Of each token of `batch` [N]: its row of the position table (PositionRule).
std::vector<std::size_t> PositionRows(const EncoderConfig& config, const PackedBatch& batch);

/// Writes the word embedding of `id` to `output` [E]. REQUIRES: it is inside its table.
void WidenWord(const EmbeddingParameters& parameters, TokenId id, float* output);

/// Writes those of `tokens` of `batch` to `output` [tokens, E].
void WidenWords(const EmbeddingParameters& parameters, const PackedBatch& batch, TokenRange tokens,
                float* output);

/// Adds position and segment embeddings to `values` [tokens, E] ([tokens, H] where positions are so
/// long) and normalises the sums, unless that comes behind the projection. `position_of` [N]:
/// PositionRows. REQUIRES: segments and positions are inside their tables.
void AddPositions(const EmbeddingParameters& parameters, const PackedBatch& batch,
                  std::span<const std::size_t> position_of, TokenRange tokens, float* values);

}  // namespace bertqa
