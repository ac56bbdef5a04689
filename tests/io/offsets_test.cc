#include "io/offsets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "io/random_text.h"

namespace bertqa {
namespace {

constexpr unsigned kSeed = 20240611;
constexpr std::size_t kRounds = 300;

/// A random piece of a random text, in all three encodings.
struct Sample {
  std::u32string text;
  std::size_t begin = 0;  ///< in characters
  std::size_t end = 0;

  std::u32string piece() const { return text.substr(begin, end - begin); }
  ByteSpan bytes() const {
    return {ToUtf8(text.substr(0, begin)).size(), ToUtf8(text.substr(0, end)).size()};
  }
};

Sample MakeSample(std::mt19937& random) {
  Sample sample;
  const std::size_t size = std::uniform_int_distribution<std::size_t>(0, 60)(random);
  sample.text = RandomCharacters(random, size);
  std::uniform_int_distribution<std::size_t> place(0, size);
  sample.begin = place(random);
  sample.end = place(random);
  if (sample.end < sample.begin) {
    std::swap(sample.begin, sample.end);
  }
  return sample;
}

TEST(OffsetConverterTest, CodePointsSlicePythonStrings) {
  std::mt19937 random(kSeed);
  for (std::size_t i = 0; i < kRounds; ++i) {
    const Sample sample = MakeSample(random);
    const std::string text = ToUtf8(sample.text);
    const ByteSpan span = OffsetConverter(text, OffsetUnit::kCodePoint).FromBytes(sample.bytes());
    ASSERT_EQ(sample.text.substr(span.begin, span.end - span.begin), sample.piece())
        << "seed " << kSeed << ", round " << i;
    ASSERT_EQ(span.end - span.begin, sample.piece().size());
  }
}

TEST(OffsetConverterTest, Utf16SlicesJavaScriptStrings) {
  std::mt19937 random(kSeed);
  for (std::size_t i = 0; i < kRounds; ++i) {
    const Sample sample = MakeSample(random);
    const std::string text = ToUtf8(sample.text);
    const ByteSpan span = OffsetConverter(text, OffsetUnit::kUtf16).FromBytes(sample.bytes());
    ASSERT_EQ(ToUtf16(sample.text).substr(span.begin, span.end - span.begin),
              ToUtf16(sample.piece()))
        << "seed " << kSeed << ", round " << i;
  }
}

TEST(OffsetConverterTest, BytesStayAsTheyAre) {
  std::mt19937 random(kSeed);
  for (std::size_t i = 0; i < kRounds; ++i) {
    const Sample sample = MakeSample(random);
    const std::string text = ToUtf8(sample.text);
    const ByteSpan span = OffsetConverter(text, OffsetUnit::kByte).FromBytes(sample.bytes());
    ASSERT_EQ(text.substr(span.begin, span.end - span.begin), ToUtf8(sample.piece()))
        << "seed " << kSeed << ", round " << i;
  }
}

TEST(OffsetConverterTest, RemembersItsPlaceWithoutBeingMisledByIt) {
  std::mt19937 random(kSeed);
  const std::u32string characters = RandomCharacters(random, 200);
  const std::string text = ToUtf8(characters);
  OffsetConverter converter(text, OffsetUnit::kUtf16);
  for (std::size_t i = 0; i < kRounds; ++i) {  // up and down the same text
    const std::size_t at = std::uniform_int_distribution<std::size_t>(0, 200)(random);
    const std::u32string before = characters.substr(0, at);
    ASSERT_EQ(converter.FromBytes(ToUtf8(before).size()), ToUtf16(before).size())
        << "seed " << kSeed << ", round " << i;
  }
}

}  // namespace
}  // namespace bertqa
