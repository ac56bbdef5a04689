#pragma once

#include "bertqa/window.h"
#include "encoder/embeddings.h"
#include "encoder/parameters.h"

namespace bertqa {

/// Writes, for each of `tokens` of `batch`, the word embeddings of the token behind it, of itself
/// and of the one before it to `output` [tokens, 3 · E]: the input of MobileBERT's convolution (Sun
/// et al. 2020, section 3.4). Zeros stand where its window has no such token.
/// REQUIRES: ids are inside their table.
void WidenTrigrams(const EmbeddingParameters& parameters, const PackedBatch& batch,
                   TokenRange tokens, float* output);

}  // namespace bertqa
