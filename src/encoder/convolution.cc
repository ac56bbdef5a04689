#include "encoder/convolution.h"

#include <algorithm>
#include <utility>

#include "encoder/deberta_tensors.h"
#include "encoder/tensor_loader.h"

namespace bertqa {

namespace {

/// One group of rows of the stored weight, [channels, channels, width], with the inputs in the
/// order in which neighbours come: token by token.
PackedLinear PackGroup(const ComputeOptions& options, const float* weight, const float* bias,
                       std::size_t channels, std::size_t width) {
  constexpr std::size_t kStep = PackedLinear::kOutputStep;
  const std::size_t inputs = width * channels;
  PackedLinear linear(options.precision, options.isa, inputs, channels);
  AlignedBuffer<float> rows(kStep * inputs);
  for (std::size_t first = 0; first < channels; first += kStep) {
    const std::size_t count = std::min(kStep, channels - first);
    for (std::size_t row = 0; row < count; ++row) {
      const float* const stored = weight + (first + row) * inputs;
      for (std::size_t input = 0; input < inputs; ++input) {
        rows.data()[row * inputs + input] = stored[input % channels * width + input / channels];
      }
    }
    linear.SetRows(first, count, rows.data(), bias + first);
  }
  return linear;
}

}  // namespace

Convolution LoadConvolution(const TensorLoader& loader) {
  const EncoderConfig& config = loader.config();
  const DebertaConfig& own = config.deberta;
  const std::size_t channels = config.hidden_size / own.convolution_groups;
  const std::size_t inputs = own.convolution_width * channels;
  const AlignedBuffer<float> weight =
      loader.Float(ConvolutionPlace() + ".weight", config.hidden_size * inputs);
  const AlignedBuffer<float> bias = loader.Float(ConvolutionPlace() + ".bias", config.hidden_size);
  Convolution convolution{.width = own.convolution_width,
                          .groups = {},
                          .norm = loader.ReadNorm(ConvolutionNormPlace(), config.hidden_size)};
  for (std::size_t group = 0; group < own.convolution_groups; ++group) {
    const std::size_t first = group * channels;
    convolution.groups.push_back(PackGroup(loader.options(), weight.data() + first * inputs,
                                           bias.data() + first, channels, own.convolution_width));
  }
  return convolution;
}

void GatherNeighbours(const PackedBatch& batch, const float* hidden, TokenRange tokens,
                      const Neighbourhood& neighbourhood, float* output) {
  const TokenRange channels = neighbourhood.channels;
  const std::size_t reach = neighbourhood.width / 2;
  const auto next = std::upper_bound(batch.offsets.begin(), batch.offsets.end(), tokens.begin);
  auto window = static_cast<std::size_t>(next - batch.offsets.begin()) - 1;
  for (std::size_t token = tokens.begin; token < tokens.end; ++token) {
    if (token == batch.offsets[window + 1]) {
      ++window;
    }
    // Places of neighbours count from `reach` before the batch, so that none is below zero.
    const std::size_t begin = batch.offsets[window] + reach;
    const std::size_t end = batch.offsets[window + 1] + reach;
    for (std::size_t place = token; place < token + neighbourhood.width; ++place) {
      if (place >= begin && place < end) {
        std::copy_n(hidden + (place - reach) * neighbourhood.hidden_size + channels.begin,
                    channels.size(), output);
      } else {
        std::fill_n(output, channels.size(), 0.0F);
      }
      output += channels.size();
    }
  }
}

}  // namespace bertqa
