#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <vector>

#include "encoder/config.h"
#include "encoder/task_team.h"

namespace bertqa {

/// Rows of one matrix product. Every product runs over blocks of exactly so many rows, the last one
/// filled up with rows that nobody reads, because a library's kernels round a row differently by
/// the number of rows and by the place among them. With 64 rows MKL's results do not depend on the
/// place, neither with AVX-512 nor with AVX2; with 32 (AVX2) and other counts they do. The test
/// BertEncoderTest/LogitsDoNotDependOnNeighbours watches over it on the machine that it runs on.
inline constexpr std::size_t kBlockRows = 64;

/// One thread's intermediate results of a block: small enough to stay in its cache.
struct Scratch {
  at::Tensor attended;  ///< [kBlockRows, H]
  at::Tensor inner;     ///< [kBlockRows, F]
  at::Tensor logits;    ///< [kBlockRows, 2]
};

/// Everything that one forward pass writes to, kept for the next one: fresh memory costs a page
/// fault for each 4 KiB, a third of the time of a small model.
class Workspace {
 public:
  Workspace(const BertConfig& config, std::size_t threads);

  /// Makes room for `tokens` rows, rounded up to whole blocks; rows past `tokens` are zero or left
  /// from before, finite in any case.
  void Reserve(std::size_t tokens);

  std::size_t blocks() const { return blocks_; }  ///< of the last Reserve
  TaskTeam& team() { return team_; }
  const at::Tensor& hidden() const { return hidden_; }    ///< [rows, H]
  const at::Tensor& qkv() const { return qkv_; }          ///< [rows, S], S = QkvColumns(H)
  const at::Tensor& context() const { return context_; }  ///< [rows, H]
  const Scratch& scratch(std::size_t worker_index) const { return scratch_[worker_index]; }

 private:
  std::size_t hidden_size_;
  std::size_t blocks_ = 0;
  TaskTeam team_;
  at::Tensor hidden_;
  at::Tensor qkv_;
  at::Tensor context_;
  std::vector<Scratch> scratch_;  // [threads]
};

}  // namespace bertqa
