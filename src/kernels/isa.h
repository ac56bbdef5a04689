#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bertqa {

/// Instruction sets that kernels are written for, in the order of preference. A kernel without a
/// version for one uses what that one includes.
enum class Isa {
  kBaseline,    ///< what the compiler targets: SSE2, NEON, …
  kAvx2,        ///< AVX2, FMA, F16C
  kAvx2Vnni,    ///< and AVX-VNNI: int8 dot products in 256 bits
  kAvx512,      ///< AVX-512 F, BW, CD, DQ, VL
  kAvx512Vnni,  ///< and VNNI: int8 dot products
  kAvx512Bf16,  ///< and bfloat16 dot products
  kAmx,         ///< and AMX: int8 and bfloat16 tiles, which the kernel lets this process use
};

/// "avx512_vnni"
std::string_view NameOf(Isa isa);

/// What this processor and operating system can run, from kBaseline on.
const std::vector<Isa>& SupportedIsas();

/// The last of SupportedIsas(), or what $BERTQA_ISA names: results are the same bytes on processors
/// of different kinds if they all use the same instruction set.
/// Throws Error{kUsage} if the variable names an unknown or unsupported one.
Isa ChosenIsa();

/// True if products in bfloat16 are native.
bool ComputesBFloat16(Isa isa);

/// True if they are also faster than products of floats: with AMX, and with AVX-512 BF16 on AMD's
/// processors. On Intel's the latter take turns: 114 GFLOP/s a core were measured, and 180 in fp32.
bool GainsFromBFloat16(Isa isa);

/// The Highway targets that belong to `isa`: for `hwy::SetSupportedTargetsForTest`-like choices.
std::int64_t HighwayTargets(Isa isa);

/// "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz", or the architecture's name.
std::string ProcessorName();

}  // namespace bertqa
