#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bertqa/tokenizer.h"
#include "encoder/config.h"
#include "encoder/memory_weights.h"
#include "model/directory.h"

namespace bertqa {

/// A model that training begins with.
struct BaseModel {
  EncoderConfig config;
  double dropout = 0.1;  ///< "hidden_dropout_prob" of config.json
  std::unique_ptr<const Tokenizer> tokenizer;
  ModelNotes notes;
  std::vector<MemoryTensor> tensors;  ///< ExpectedTensors(config), in that order
  std::vector<std::string> fresh;     ///< tensors that were not there, as ExpectedTensors says
  std::vector<std::string> unused;    ///< tensors of the file that training has no use for
};

/// Reads a model directory or a folder as Hugging Face saves it, with or without a
/// question-answering head: of a plain BertModel, or with a head of another kind, which is passed
/// over. A missing head is drawn from a normal distribution with the deviation "initializer_range"
/// of config.json, bias 0, as transformers draws it; the same for a seed everywhere.
/// Throws Error{kUnreadable, kMalformed, kUnsupported} as LoadModel.
BaseModel ReadBaseModel(const std::filesystem::path& directory, std::uint64_t seed);

}  // namespace bertqa
