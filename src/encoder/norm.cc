#include "encoder/norm.h"

#include "kernels/layer_norm.h"

namespace bertqa {

void Normalise(Isa isa, const LayerNorm& norm, float* values, const float* residual,
               std::size_t rows) {
  const std::size_t size = norm.weight.size();
  if (norm.scales_only) {
    AddAndScale(isa, values, residual, rows, size, norm.weight.data(), norm.bias.data());
  } else {
    AddAndNormalise(isa, values, residual, rows, size, norm.weight.data(), norm.bias.data(),
                    norm.epsilon);
  }
}

}  // namespace bertqa
