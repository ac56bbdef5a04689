#include "kernels/layer_norm.h"

#include "kernels/vector_kernels.h"

namespace bertqa {

void AddAndNormalise(Isa isa, float* values, const float* residual, std::size_t rows,
                     std::size_t size, const float* weight, const float* bias, float epsilon) {
  KernelsFor(isa).normalise(values, residual, rows, size, weight, bias, epsilon);
}

}  // namespace bertqa
