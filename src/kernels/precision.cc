#include "bertqa/precision.h"

#include <array>
#include <utility>

namespace bertqa {
namespace {

constexpr std::array<std::pair<Precision, std::string_view>, 4> kNames = {{
    {Precision::kAuto, "auto"},
    {Precision::kFloat32, "fp32"},
    {Precision::kBFloat16, "bf16"},
    {Precision::kInt8, "int8"},
}};

}  // namespace

std::string_view NameOf(Precision precision) {
  return kNames[static_cast<std::size_t>(precision)].second;
}

std::optional<Precision> PrecisionFromName(std::string_view name) {
  for (const auto& [precision, its_name] : kNames) {
    if (its_name == name) {
      return precision;
    }
  }
  return std::nullopt;
}

}  // namespace bertqa
