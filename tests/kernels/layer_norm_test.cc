#include "kernels/layer_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

namespace bertqa {
namespace {

constexpr float kEpsilon = 1e-12F;  // BERT's

struct Rows {
  Rows(std::size_t row_count, std::size_t row_size, float mean, float spread, std::uint32_t seed)
      : count(row_count),
        size(row_size),
        values(count * size),
        residual(count * size),
        weight(size),
        bias(size) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (std::size_t place = 0; place < values.size(); ++place) {
      values[place] = mean + spread * normal(random);
      residual[place] = spread * normal(random);
    }
    for (std::size_t index = 0; index < size; ++index) {
      weight[index] = 1 + 0.2F * normal(random);
      bias[index] = normal(random);
    }
  }

  std::vector<float> Normalise(Isa isa, const float* added) const {
    std::vector<float> output = values;
    AddAndNormalise(isa, output.data(), added, count, size, weight.data(), bias.data(), kEpsilon);
    return output;
  }

  std::size_t count;
  std::size_t size;
  std::vector<float> values;
  std::vector<float> residual;
  std::vector<float> weight;
  std::vector<float> bias;
};

/// Ba et al. 2016, eq. 4, in double precision, of sums that are floats.
std::vector<double> NormaliseSlowly(const Rows& rows, const float* added, float epsilon) {
  std::vector<double> result;
  for (std::size_t row = 0; row < rows.count; ++row) {
    std::vector<double> sums;
    double mean = 0;
    for (std::size_t index = 0; index < rows.size; ++index) {
      const std::size_t place = row * rows.size + index;
      const float sum = added == nullptr ? rows.values[place] : rows.values[place] + added[place];
      sums.push_back(static_cast<double>(sum));
      mean += sums.back() / static_cast<double>(rows.size);
    }
    double variance = 0;
    for (const double sum : sums) {
      variance += (sum - mean) * (sum - mean) / static_cast<double>(rows.size);
    }
    const double deviation = std::sqrt(variance + static_cast<double>(epsilon));
    for (std::size_t index = 0; index < rows.size; ++index) {
      result.push_back((sums[index] - mean) / deviation * static_cast<double>(rows.weight[index]) +
                       static_cast<double>(rows.bias[index]));
    }
  }
  return result;
}

void ExpectNear(const std::vector<float>& values, const std::vector<double>& expected, double limit,
                const std::string& what) {
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t place = 0; place < values.size(); ++place) {
    ASSERT_NEAR(static_cast<double>(values[place]), expected[place], limit) << what;
  }
}

std::string Describe(Isa isa, std::size_t size) {
  return std::string(NameOf(isa)) + ", size " + std::to_string(size);
}

TEST(LayerNormTest, AnySizeIsLikeTheDefinition) {
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t size : {2,  3,  4,  5,   7,   8,   9,   15,  16,  17,  31,   33,  63,
                                   64, 65, 97, 127, 128, 129, 255, 384, 385, 768, 1024, 1037}) {
      const Rows rows(3, size, /*mean=*/0.5F, /*spread=*/2, /*seed=*/1);
      ExpectNear(rows.Normalise(isa, rows.residual.data()),
                 NormaliseSlowly(rows, rows.residual.data(), kEpsilon), 1e-5, Describe(isa, size));
    }
  }
}

TEST(LayerNormTest, WithoutResidualItIsTheValuesThatAreNormalised) {
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t size : {5, 64, 100, 384}) {
      const Rows rows(2, size, 0.5F, 2, /*seed=*/2);
      ExpectNear(rows.Normalise(isa, nullptr), NormaliseSlowly(rows, nullptr, kEpsilon), 1e-5,
                 Describe(isa, size));
    }
  }
}

TEST(LayerNormTest, TheSumPassesOnWhereItIsWanted) {
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t size : std::initializer_list<std::size_t>{5, 64, 100, 384}) {
      const Rows rows(3, size, 0.5F, 2, /*seed=*/8);
      std::vector<float> values = rows.values;
      std::vector<float> residual = rows.residual;
      AddToAndNormalise(isa, values.data(), residual.data(), rows.count, size, rows.weight.data(),
                        rows.bias.data(), kEpsilon);
      EXPECT_EQ(values, rows.Normalise(isa, rows.residual.data())) << Describe(isa, size);
      for (std::size_t place = 0; place < values.size(); ++place) {
        ASSERT_EQ(residual[place], rows.values[place] + rows.residual[place])
            << Describe(isa, size);
      }
    }
  }
}

TEST(LayerNormTest, OneValueBecomesTheBias) {
  for (const Isa isa : SupportedIsas()) {
    const Rows rows(2, 1, 3, 1, /*seed=*/3);
    for (const float value : rows.Normalise(isa, rows.residual.data())) {
      EXPECT_EQ(value, rows.bias[0]) << NameOf(isa);
    }
  }
}

TEST(LayerNormTest, EqualValuesBecomeTheBias) {
  for (const Isa isa : SupportedIsas()) {
    for (const float mean : {0.0F, 1.0F, -1024.0F, 12345.678F, 3.3333333e7F}) {
      for (const std::size_t size : {3, 100, 384, 771}) {
        const Rows rows(2, size, mean, /*spread=*/0, /*seed=*/4);
        const std::vector<float> output = rows.Normalise(isa, rows.residual.data());
        for (std::size_t place = 0; place < output.size(); ++place) {
          // The mean of huge values is off by rounding, and nothing else is in the distances.
          ASSERT_NEAR(output[place], rows.bias[place % size], std::abs(mean) < 2000 ? 1e-5F : 2.0F)
              << Describe(isa, size) << ", mean " << mean;
        }
      }
    }
  }
}

TEST(LayerNormTest, TinyVarianceIsSeen) {
  for (const Isa isa : SupportedIsas()) {
    const Rows rows(3, 384, /*mean=*/0, /*spread=*/1e-5F, /*seed=*/5);
    ExpectNear(rows.Normalise(isa, rows.residual.data()),
               NormaliseSlowly(rows, rows.residual.data(), kEpsilon), 2e-5, Describe(isa, 384));
  }
}

TEST(LayerNormTest, LargeMeanDoesNotHideTheVariance) {
  // The mean of a square less the square of the mean would be all rounding here.
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t size : {100, 384, 1024}) {
      const Rows rows(3, size, /*mean=*/30'000, /*spread=*/1, /*seed=*/6);
      ExpectNear(rows.Normalise(isa, rows.residual.data()),
                 NormaliseSlowly(rows, rows.residual.data(), kEpsilon), 2e-5, Describe(isa, size));
    }
  }
}

TEST(LayerNormTest, ARowDependsOnNoOther) {
  for (const Isa isa : SupportedIsas()) {
    Rows rows(5, 77, 0.5F, 2, /*seed=*/7);
    const std::vector<float> together = rows.Normalise(isa, rows.residual.data());
    std::vector<float> alone(rows.values.begin() + 2 * 77, rows.values.begin() + 3 * 77);
    AddAndNormalise(isa, alone.data(), rows.residual.data() + std::size_t{2} * 77, 1, 77,
                    rows.weight.data(), rows.bias.data(), kEpsilon);
    for (std::size_t index = 0; index < 77; ++index) {
      ASSERT_EQ(alone[index], together[2 * 77 + index]) << NameOf(isa);
    }
  }
}

// Bit for bit: each number is a sum and a fused product, or a product and a sum where there is no
// such instruction.
TEST(AddAndScaleTest, AnySizeIsLikeTheDefinition) {
  for (const Isa isa : SupportedIsas()) {
    for (const std::size_t size : {1, 3, 8, 15, 16, 17, 20, 64, 65, 127, 512}) {
      const Rows rows(3, size, /*mean=*/0.5F, /*spread=*/2, /*seed=*/8);
      for (const float* const residual :
           {rows.residual.data(), static_cast<const float*>(nullptr)}) {
        std::vector<float> found = rows.values;
        AddAndScale(isa, found.data(), residual, 3, size, rows.weight.data(), rows.bias.data());
        for (std::size_t place = 0; place < found.size(); ++place) {
          const float sum =
              residual == nullptr ? rows.values[place] : rows.values[place] + residual[place];
          const float weight = rows.weight[place % size];
          const float bias = rows.bias[place % size];
          const float product = sum * weight;
          EXPECT_TRUE(found[place] == std::fma(sum, weight, bias) || found[place] == product + bias)
              << Describe(isa, size) << ": " << found[place];
        }
      }
    }
  }
}

}  // namespace
}  // namespace bertqa
