#include "encoder/attention.h"

#include <ATen/ops/as_strided.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <algorithm>

namespace bertqa {
namespace {

/// A window's rows, `heads` heads from column `first_column` on, as [1, heads, T, D], without a
/// copy.
at::Tensor Heads(const at::Tensor& matrix, TokenRange window, std::size_t first_column,
                 std::size_t heads, std::size_t head_size) {
  const std::int64_t row = matrix.stride(0);
  const auto size = static_cast<std::int64_t>(head_size);
  const auto count = static_cast<std::int64_t>(heads);
  const auto tokens = static_cast<std::int64_t>(window.end - window.begin);
  const std::int64_t offset =
      static_cast<std::int64_t>(window.begin) * row + static_cast<std::int64_t>(first_column);
  return at::as_strided(matrix, {1, count, tokens, size}, {count * size, size, row, 1}, offset);
}

}  // namespace

AttentionShape ShapeAttention(const BertConfig& config) {
  // Four tasks a window keep two to four threads busy with one window; more would pay the
  // operator's fixed cost (about 15 µs) too often.
  constexpr std::size_t kTasksPerWindow = 4;
  return {.hidden_size = config.hidden_size,
          .heads = config.attention_heads,
          .heads_per_task = (config.attention_heads + kTasksPerWindow - 1) / kTasksPerWindow};
}

void AttendWindow(const AttentionShape& shape, const at::Tensor& qkv, TokenRange window,
                  std::size_t group, const at::Tensor& output) {
  const std::size_t head_size = shape.hidden_size / shape.heads;
  const std::size_t first_head = group * shape.heads_per_task;
  const std::size_t heads = std::min(shape.heads_per_task, shape.heads - first_head);
  const std::size_t column = first_head * head_size;
  const auto part = [&](std::size_t index) {  // 0: q, 1: k, 2: v
    return Heads(qkv, window, index * shape.hidden_size + column, heads, head_size);
  };
  Heads(output, window, column, heads, head_size)
      .copy_(at::scaled_dot_product_attention(part(0), part(1), part(2)));
}

}  // namespace bertqa
