#include "encoder/compute_options.h"

#include <string>

#include "bertqa/error.h"

namespace bertqa {

ComputeOptions ChooseCompute(Precision wanted, Isa isa) {
  if (wanted == Precision::kAuto) {
    switch (isa) {
      case Isa::kBaseline:
        return {Precision::kFloat32, isa, "auto: nothing narrower is fast here"};
      case Isa::kAmx:
        return {Precision::kBFloat16, isa, "auto: loses nothing, int8 more than 0.1 F1 here"};
      default:
        return {Precision::kInt8, isa, "auto: fastest, loses less than 0.1 F1 here"};
    }
  }
  if (wanted == Precision::kBFloat16 && !ComputesBFloat16(isa)) {
    throw Error(ErrorCode::kUsage,
                "--precision bf16: a processor that multiplies bfloat16 natively is expected "
                "(AVX-512 BF16 or AMX); this one is \"" +
                    ProcessorName() + "\", used as " + std::string(NameOf(isa)));
  }
  return {wanted, isa, "asked for"};
}

ActivationTypes ChooseActivationTypes(const ComputeOptions& options, bool adds_to_scores) {
  const bool is_narrow = options.precision != Precision::kFloat32;
  return {.bfloat16_attention = is_narrow && !adds_to_scores && ComputesBFloat16(options.isa),
          .bfloat16_inner = options.precision == Precision::kBFloat16};
}

std::size_t MaxBlockRows(const ComputeOptions& options) {
  return options.isa == Isa::kAmx && options.precision != Precision::kFloat32 ? 256 : 128;
}

}  // namespace bertqa
