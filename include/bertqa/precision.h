#pragma once

#include <optional>
#include <string_view>

namespace bertqa {

/// What the matrix products of a model are computed in. Sums, LayerNorm, soft-max and logits are
/// fp32 in every case.
enum class Precision {
  kAuto,      ///< the fastest that loses no more than 0.1 F1 on this processor (docs/precision.md)
  kFloat32,   ///< exact: logits within 1e-4 of the reference
  kBFloat16,  ///< only where the processor multiplies bfloat16 natively
  kInt8,      ///< dynamic: weights scaled by output channel, activations by row
};

/// "auto", "fp32", "bf16", "int8".
std::string_view NameOf(Precision precision);

/// From such a name; nothing if it is none.
std::optional<Precision> PrecisionFromName(std::string_view name);

}  // namespace bertqa
