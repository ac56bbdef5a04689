#include "encoder/embeddings.h"

#include <cstring>

#include "kernels/layer_norm.h"
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

void Embed(const EmbeddingParameters& parameters, const PackedBatch& batch,
           std::span<const std::size_t> position_of, TokenRange tokens, float* output) {
  const Isa isa = parameters.isa;
  const std::size_t width = parameters.width();
  const std::size_t word_bytes = width * SizeOf(parameters.words_dtype);
  for (std::size_t token = tokens.begin; token < tokens.end; ++token) {
    float* const row = output + (token - tokens.begin) * width;
    const auto id = static_cast<std::size_t>(batch.ids[token]);
    WidenStored(isa, parameters.words_dtype, parameters.words.bytes.data() + id * word_bytes, width,
                row);
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
    AddAndNormalise(isa, output, /*residual=*/nullptr, tokens.size(), width,
                    parameters.norm.weight.data(), parameters.norm.bias.data(),
                    parameters.norm.epsilon);
  }
}

}  // namespace bertqa
