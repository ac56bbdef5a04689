#include "encoder/tensor_loader.h"

#include <algorithm>

#include "encoder/embeddings.h"

namespace bertqa {

AlignedBuffer<float> TensorLoader::Float(const std::string& name, std::size_t count) const {
  const TensorBytes stored = checkpoint_.Read(name);
  AlignedBuffer<float> values(count);
  WidenStored(options_.isa, checkpoint_.dtype(name), stored.bytes.data(), count, values.data());
  return values;
}

AlignedBuffer<float> TensorLoader::Bias(const std::string& name, std::size_t first,
                                        std::size_t count) const {
  AlignedBuffer<float> values(count);
  if (checkpoint_.Has(name)) {
    const DType dtype = checkpoint_.dtype(name);
    const TensorBytes stored = checkpoint_.Read(name);
    WidenStored(options_.isa, dtype, stored.bytes.data() + first * SizeOf(dtype), count,
                values.data());
  } else {
    std::fill_n(values.data(), count, 0.0F);
  }
  return values;
}

LayerNorm TensorLoader::ReadNorm(const std::string& name, std::size_t size) const {
  return ReadNorm(name, size, config().layer_norm_epsilon);
}

LayerNorm TensorLoader::ReadNorm(const std::string& name, std::size_t size, double epsilon) const {
  return {.weight = Float(name + ".weight", size),
          .bias = Bias(name + ".bias", /*first=*/0, size),
          .epsilon = static_cast<float>(epsilon),
          .scales_only = config().mobilebert.scales_only};
}

PackedLinear TensorLoader::ReadLinears(const std::vector<StoredRows>& parts, std::size_t inputs,
                                       std::size_t outputs, Precision precision) const {
  struct Stacked {
    TensorBytes weight;
    DType dtype;
    std::size_t first_row;
    AlignedBuffer<float> bias;
  };
  std::vector<Stacked> stacked;
  stacked.reserve(parts.size());
  for (const StoredRows& part : parts) {
    stacked.push_back({.weight = checkpoint_.Read(part.name + ".weight"),
                       .dtype = checkpoint_.dtype(part.name + ".weight"),
                       .first_row = part.first_row,
                       .bias = Bias(part.name + ".bias", part.first_row, outputs)});
  }
  constexpr std::size_t kStep = PackedLinear::kOutputStep;
  const std::size_t total = parts.size() * outputs;
  PackedLinear linear(precision, options_.isa, inputs, total);
  AlignedBuffer<float> rows(kStep * inputs);
  AlignedBuffer<float> biases(kStep);
  for (std::size_t first = 0; first < total; first += kStep) {
    const std::size_t count = std::min(kStep, total - first);
    for (std::size_t row = 0; row < count; ++row) {
      const Stacked& part = stacked[(first + row) / outputs];
      const std::size_t row_of_part = (first + row) % outputs;
      const std::size_t place = (part.first_row + row_of_part) * inputs * SizeOf(part.dtype);
      WidenStored(options_.isa, part.dtype, part.weight.bytes.data() + place, inputs,
                  rows.data() + row * inputs);
      biases.data()[row] = part.bias.data()[row_of_part];
    }
    linear.SetRows(first, count, rows.data(), biases.data());
  }
  return linear;
}

PackedLinear TensorLoader::ReadLinear(const StoredRows& rows, std::size_t inputs,
                                      std::size_t outputs) const {
  return ReadLinears({rows}, inputs, outputs, options_.precision);
}

}  // namespace bertqa
