#include "kernels/isa.h"

#include <hwy/highway.h>

#include <array>
#include <cstdlib>

#include "bertqa/error.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace bertqa {
namespace {

struct IsaName {
  Isa isa;
  std::string_view name;
};

constexpr std::array kNames = {
    IsaName{Isa::kBaseline, "baseline"},
    IsaName{Isa::kAvx2, "avx2"},
    IsaName{Isa::kAvx2Vnni, "avx2_vnni"},
    IsaName{Isa::kAvx512, "avx512"},
    IsaName{Isa::kAvx512Vnni, "avx512_vnni"},
    IsaName{Isa::kAvx512Bf16, "avx512_bf16"},
    IsaName{Isa::kAmx, "amx"},
};

#if defined(__x86_64__)

struct Leaf {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
};

/// All zero if the processor has no such leaf.
Leaf ReadLeaf(unsigned leaf, unsigned subleaf) {
  Leaf result;
  __get_cpuid_count(leaf, subleaf, &result.eax, &result.ebx, &result.ecx, &result.edx);
  return result;
}

constexpr bool HasBit(unsigned word, unsigned bit) {
  return ((word >> bit) & 1U) != 0;
}

/// AMX's registers are 8 KiB a thread; Linux gives them only to a process that asked.
bool AskForTiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

// Intel's Software Developer's Manual, volume 2A, CPUID: leaf 7, subleaves 0 and 1. That the
// operating system keeps the wider registers is checked by Highway for AVX2 and AVX-512.
std::vector<Isa> DetectIsas() {
  const std::int64_t targets = hwy::SupportedTargets();
  const Leaf features = ReadLeaf(7, 0);
  const Leaf more_features = ReadLeaf(7, 1);
  std::vector<Isa> isas = {Isa::kBaseline};
  if ((targets & HWY_AVX2) == 0) {
    return isas;
  }
  isas.push_back(Isa::kAvx2);
  if (HasBit(more_features.eax, 4)) {
    isas.push_back(Isa::kAvx2Vnni);
  }
  if ((targets & HWY_AVX3) == 0) {
    return isas;
  }
  isas.push_back(Isa::kAvx512);
  if (!HasBit(features.ecx, 11)) {
    return isas;
  }
  isas.push_back(Isa::kAvx512Vnni);
  if (!HasBit(more_features.eax, 5)) {
    return isas;
  }
  isas.push_back(Isa::kAvx512Bf16);
  const bool has_tiles =
      HasBit(features.edx, 22) && HasBit(features.edx, 24) && HasBit(features.edx, 25);
  if (has_tiles && AskForTiles()) {
    isas.push_back(Isa::kAmx);
  }
  return isas;
}

std::string ReadProcessorName() {
  std::string name;
  for (const unsigned leaf : {0x80000002U, 0x80000003U, 0x80000004U}) {
    const Leaf part = ReadLeaf(leaf, 0);
    for (const unsigned word : {part.eax, part.ebx, part.ecx, part.edx}) {
      for (unsigned byte = 0; byte < 4; ++byte) {
        name += static_cast<char>((word >> (8 * byte)) & 0xFFU);
      }
    }
  }
  name.erase(std::min(name.find('\0'), name.size()));
  const std::size_t first = name.find_first_not_of(' ');
  const std::size_t last = name.find_last_not_of(' ');
  return first == std::string::npos ? "x86-64" : name.substr(first, last - first + 1);
}

#else

std::vector<Isa> DetectIsas() {
  return {Isa::kBaseline};
}

std::string ReadProcessorName() {
#if defined(__aarch64__)
  return "AArch64";
#else
  return "unknown processor";
#endif
}

#endif

std::string ListSupported() {
  std::string list;
  for (const Isa isa : SupportedIsas()) {
    list += (list.empty() ? "" : ", ") + std::string(NameOf(isa));
  }
  return list;
}

Isa ChooseIsa() {
  const char* const wanted = std::getenv("BERTQA_ISA");
  if (wanted == nullptr || *wanted == '\0') {
    return SupportedIsas().back();
  }
  for (const Isa isa : SupportedIsas()) {
    if (NameOf(isa) == wanted) {
      return isa;
    }
  }
  throw Error(ErrorCode::kUsage, "$BERTQA_ISA: one of " + ListSupported() +
                                     " is expected on this processor, not \"" + wanted + "\"");
}

}  // namespace

std::string_view NameOf(Isa isa) {
  return kNames[static_cast<std::size_t>(isa)].name;
}

const std::vector<Isa>& SupportedIsas() {
  static const std::vector<Isa> isas = DetectIsas();
  return isas;
}

Isa ChosenIsa() {
  static const Isa isa = ChooseIsa();
  return isa;
}

bool ComputesBFloat16(Isa isa) {
  return isa == Isa::kAvx512Bf16 || isa == Isa::kAmx;
}

bool GainsFromBFloat16(Isa isa) {
#if defined(__x86_64__)
  return isa == Isa::kAmx || (isa == Isa::kAvx512Bf16 && __builtin_cpu_is("amd") != 0);
#else
  return ComputesBFloat16(isa);
#endif
}

std::int64_t HighwayTargets(Isa isa) {
#if defined(__x86_64__)
  switch (isa) {
    case Isa::kBaseline:
      return HWY_STATIC_TARGET | HWY_SSSE3 | HWY_SSE4;
    case Isa::kAvx2:
    case Isa::kAvx2Vnni:
      return HWY_AVX2;
    case Isa::kAvx512:
    case Isa::kAvx512Vnni:
    case Isa::kAvx512Bf16:
    case Isa::kAmx:
      return HWY_AVX3;
  }
#endif
  return hwy::SupportedTargets();
}

std::string ProcessorName() {
  return ReadProcessorName();
}

}  // namespace bertqa
