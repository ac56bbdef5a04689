#include "kernels/isa.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bertqa {
namespace {

TEST(IsaTest, SupportedOnesAreInOrderAndBeginWithTheBaseline) {
  const std::vector<Isa>& isas = SupportedIsas();
  EXPECT_EQ(isas.front(), Isa::kBaseline);
  EXPECT_TRUE(std::is_sorted(isas.begin(), isas.end()));
}

TEST(IsaTest, OneOfTheSupportedIsChosen) {
  EXPECT_NE(std::find(SupportedIsas().begin(), SupportedIsas().end(), ChosenIsa()),
            SupportedIsas().end());
}

TEST(IsaTest, NamesAreDistinct) {
  EXPECT_EQ(NameOf(Isa::kBaseline), "baseline");
  EXPECT_EQ(NameOf(Isa::kAvx512Bf16), "avx512_bf16");
  EXPECT_EQ(NameOf(Isa::kAmx), "amx");
}

TEST(IsaTest, ProcessorHasAName) {
  EXPECT_FALSE(ProcessorName().empty());
}

}  // namespace
}  // namespace bertqa
