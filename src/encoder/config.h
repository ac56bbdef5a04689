#pragma once

#include <cstddef>
#include <filesystem>

#include "kernels/activation.h"

namespace bertqa {

/// What a BERT's `config.json` says of its shape. All sizes are at least 1.
struct BertConfig {
  std::size_t vocabulary_size = 0;
  std::size_t hidden_size = 0;        ///< H
  std::size_t layers = 0;             ///< L
  std::size_t attention_heads = 0;    ///< A; divides H
  std::size_t intermediate_size = 0;  ///< F, of the feed-forward layer
  std::size_t max_positions = 0;      ///< the longest input
  std::size_t segment_types = 2;
  double layer_norm_epsilon = 1e-12;
  Activation activation = Activation::kGelu;  ///< not kNone

  std::size_t head_size() const { return hidden_size / attention_heads; }  ///< D
};

/// Reads and checks `config.json`. Throws Error{kUnreadable, kMalformed}, or Error{kUnsupported}
/// that names the key and its value where the network is of a kind that is not built here.
BertConfig ReadBertConfig(const std::filesystem::path& path);

/// What `config.json` says of training; defaults where it says nothing.
struct BertTrainingDefaults {
  double dropout = 0.1;             ///< "hidden_dropout_prob", from 0 to below 1
  double initializer_range = 0.02;  ///< the standard deviation of fresh weights, above 0
};

/// Errors as ReadBertConfig.
BertTrainingDefaults ReadTrainingDefaults(const std::filesystem::path& path);

}  // namespace bertqa
