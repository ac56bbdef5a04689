#include "kernels/attention_training.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/attention_training_rows.h"
#include "kernels/narrow_tiles.h"

namespace bertqa {
namespace {

constexpr std::size_t kBlockRows = 64;  // queries whose scores are kept at once
constexpr double kLog2E = 1.4426950408889634;

float ToFloatOf(float value) {
  return value;
}
float ToFloatOf(BFloat16 value) {
  return ToFloat(value);
}

void SetValue(float value, float& output) {
  output = value;
}
void SetValue(float value, BFloat16& output) {
  output = ToBFloat16(value);
}

LinearOutput Into(float* values, std::size_t stride) {
  return {.floats = values, .stride = stride};
}
LinearOutput Into(BFloat16* values, std::size_t stride) {
  return {.halves = values, .stride = stride};
}

float* Ensure(AlignedBuffer<float>& buffer, std::size_t count) {
  if (buffer.size() < count) {
    buffer = AlignedBuffer<float>(count);
  }
  return buffer.data();
}

template <typename T>
WeightRule RuleOf(const TrainedHead<T>& head) {
  return {.scale = static_cast<float>(kLog2E / std::sqrt(static_cast<double>(head.head_size))),
          .dropout = MakeDropoutRule(head.dropout_key, head.dropout)};
}

template <typename T>
std::uint32_t FirstIndex(const TrainedHead<T>& head, std::size_t query) {
  return static_cast<std::uint32_t>(head.dropout_first + query * head.tokens);
}

}  // namespace

AttentionTraining::AttentionTraining(Precision precision, Isa isa)
    : isa_(isa),
      keys_(precision, isa, 0, 0),
      values_(precision, isa, 0, 0),
      columns_(precision, isa, 0, 0) {}

template <typename T>
OperandView AttentionTraining::Rows<T>::View(std::size_t first) const {
  return {.data = reinterpret_cast<const std::byte*>(values + first * stride),
          .stride_bytes = stride * sizeof(T)};
}

template <typename T>
AttentionTraining::Rows<T> AttentionTraining::Reserve(AlignedBuffer<std::byte>& buffer,
                                                      std::size_t rows, std::size_t columns) const {
  const std::size_t row_bytes = RoundUp(columns * sizeof(T), kRowStepBytes);
  if (buffer.size() < rows * row_bytes) {
    buffer = AlignedBuffer<std::byte>(rows * row_bytes);
  }
  const Rows<T> reserved{reinterpret_cast<T*>(buffer.data()), row_bytes / sizeof(T)};
  for (std::size_t row = 0; row < rows && columns < reserved.stride; ++row) {
    std::memset(static_cast<void*>(reserved.values + row * reserved.stride + columns), 0,
                row_bytes - columns * sizeof(T));
  }
  return reserved;
}

template <typename T>
AttentionTraining::Rows<T> AttentionTraining::Copy(AlignedBuffer<std::byte>& buffer,
                                                   const T* values, std::size_t stride,
                                                   std::size_t rows, std::size_t columns) const {
  const Rows<T> copy = Reserve<T>(buffer, rows, columns);
  for (std::size_t row = 0; row < rows; ++row) {
    std::copy_n(values + row * stride, columns, copy.values + row * copy.stride);
  }
  return copy;
}

template <typename T>
AttentionTraining::Rows<T> AttentionTraining::CopyTransposed(AlignedBuffer<std::byte>& buffer,
                                                             const T* values, std::size_t stride,
                                                             std::size_t rows,
                                                             std::size_t columns) const {
  const Rows<T> copy = Reserve<T>(buffer, columns, rows);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      copy.values[column * copy.stride + row] = values[row * stride + column];
    }
  }
  return copy;
}

template <typename T>
void AttentionTraining::ForwardOf(const TrainedHead<T>& head, T* output, float* log_sums) {
  const AttentionTrainingRows& functions = AttentionTrainingRowsOf(isa_);
  const WeightRule rule = RuleOf(head);
  const Rows<T> queries = Copy(rows_, head.query, head.stride, head.tokens, head.head_size);
  keys_.Reshape(head.head_size, head.tokens);
  keys_.SetRowsOf(head.key, head.stride);
  values_.Reshape(head.tokens, head.head_size);
  values_.SetTransposed(head.value, head.stride);
  const std::size_t score_stride = RoundUp(head.tokens, PackedLinear::kOutputStep);
  float* const scores = Ensure(scores_, kBlockRows * score_stride);
  const Rows<T> weights = Reserve<T>(weights_, kBlockRows, head.tokens);
  for (std::size_t first = 0; first < head.tokens; first += kBlockRows) {
    const std::size_t count = std::min(kBlockRows, head.tokens - first);
    Multiply(queries.View(first), count, keys_, Activation::kNone, Into(scores, score_stride));
    for (std::size_t row = 0; row < count; ++row) {
      log_sums[first + row] =
          functions.Weigh(scores + row * score_stride, head.tokens, rule,
                          FirstIndex(head, first + row), weights.values + row * weights.stride);
    }
    Multiply(weights.View(0), count, values_, Activation::kNone,
             Into(output + first * head.output_stride, head.output_stride));
  }
}

/// output [T, D], rows as the head's, = leftᵀ [T, queries] · right [queries, D]; `right` is
/// transposed: [D, queries].
template <typename T>
void AttentionTraining::SumOverQueries(const Rows<T>& left, const Rows<T>& right,
                                       const TrainedHead<T>& head, T* output) {
  columns_.Reshape(head.tokens, head.tokens);
  columns_.SetTransposed(left.values, left.stride);
  const std::size_t stride = RoundUp(head.tokens, PackedLinear::kOutputStep);
  float* const sums = Ensure(products_, std::max(kBlockRows, head.head_size) * stride);
  Multiply(right.View(0), head.head_size, columns_, Activation::kNone, Into(sums, stride));
  for (std::size_t token = 0; token < head.tokens; ++token) {
    for (std::size_t index = 0; index < head.head_size; ++index) {
      SetValue(sums[index * stride + token], output[token * head.stride + index]);
    }
  }
}

template <typename T>
void AttentionTraining::BackwardOf(const TrainedHead<T>& head, const T* output,
                                   const T* output_gradient, const float* log_sums,
                                   const HeadGradients<T>& gradients) {
  const AttentionTrainingRows& functions = AttentionTrainingRowsOf(isa_);
  const WeightRule rule = RuleOf(head);
  const std::size_t tokens = head.tokens;
  const std::size_t size = head.head_size;
  const Rows<T> queries = Copy(rows_, head.query, head.stride, tokens, size);
  const Rows<T> wanted = Copy(wanted_, output_gradient, head.output_stride, tokens, size);
  keys_.Reshape(size, tokens);
  keys_.SetRowsOf(head.key, head.stride);
  values_.Reshape(size, tokens);
  values_.SetRowsOf(head.value, head.stride);
  columns_.Reshape(tokens, size);
  columns_.SetTransposed(head.key, head.stride);
  const std::size_t stride = RoundUp(tokens, PackedLinear::kOutputStep);
  float* const scores = Ensure(scores_, kBlockRows * stride);
  float* const products = Ensure(products_, std::max(kBlockRows, size) * stride);
  const Rows<T> weights = Reserve<T>(weights_, tokens, tokens);
  const Rows<T> score_gradients = Reserve<T>(gradients_, tokens, tokens);
  for (std::size_t first = 0; first < tokens; first += kBlockRows) {
    const std::size_t count = std::min(kBlockRows, tokens - first);
    Multiply(queries.View(first), count, keys_, Activation::kNone, Into(scores, stride));
    Multiply(wanted.View(first), count, values_, Activation::kNone, Into(products, stride));
    for (std::size_t row = first; row < first + count; ++row) {
      // Σ_j weight · its gradient is the product of the output with its own gradient.
      float delta = 0;
      for (std::size_t index = 0; index < size; ++index) {
        delta += ToFloatOf(output[row * head.output_stride + index]) *
                 ToFloatOf(output_gradient[row * head.output_stride + index]);
      }
      const ScoreRow scored{.scores = scores + (row - first) * stride,
                            .weight_gradients = products + (row - first) * stride,
                            .count = tokens,
                            .log_sum = log_sums[row],
                            .delta = delta,
                            .first_index = FirstIndex(head, row)};
      functions.Differentiate(scored, rule, weights.values + row * weights.stride,
                              score_gradients.values + row * score_gradients.stride);
    }
    Multiply(score_gradients.View(first), count, columns_, Activation::kNone,
             Into(gradients.query + first * head.stride, head.stride));
  }
  SumOverQueries(score_gradients,
                 CopyTransposed(transposed_, head.query, head.stride, tokens, size), head,
                 gradients.key);
  SumOverQueries(weights,
                 CopyTransposed(transposed_, output_gradient, head.output_stride, tokens, size),
                 head, gradients.value);
}

void AttentionTraining::Forward(const TrainedHead<float>& head, float* output, float* log_sums) {
  ForwardOf(head, output, log_sums);
}

void AttentionTraining::Forward(const TrainedHead<BFloat16>& head, BFloat16* output,
                                float* log_sums) {
  ForwardOf(head, output, log_sums);
}

void AttentionTraining::Backward(const TrainedHead<float>& head, const float* output,
                                 const float* output_gradient, const float* log_sums,
                                 const HeadGradients<float>& gradients) {
  BackwardOf(head, output, output_gradient, log_sums, gradients);
}

void AttentionTraining::Backward(const TrainedHead<BFloat16>& head, const BFloat16* output,
                                 const BFloat16* output_gradient, const float* log_sums,
                                 const HeadGradients<BFloat16>& gradients) {
  BackwardOf(head, output, output_gradient, log_sums, gradients);
}

}  // namespace bertqa
