#include "encoder/compute_options.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

TEST(ComputeOptionsTest, AutoIsAsTheDocumentationSays) {
  const std::vector<std::pair<Isa, Precision>> table = {
      {Isa::kBaseline, Precision::kFloat32}, {Isa::kAvx2, Precision::kInt8},
      {Isa::kAvx2Vnni, Precision::kInt8},    {Isa::kAvx512, Precision::kInt8},
      {Isa::kAvx512Vnni, Precision::kInt8},  {Isa::kAvx512Bf16, Precision::kInt8},
      {Isa::kAmx, Precision::kBFloat16},
  };
  for (const auto& [isa, precision] : table) {
    const ComputeOptions options = ChooseCompute(Precision::kAuto, isa);
    EXPECT_EQ(options.isa, isa);
    EXPECT_EQ(options.precision, precision) << NameOf(isa);
    EXPECT_EQ(options.reason.find("auto: "), 0U) << options.reason;
  }
}

TEST(ComputeOptionsTest, BFloat16IsAGainOnlyWhereItIsNative) {
  for (const Isa isa : SupportedIsas()) {
    EXPECT_LE(GainsFromBFloat16(isa), ComputesBFloat16(isa));
  }
}

TEST(ComputeOptionsTest, WhatIsAskedForIsTaken) {
  EXPECT_EQ(ChooseCompute(Precision::kFloat32, Isa::kAvx512Bf16).precision, Precision::kFloat32);
  EXPECT_EQ(ChooseCompute(Precision::kInt8, Isa::kBaseline).precision, Precision::kInt8);
  EXPECT_EQ(ChooseCompute(Precision::kBFloat16, Isa::kAmx).precision, Precision::kBFloat16);
}

TEST(ComputeOptionsTest, BFloat16IsNeverEmulated) {
  for (const Isa isa :
       {Isa::kBaseline, Isa::kAvx2, Isa::kAvx2Vnni, Isa::kAvx512, Isa::kAvx512Vnni}) {
    const std::string message =
        ErrorOf(ErrorCode::kUsage, [&] { ChooseCompute(Precision::kBFloat16, isa); });
    EXPECT_NE(message.find(NameOf(isa)), std::string::npos) << NameOf(isa) << ": " << message;
  }
}

}  // namespace
}  // namespace bertqa
