#include "autograd/embedding_tables.h"

#include <ATen/ops/embedding.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>

#include <cstdint>
#include <vector>

namespace bertqa {
namespace {

/// A value's place in its window: what position embeddings are looked up by.
std::vector<std::int64_t> PositionsOf(const PackedBatch& inputs) {
  std::vector<std::int64_t> positions;
  positions.reserve(inputs.token_count());
  for (std::size_t window = 0; window < inputs.window_count(); ++window) {
    for (std::size_t token = inputs.offsets[window]; token < inputs.offsets[window + 1]; ++token) {
      positions.push_back(static_cast<std::int64_t>(token - inputs.offsets[window]));
    }
  }
  return positions;
}

at::Tensor IndexTensor(const std::vector<std::int64_t>& indices, at::Device device) {
  return at::tensor(indices, at::kLong).to(device);
}

/// Which rows of the tables a batch's tokens are the sums of.
struct TableRows {
  at::Tensor words;
  at::Tensor positions;
  at::Tensor segments;
};

TableRows RowsOf(const PackedBatch& inputs, at::Device device) {
  return {IndexTensor({inputs.ids.begin(), inputs.ids.end()}, device),
          IndexTensor(PositionsOf(inputs), device),
          IndexTensor({inputs.segments.begin(), inputs.segments.end()}, device)};
}

/// table[rows[i]] += values[i], in the order of i.
void AddRows(const at::Tensor& table, const at::Tensor& rows, const at::Tensor& values) {
  if (!table.is_cpu()) {
    table.index_add_(0, rows, values);
    return;
  }
  const std::int64_t columns = table.size(1);
  auto* const into = table.mutable_data_ptr<float>();
  const auto* const from = values.const_data_ptr<float>();
  const auto* const index = rows.const_data_ptr<std::int64_t>();
  for (std::int64_t row = 0; row < rows.size(0); ++row) {
    float* const target = into + index[row] * columns;
    const float* const source = from + row * columns;
    for (std::int64_t column = 0; column < columns; ++column) {
      target[column] += source[column];
    }
  }
}

}  // namespace

at::Tensor SumEmbeddings(const EmbeddingTables& tables, const PackedBatch& inputs) {
  const c10::NoGradGuard no_gradients;
  const TableRows rows = RowsOf(inputs, tables.words.device());
  // The order of transformers' BertEmbeddings.
  return at::embedding(tables.words, rows.words)
      .add_(at::embedding(tables.segments, rows.segments))
      .add_(at::embedding(tables.positions, rows.positions));
}

void AddToTables(const EmbeddingTables& gradients, const PackedBatch& inputs,
                 const at::Tensor& rows) {
  const TableRows places = RowsOf(inputs, gradients.words.device());
  AddRows(gradients.words, places.words, rows);
  AddRows(gradients.positions, places.positions, rows);
  AddRows(gradients.segments, places.segments, rows);
}

}  // namespace bertqa
