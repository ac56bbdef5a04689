#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "encoder/checkpoint.h"
#include "encoder/config.h"

namespace bertqa {

/// A half-open range of values.
struct ValueRange {
  std::size_t begin = 0;
  std::size_t end = 0;

  std::size_t size() const { return end - begin; }
};

/// Where each parameter lies in one array of all of them. What is treated alike lies together, so
/// that AdamW and conversions run over few long ranges, and the weights of query, key and value are
/// one matrix:
/// tables | layers' and head's weights | their biases | layers' LayerNorm | embeddings' LayerNorm.
class ParameterLayout {
 public:
  explicit ParameterLayout(const EncoderConfig& config);

  struct Entry {
    ExpectedTensor tensor;
    ValueRange range;
  };

  const std::vector<Entry>& entries() const { return entries_; }
  /// `name` as ExpectedTensors spells it. REQUIRES: it is one of them.
  const Entry& Find(std::string_view name) const;
  std::size_t size() const { return entries_.back().range.end; }

  ValueRange tables() const { return tables_; }
  ValueRange weights() const { return weights_; }
  ValueRange biases() const { return biases_; }
  ValueRange layer_norms() const { return layer_norms_; }
  ValueRange embedding_norm() const { return embedding_norm_; }

 private:
  template <class Belongs>
  ValueRange Append(const EncoderConfig& config, const Belongs& belongs);

  std::vector<Entry> entries_;
  ValueRange tables_;
  ValueRange weights_;
  ValueRange biases_;
  ValueRange layer_norms_;
  ValueRange embedding_norm_;
};

}  // namespace bertqa
