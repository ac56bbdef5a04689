#include "bertqa/precision.h"

#include <gtest/gtest.h>

namespace bertqa {
namespace {

TEST(PrecisionTest, NamesLeadBack) {
  for (const Precision precision :
       {Precision::kAuto, Precision::kFloat32, Precision::kBFloat16, Precision::kInt8}) {
    EXPECT_EQ(PrecisionFromName(NameOf(precision)), precision) << NameOf(precision);
  }
}

TEST(PrecisionTest, NamesAreThoseOfTheCommandLine) {
  EXPECT_EQ(NameOf(Precision::kAuto), "auto");
  EXPECT_EQ(NameOf(Precision::kFloat32), "fp32");
  EXPECT_EQ(NameOf(Precision::kBFloat16), "bf16");
  EXPECT_EQ(NameOf(Precision::kInt8), "int8");
}

TEST(PrecisionTest, OtherNamesAreNone) {
  EXPECT_FALSE(PrecisionFromName("").has_value());
  EXPECT_FALSE(PrecisionFromName("fp16").has_value());
  EXPECT_FALSE(PrecisionFromName("FP32").has_value());
  EXPECT_FALSE(PrecisionFromName("int8 ").has_value());
}

}  // namespace
}  // namespace bertqa
