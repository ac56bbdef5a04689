#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/linear.h"
#include "kernels/narrow_tiles.h"
#include "kernels/row_conversion.h"
#include "kernels/tile.h"

namespace bertqa {
namespace {

static_assert(PackedLinear::kOutputStep == kPanelColumns);

/// Bytes of a weight, and so many of them in a step of depth.
struct Packing {
  std::size_t element_bytes;
  std::size_t elements_in_step;
};

constexpr Packing PackingOf(Precision precision) {
  switch (precision) {
    case Precision::kBFloat16:
      return {.element_bytes = 2, .elements_in_step = 2};
    case Precision::kInt8:
      return {.element_bytes = 1, .elements_in_step = 4};
    default:
      return {.element_bytes = 4, .elements_in_step = 1};
  }
}

std::size_t DepthOf(Precision precision, std::size_t inputs) {
  const Packing packing = PackingOf(precision);
  if (precision == Precision::kFloat32) {
    return inputs;
  }
  return RoundUp(inputs, kRowStepBytes / packing.element_bytes) / packing.elements_in_step;
}

std::uint32_t BitsOf(BFloat16 value) {
  return value.bits;
}
std::uint32_t BitsOf(float value) {
  return ToBFloat16(value).bits;
}

/// out[i] holds even[i] and odd[i].
template <typename T>
void Pair(const T* even, const T* odd, std::size_t count, std::uint32_t* out) {
  for (std::size_t index = 0; index < count; ++index) {
    out[index] = BitsOf(even[index]) | BitsOf(odd[index]) << 16U;
  }
}

}  // namespace

PackedLinear::PackedLinear(Precision precision, Isa isa, std::size_t inputs, std::size_t outputs)
    : precision_(precision),
      isa_(isa),
      inputs_(inputs),
      outputs_(outputs),
      depth_(DepthOf(precision, inputs)),
      panel_bytes_(depth_ * kPanelColumns * 4),
      packed_(RoundUp(outputs, kOutputStep) / kOutputStep * panel_bytes_),
      biases_(RoundUp(outputs, kOutputStep)),
      group_inputs_(Int8GroupInputs(isa)),
      groups_(precision == Precision::kInt8 ? RoundUp(inputs, group_inputs_) / group_inputs_ : 1),
      scales_(precision == Precision::kInt8 ? groups_ * biases_.size() : 0),
      sums_(scales_.size()) {}

void PackedLinear::SetRows(std::size_t first_output, std::size_t count, const float* weights,
                           const float* biases) {
  std::byte* const panel = MutablePanel(first_output);
  for (std::size_t column = 0; column < count; ++column) {
    const float* const row = weights + column * inputs_;
    biases_.data()[first_output + column] = biases[column];
    switch (precision_) {
      case Precision::kBFloat16:
        SetBFloat16Column(reinterpret_cast<BFloat16*>(panel), column, row);
        break;
      case Precision::kInt8:
        SetInt8Column(reinterpret_cast<std::int8_t*>(panel), first_output + column, row);
        break;
      default:
        SetFloatColumn(reinterpret_cast<float*>(panel), column, row);
    }
  }
}

void PackedLinear::SetFloatColumn(float* panel, std::size_t column, const float* row) const {
  for (std::size_t input = 0; input < inputs_; ++input) {
    panel[input * kPanelColumns + column] = row[input];
  }
}

void PackedLinear::SetBFloat16Column(BFloat16* panel, std::size_t column, const float* row) const {
  for (std::size_t input = 0; input < inputs_; ++input) {
    panel[(input / 2 * kPanelColumns + column) * 2 + input % 2] = ToBFloat16(row[input]);
  }
}

void PackedLinear::SetInt8Column(std::int8_t* panel, std::size_t output, const float* row) {
  for (std::size_t group = 0; group < groups_; ++group) {
    const std::size_t begin = group * group_inputs_;
    const std::size_t count = std::min(group_inputs_, inputs_ - begin);
    alignas(kCacheLineBytes) std::array<std::int8_t, kMaxInt8GroupInputs> bytes = {};
    const WeightScale scale = RowConversionsOf(isa_).quantise_weights(
        row + begin, count, AddsInt8PairsIn16Bits(isa_), bytes.data());
    scales_.data()[group * biases_.size() + output] = scale.scale;
    sums_.data()[group * biases_.size() + output] = scale.sum;
    for (std::size_t input = 0; input < count; input += 4) {
      const std::size_t step = (begin + input) / 4;
      std::memcpy(panel + (step * kPanelColumns + output % kOutputStep) * 4, bytes.data() + input,
                  4);
    }
  }
}

void PackedLinear::Reshape(std::size_t inputs, std::size_t outputs) {
  inputs_ = inputs;
  outputs_ = outputs;
  depth_ = DepthOf(precision_, inputs);
  panel_bytes_ = depth_ * kPanelColumns * 4;
  const std::size_t bytes = RoundUp(outputs, kOutputStep) / kOutputStep * panel_bytes_;
  if (bytes > packed_.size()) {
    packed_ = AlignedBuffer<std::byte>(bytes);
  }
  if (RoundUp(outputs, kOutputStep) > biases_.size()) {
    biases_ = AlignedBuffer<float>(RoundUp(outputs, kOutputStep));
  }
}

void PackedLinear::SetRowsOf(const float* weights, std::size_t stride) {
  for (std::size_t first = 0; first < outputs_; first += kPanelColumns) {
    const std::size_t columns = std::min(kPanelColumns, outputs_ - first);
    auto* const panel = reinterpret_cast<float*>(MutablePanel(first));
    for (std::size_t column = 0; column < columns; ++column) {
      SetFloatColumn(panel, column, weights + (first + column) * stride);
    }
    for (std::size_t input = 0; input < inputs_; ++input) {
      std::fill(panel + input * kPanelColumns + columns, panel + (input + 1) * kPanelColumns, 0.0F);
    }
  }
}

void PackedLinear::SetRowsOf(const BFloat16* weights, std::size_t stride) {
  for (std::size_t first = 0; first < outputs_; first += kPanelColumns) {
    const std::size_t columns = std::min(kPanelColumns, outputs_ - first);
    auto* const panel = reinterpret_cast<std::uint32_t*>(MutablePanel(first));
    for (std::size_t step = 0; step < depth_; ++step) {
      std::uint32_t* const row = panel + step * kPanelColumns;
      std::fill(row, row + kPanelColumns, 0U);
      if (2 * step >= inputs_) {
        continue;
      }
      const BFloat16* const pair = weights + first * stride + 2 * step;
      const bool has_odd = 2 * step + 1 < inputs_;
      for (std::size_t column = 0; column < columns; ++column) {
        const BFloat16* const values = pair + column * stride;
        row[column] = values[0].bits | (has_odd ? std::uint32_t{values[1].bits} << 16U : 0U);
      }
    }
  }
}

void PackedLinear::SetTransposed(const float* weights, std::size_t stride) {
  if (precision_ == Precision::kBFloat16) {
    SetPairs(weights, stride);
    return;
  }
  for (std::size_t first = 0; first < outputs_; first += kPanelColumns) {
    const std::size_t columns = std::min(kPanelColumns, outputs_ - first);
    auto* const panel = reinterpret_cast<float*>(MutablePanel(first));
    for (std::size_t input = 0; input < inputs_; ++input) {
      float* const row = panel + input * kPanelColumns;
      std::copy_n(weights + input * stride + first, columns, row);
      std::fill(row + columns, row + kPanelColumns, 0.0F);
    }
  }
}

void PackedLinear::SetTransposed(const BFloat16* weights, std::size_t stride) {
  SetPairs(weights, stride);
}

template <typename T>
void PackedLinear::SetPairs(const T* weights, std::size_t stride) {
  constexpr std::array<T, kPanelColumns> kNothing = {};
  for (std::size_t first = 0; first < outputs_; first += kPanelColumns) {
    const std::size_t columns = std::min(kPanelColumns, outputs_ - first);
    auto* const panel = reinterpret_cast<std::uint32_t*>(MutablePanel(first));
    for (std::size_t step = 0; step < depth_; ++step) {
      std::uint32_t* const row = panel + step * kPanelColumns;
      const T* const even = weights + 2 * step * stride + first;
      Pair(2 * step < inputs_ ? even : kNothing.data(),
           2 * step + 1 < inputs_ ? even + stride : kNothing.data(), columns, row);
      std::fill(row + columns, row + kPanelColumns, 0U);
    }
  }
}

}  // namespace bertqa
