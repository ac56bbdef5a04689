#include "kernels/widen.h"

#include "kernels/vector_kernels.h"

namespace bertqa {

void Widen(Isa isa, const Float16* values, std::size_t count, float* output) {
  KernelsFor(isa).widen_half(values, count, output);
}

void Widen(Isa isa, const BFloat16* values, std::size_t count, float* output) {
  KernelsFor(isa).widen_bfloat16(values, count, output);
}

}  // namespace bertqa
