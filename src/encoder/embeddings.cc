#include "encoder/embeddings.h"

#include "encoder/layer_norm.h"

namespace bertqa {
namespace {

const float* Row(const at::Tensor& table, std::size_t index) {
  return table.const_data_ptr<float>() + index * static_cast<std::size_t>(table.size(1));
}

template <typename Stored>
void AddWord(const at::Tensor& table, std::size_t id, std::size_t hidden, float* output) {
  const Stored* const row = static_cast<const Stored*>(table.const_data_ptr()) + id * hidden;
  for (std::size_t index = 0; index < hidden; ++index) {
    output[index] += static_cast<float>(row[index]);
  }
}

void AddWord(const at::Tensor& table, std::size_t id, float* output) {
  const auto hidden = static_cast<std::size_t>(table.size(1));
  switch (table.scalar_type()) {
    case at::kHalf:
      return AddWord<at::Half>(table, id, hidden, output);
    case at::kBFloat16:
      return AddWord<at::BFloat16>(table, id, hidden, output);
    default:
      return AddWord<float>(table, id, hidden, output);
  }
}

}  // namespace

void Embed(const EmbeddingParameters& parameters, const PackedBatch& batch,
           std::span<const std::size_t> position_of, TokenRange tokens, float* output) {
  const auto hidden = static_cast<std::size_t>(parameters.words.size(1));
  for (std::size_t token = tokens.begin; token < tokens.end; ++token) {
    float* const row = output + (token - tokens.begin) * hidden;
    const float* const position = Row(parameters.positions, position_of[token]);
    const float* const segment =
        Row(parameters.segments, static_cast<std::size_t>(batch.segments[token]));
    for (std::size_t index = 0; index < hidden; ++index) {
      row[index] = position[index] + segment[index];
    }
    AddWord(parameters.words, static_cast<std::size_t>(batch.ids[token]), row);
  }
  AddAndNormalise(output, /*residual=*/nullptr, tokens.end - tokens.begin, parameters.norm);
}

}  // namespace bertqa
