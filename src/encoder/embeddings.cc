#include "encoder/embeddings.h"

#include <cstring>

#include "kernels/widen.h"

namespace bertqa {

void WidenStored(Isa isa, DType dtype, const std::byte* stored, std::size_t count, float* output) {
  switch (dtype) {
    case DType::kFloat16:
      return Widen(isa, reinterpret_cast<const Float16*>(stored), count, output);
    case DType::kBFloat16:
      return Widen(isa, reinterpret_cast<const BFloat16*>(stored), count, output);
    default:
      std::memcpy(output, stored, count * sizeof(float));
  }
}

std::vector<std::size_t> PositionRows(const EncoderConfig& config, const PackedBatch& batch) {
  const bool is_after_pad = config.positions_follow_pad();
  std::vector<std::size_t> rows;
  rows.reserve(batch.token_count());
  for (std::size_t window = 0; window < batch.window_count(); ++window) {
    std::size_t next = config.first_position();
    for (std::size_t token = batch.offsets[window]; token < batch.offsets[window + 1]; ++token) {
      const bool is_pad =
          is_after_pad && static_cast<std::size_t>(batch.ids[token]) == config.pad_id;
      rows.push_back(is_pad ? config.pad_id : next++);
    }
  }
  return rows;
}

void WidenWord(const EmbeddingParameters& parameters, TokenId id, float* output) {
  const std::size_t row_bytes = parameters.word_width * SizeOf(parameters.words_dtype);
  WidenStored(parameters.isa, parameters.words_dtype,
              parameters.words.bytes.data() + static_cast<std::size_t>(id) * row_bytes,
              parameters.word_width, output);
}

void WidenWords(const EmbeddingParameters& parameters, const PackedBatch& batch, TokenRange tokens,
                float* output) {
  for (std::size_t token = tokens.begin; token < tokens.end; ++token) {
    WidenWord(parameters, batch.ids[token],
              output + (token - tokens.begin) * parameters.word_width);
  }
}

void AddPositions(const EmbeddingParameters& parameters, const PackedBatch& batch,
                  std::span<const std::size_t> position_of, TokenRange tokens, float* values) {
  const std::size_t width = parameters.position_width;
  for (std::size_t token = tokens.begin; token < tokens.end; ++token) {
    float* const row = values + (token - tokens.begin) * width;
    const std::size_t position_row = parameters.reads_positions ? position_of[token] : 0;
    const float* const position = parameters.positions.data() + position_row * width;
    const std::size_t segment_row =
        parameters.reads_segments ? static_cast<std::size_t>(batch.segments[token]) : 0;
    const float* const segment = parameters.segments.data() + segment_row * width;
    for (std::size_t index = 0; index < width; ++index) {
      row[index] += position[index] + segment[index];
    }
  }
  if (!parameters.normalises_projected) {
    Normalise(parameters.isa, parameters.norm, values, /*residual=*/nullptr, tokens.size());
  }
}

}  // namespace bertqa
