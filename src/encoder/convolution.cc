#include "encoder/convolution.h"

#include <algorithm>
#include <utility>

#include "encoder/deberta_tensors.h"
#include "encoder/tensor_loader.h"

namespace bertqa {

Convolution LoadConvolution(const TensorLoader& loader) {
  const EncoderConfig& config = loader.config();
  const std::size_t width = config.deberta.convolution_width;
  const std::size_t groups = config.deberta.convolution_groups;
  const std::size_t channels = config.hidden_size / groups;
  const std::size_t inputs = width * channels;
  const AlignedBuffer<float> weight =
      loader.Float(ConvolutionPlace() + ".weight", config.hidden_size * inputs);
  const AlignedBuffer<float> bias = loader.Float(ConvolutionPlace() + ".bias", config.hidden_size);
  Convolution convolution{.width = width,
                          .groups = {},
                          .norm = loader.ReadNorm(ConvolutionNormPlace(), config.hidden_size)};
  constexpr std::size_t kStep = PackedLinear::kOutputStep;
  AlignedBuffer<float> rows(kStep * inputs);
  for (std::size_t group = 0; group < groups; ++group) {
    PackedLinear linear(loader.options().precision, loader.options().isa, inputs, channels);
    for (std::size_t first = 0; first < channels; first += kStep) {
      const std::size_t count = std::min(kStep, channels - first);
      const std::size_t output = group * channels + first;
      for (std::size_t row = 0; row < count; ++row) {
        // Stored [channels][width]; neighbours come token by token.
        const float* const stored = weight.data() + (output + row) * inputs;
        for (std::size_t input = 0; input < inputs; ++input) {
          rows.data()[row * inputs + input] = stored[input % channels * width + input / channels];
        }
      }
      linear.SetRows(first, count, rows.data(), bias.data() + output);
    }
    convolution.groups.push_back(std::move(linear));
  }
  return convolution;
}

void GatherNeighbours(const PackedBatch& batch, const float* hidden, std::size_t hidden_size,
                      TokenRange tokens, std::size_t width, TokenRange channels, float* output) {
  const std::size_t reach = width / 2;
  const auto next = std::upper_bound(batch.offsets.begin(), batch.offsets.end(), tokens.begin);
  auto window = static_cast<std::size_t>(next - batch.offsets.begin()) - 1;
  for (std::size_t token = tokens.begin; token < tokens.end; ++token) {
    if (token == batch.offsets[window + 1]) {
      ++window;
    }
    for (std::size_t place = 0; place < width; ++place) {
      const std::size_t neighbour = token + place;  // `reach` too far
      const bool exists = neighbour >= batch.offsets[window] + reach &&
                          neighbour < batch.offsets[window + 1] + reach;
      if (exists) {
        std::copy_n(hidden + (neighbour - reach) * hidden_size + channels.begin, channels.size(),
                    output);
      } else {
        std::fill_n(output, channels.size(), 0.0F);
      }
      output += channels.size();
    }
  }
}

}  // namespace bertqa
