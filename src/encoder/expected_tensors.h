#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "encoder/config.h"
#include "encoder/weights.h"

namespace bertqa {

/// A tensor that an encoder with a question-answering head has, by its Hugging Face name.
struct ExpectedTensor {
  std::string name;
  Shape shape;
};

/// Adds "<place>.weight", and "<place>.bias" with as many numbers as the weight has rows.
void AddWeightAndBias(std::vector<ExpectedTensor>& tensors, const std::string& place,
                      Shape weight_shape);

/// All tensors of the network that `config` describes, in the order in which it computes (that of
/// transformers' `BertForQuestionAnswering`): shared layers once.
std::vector<ExpectedTensor> ExpectedTensors(const EncoderConfig& config);

enum class HeadPolicy {
  kRequired,  ///< the question-answering head must be there
  kOptional,  ///< it may be missing
};

/// Which entries of a weights file are the tensors of a network.
struct TensorMatch {
  /// Of each of ExpectedTensors, in their order: its index in WeightsFile::entries(); nothing for
  /// one that is missing.
  std::vector<std::optional<std::size_t>> entries;
  std::vector<std::size_t> unused;  ///< entries that the network has no use for
};

/// Finds every tensor of the network, in its shape and a type that weights may have. Names may lack
/// the family's prefix ("bert."), may begin with "module." (DataParallel) and may call weight and
/// bias "gamma" and "beta". The pooler and other heads are unused, as with transformers; index
/// buffers
/// (`embeddings.position_ids`, `embeddings.token_type_ids`) are passed over.
/// Throws Error{kMalformed} that names the first tensor that is wrong, missing, or one too many of
/// the encoder (of a layer that `config` does not have), with the expected and the found shape, or
/// says that a required head is missing; Error{kUnsupported} for a type that is no weight.
TensorMatch MatchTensors(const EncoderConfig& config, const WeightsFile& file, HeadPolicy policy);

}  // namespace bertqa
