#pragma once

#include <ATen/core/Tensor.h>

#include "bertqa/window.h"

namespace bertqa {

/// The three embedding tables, or their gradients.
struct EmbeddingTables {
  at::Tensor words;      ///< [V, H]
  at::Tensor positions;  ///< [P, H]
  at::Tensor segments;   ///< [S, H]
};

/// Sums of the rows that each token looks up, [N, H]; without a gradient.
at::Tensor SumEmbeddings(const EmbeddingTables& tables, const PackedBatch& inputs);

/// Adds `rows` [N, H], the gradient of such sums, to the tables' gradients, in the tokens' order.
void AddToTables(const EmbeddingTables& gradients, const PackedBatch& inputs,
                 const at::Tensor& rows);

}  // namespace bertqa
