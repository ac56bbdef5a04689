#pragma once

#include <cstddef>
#include <vector>

#include "encoder/expected_tensors.h"
#include "encoder/parameters.h"

namespace bertqa {

class TensorLoader;

/// ExpectedTensors of ModernBERT, as transformers' `ModernBertForQuestionAnswering` has them: which
/// biases there are is the configuration's choice, queries, keys and values are one matrix, the
/// feed-forward layer's input and gate are another, and layer 0 has no norm before attention, which
/// the embeddings' is.
std::vector<ExpectedTensor> ModernBertTensors(const EncoderConfig& config);

LayerParameters ReadModernBertLayer(const TensorLoader& loader, std::size_t layer_index);
EmbeddingParameters ReadModernBertEmbeddings(const TensorLoader& loader);
HeadTransform ReadModernBertHead(const TensorLoader& loader);

}  // namespace bertqa
