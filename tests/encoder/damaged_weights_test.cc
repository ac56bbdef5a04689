// Every form of weights, cut off at every byte, and with single bytes changed: an Error or tensors
// that can be read, never a crash. The sanitizers look on (preset asan).

#include <algorithm>
#include <fstream>
#include <random>

#include "base/files.h"
#include "encoder/fixtures.h"
#include "encoder/open_weights.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

class DamagedWeightsTest : public testing::TestWithParam<const char*> {
 protected:
  DamagedWeightsTest()
      : source_(fs::path("golden/checkpoints") / GetParam()), whole_(ReadFile(source_)) {}

  /// Under the name that it had: the reader looks at the suffix.
  fs::path Target() const { return folder_.path() / source_.filename(); }

  /// The bytes of all tensors, or none if the file is refused.
  static std::size_t ReadAll(const fs::path& path) {
    std::size_t sum = 0;
    try {
      const auto file = OpenWeights(path);
      for (std::size_t index = 0; index < file->entries().size(); ++index) {
        for (const std::byte byte : file->Read(index).bytes) {  // touches all of them
          sum += 1 + std::to_integer<std::size_t>(byte);
        }
      }
    } catch (const Error&) {
      return 0;
    }
    return sum;
  }

  TemporaryFolder folder_;
  fs::path source_;
  std::string whole_;
};

TEST_P(DamagedWeightsTest, EveryPrefixIsRefused) {
  const fs::path path = folder_.Write(source_.filename(), whole_);
  ASSERT_GT(ReadAll(path), 0U);
  for (std::size_t size = whole_.size(); size > 0; --size) {
    fs::resize_file(path, size - 1);
    ASSERT_EQ(ReadAll(path), 0U) << "cut to " << size - 1 << " bytes";
  }
}

TEST_P(DamagedWeightsTest, ChangedBytesNeverCrash) {
  std::mt19937 random(20261127);
  constexpr int kRounds = 2000;
  const fs::path path = Target();
  for (int round = 0; round < kRounds; ++round) {
    std::string damaged = whole_;
    for (int change = 0; change <= round % 3; ++change) {
      // Mostly where structure is: at the begin, which has the pickles, and at the end.
      const std::size_t span =
          round % 2 == 0 ? whole_.size() : std::min<std::size_t>(4096, whole_.size());
      damaged[random() % span] = static_cast<char>(random());
    }
    std::ofstream(path, std::ios::binary) << damaged;  // not synchronised: it is done often
    ReadAll(path);
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, DamagedWeightsTest,
                         testing::Values("zip-views/pytorch_model.bin",
                                         "legacy-views/pytorch_model.bin",
                                         "legacy-parts/pytorch_model.bin",
                                         "tied/model.safetensors"));

}  // namespace
}  // namespace bertqa
