#include "encoder/trigrams.h"

#include <algorithm>

namespace bertqa {

void WidenTrigrams(const EmbeddingParameters& parameters, const PackedBatch& batch,
                   TokenRange tokens, float* output) {
  const std::size_t width = parameters.word_width;
  // The end of the window that the token is in.
  auto window_end = std::upper_bound(batch.offsets.begin(), batch.offsets.end(), tokens.begin);
  for (std::size_t token = tokens.begin; token < tokens.end; ++token) {
    window_end += token == *window_end ? 1 : 0;
    float* const row = output + (token - tokens.begin) * 3 * width;
    const auto put = [&](bool is_there, std::size_t neighbour, float* place) {
      if (is_there) {
        WidenWord(parameters, batch.ids[neighbour], place);
      } else {
        std::fill_n(place, width, 0.0F);
      }
    };
    put(token + 1 < *window_end, token + 1, row);
    put(true, token, row + width);
    put(token > *(window_end - 1), token - 1, row + 2 * width);
  }
}

}  // namespace bertqa
