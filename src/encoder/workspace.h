#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "encoder/compute_options.h"
#include "encoder/config.h"
#include "encoder/rotary_table.h"
#include "encoder/task_team.h"
#include "kernels/attention.h"
#include "kernels/operand.h"

namespace bertqa {

/// One thread's intermediate results of a block: small enough to stay in its cache.
struct Scratch {
  Scratch(const EncoderConfig& config, const ComputeOptions& options);

  AlignedBuffer<float> embedded;  ///< [block rows, E or 3 · E]; none where E is H
  AlignedBuffer<float> attended;  ///< [block rows, T]
  AlignedBuffer<float> inner;     ///< [block rows, F]; none where it is bfloat16
  AlignedBuffer<float> logits;    ///< [block rows, 2]
  /// [block rows, what a group of the convolution reads]; none without one
  AlignedBuffer<float> neighbours;
  AlignedBuffer<float> widened;  ///< [block rows, H]; none where there are no bottlenecks
  Operand operand;               ///< [block rows, the longest of all these]
  Operand inner_operand;         ///< [block rows, F] instead of inner
  AttentionScratch attention;    ///< for no window before ReserveWindows

 private:
  Scratch(const EncoderConfig& config, const ComputeOptions& options, std::size_t rows,
          ActivationTypes types);
};

/// Everything that one forward pass writes to, kept for the next one: fresh memory costs a page
/// fault for each 4 KiB, a third of the time of a small model.
class Workspace {
 public:
  Workspace(const EncoderConfig& config, const ComputeOptions& options, std::size_t threads);

  /// Makes room for `tokens` rows.
  void Reserve(std::size_t tokens);
  /// Makes room for attention in windows of up to `max_tokens`, with tables of positions of up to
  /// `table_rows` (0: none). A family may take windows that are far longer than the usual ones.
  void ReserveWindows(std::size_t max_tokens, std::size_t table_rows);
  /// Makes the tables of rotary positions, if there are any, long enough for such a window.
  void ReserveRotary(std::size_t window_tokens);

  TaskTeam& team() { return team_; }
  Scratch& scratch(std::size_t worker_index) { return scratch_[worker_index]; }

  float* hidden() { return hidden_.data(); }        ///< [rows, H]
  float* convolved() { return convolved_.data(); }  ///< [rows, H]; or none
  /// What attention's result is added to, [rows, T]: hidden() where there are no bottlenecks.
  float* layer_input() { return has_bottlenecks_ ? layer_input_.data() : hidden_.data(); }
  float* qkv() { return qkv_.data(); }                       ///< [rows, 3 · T]
  float* context() { return context_.data(); }               ///< [rows, T]
  BFloat16* qkv_bf16() { return qkv_bf16_.data(); }          ///< instead of qkv()
  BFloat16* context_bf16() { return context_bf16_.data(); }  ///< [rows, context_stride()]
  /// The distance of context_bf16's rows: an Operand's, so that they are one.
  std::size_t context_stride() const;

  // Of the layers that see the whole window, and of the local ones. REQUIRES: rotary positions.
  const RotaryTable& global_rotary() const { return rotary_.front(); }
  const RotaryTable& local_rotary() const { return rotary_.back(); }

 private:
  Isa isa_;
  std::size_t hidden_size_;
  std::size_t head_size_;
  bool has_convolution_;
  std::size_t layer_width_;
  bool has_bottlenecks_;
  ActivationTypes types_;
  std::size_t rows_ = 0;
  std::size_t max_window_tokens_ = 0;  // that there is room for
  TaskTeam team_;
  AlignedBuffer<float> hidden_;
  AlignedBuffer<float> layer_input_;
  AlignedBuffer<float> qkv_;
  AlignedBuffer<float> context_;
  AlignedBuffer<float> convolved_;
  AlignedBuffer<BFloat16> qkv_bf16_;
  AlignedBuffer<BFloat16> context_bf16_;
  std::vector<RotaryTable> rotary_;  // global, local; or none
  std::vector<Scratch> scratch_;     // [threads]
};

}  // namespace bertqa
