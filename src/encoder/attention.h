#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>

#include "encoder/config.h"
#include "encoder/embeddings.h"

namespace bertqa {

/// How a layer's attention is cut into tasks: a group of heads of one window each.
struct AttentionShape {
  std::size_t hidden_size = 0;
  std::size_t heads = 0;
  std::size_t heads_per_task = 0;

  std::size_t tasks_per_window() const { return (heads + heads_per_task - 1) / heads_per_task; }
};

AttentionShape ShapeAttention(const BertConfig& config);

/// Self-attention of one window over one group of heads: softmax(Q · Kᵀ / √D) · V (Vaswani et al.
/// 2017, eq. 1), every token of the window attending to all of it.
/// `qkv` [rows, S] holds q, k and v side by side; writes the group's columns of the window's rows
/// of `output` [rows, H]. REQUIRES: group < shape.tasks_per_window(), a non-empty window.
void AttendWindow(const AttentionShape& shape, const at::Tensor& qkv, TokenRange window,
                  std::size_t group, const at::Tensor& output);

}  // namespace bertqa
