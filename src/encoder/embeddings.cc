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

void Embed(const EmbeddingParameters& parameters, const PackedBatch& batch,
           std::span<const std::size_t> position_of, TokenRange tokens, float* output) {
  const Isa isa = parameters.isa;
  const std::size_t hidden = parameters.norm.weight.size();
  const std::size_t word_bytes = hidden * SizeOf(parameters.words_dtype);
  for (std::size_t token = tokens.begin; token < tokens.end; ++token) {
    float* const row = output + (token - tokens.begin) * hidden;
    const auto id = static_cast<std::size_t>(batch.ids[token]);
    WidenStored(isa, parameters.words_dtype, parameters.words.bytes.data() + id * word_bytes,
                hidden, row);
    const float* const position = parameters.positions.data() + position_of[token] * hidden;
    const float* const segment =
        parameters.segments.data() + static_cast<std::size_t>(batch.segments[token]) * hidden;
    for (std::size_t index = 0; index < hidden; ++index) {
      row[index] += position[index] + segment[index];
    }
  }
  AddAndNormalise(isa, output, /*residual=*/nullptr, tokens.size(), hidden,
                  parameters.norm.weight.data(), parameters.norm.bias.data(),
                  parameters.norm.epsilon);
}

}  // namespace bertqa
