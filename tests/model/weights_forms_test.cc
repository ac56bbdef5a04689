// One model in every form of weights (tests/golden/make_checkpoints.py): the same logits, bit for
// bit, the same base to train, the same model directory.

#include <algorithm>

#include "bertqa/model.h"
#include "encoder/fixtures.h"
#include "model/base_model.h"
#include "model/convert.h"
#include "model/directory.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

const fs::path kForms = "golden/checkpoints";

SpanLogits LogitsOf(const fs::path& directory) {
  const EncoderConfig config = ReadEncoderConfig(directory / "config.json");
  const Model model = LoadModel(directory, {.precision = Precision::kFloat32});
  return model.qa->Forward(RandomBatch(config, {1, 17, 40}, 3), 1);
}

class FormsFixture {
 protected:
  /// The base's folder with the weights of form `name` instead of its own.
  fs::path Directory(const std::string& name) const {
    const fs::path folder = folder_.path() / name;
    fs::copy(kForms / "base", folder);
    fs::remove(folder / "model.safetensors");
    for (const fs::directory_entry& file : fs::directory_iterator(kForms / name)) {
      fs::copy(file.path(), folder / file.path().filename());
    }
    return folder;
  }

  TemporaryFolder folder_;
};

class WeightsFormsTest : public FormsFixture, public testing::TestWithParam<const char*> {};

TEST_P(WeightsFormsTest, LogitsAreTheSameBitForBit) {
  const SpanLogits expected = LogitsOf(kForms / "base");
  const SpanLogits found = LogitsOf(Directory(GetParam()));
  EXPECT_EQ(found.start, expected.start);
  EXPECT_EQ(found.end, expected.end);
}

TEST_P(WeightsFormsTest, IsImportedAndExported) {
  const fs::path imported = folder_.path() / "imported";
  const fs::path exported = folder_.path() / "exported";
  ImportModel({.weights = Directory(GetParam())}, imported, {});
  ExportModel(imported, exported, {.precision = StoredPrecision::kFloat16});
  EXPECT_TRUE(fs::exists(imported / "model.safetensors"));
  EXPECT_EQ(LogitsOf(imported).start, LogitsOf(kForms / "base").start);
  EXPECT_EQ(LogitsOf(exported).start, LogitsOf(kForms / "base").start);
}

TEST_P(WeightsFormsTest, IsABaseToTrain) {
  const BaseModel expected = ReadBaseModel(kForms / "base", 1);
  const BaseModel found = ReadBaseModel(Directory(GetParam()), 1);
  ASSERT_EQ(found.tensors.size(), expected.tensors.size());
  for (std::size_t index = 0; index < expected.tensors.size(); ++index) {
    EXPECT_EQ(found.tensors[index].name, expected.tensors[index].name);
    EXPECT_TRUE(std::ranges::equal(found.tensors[index].values, expected.tensors[index].values))
        << expected.tensors[index].name;
  }
  EXPECT_TRUE(found.fresh.empty());
}

INSTANTIATE_TEST_SUITE_P(Forms, WeightsFormsTest,
                         testing::Values("sharded-safetensors", "sharded-bin", "zip", "zip-float16",
                                         "zip-bfloat16", "zip-float64", "zip-views",
                                         "zip-old-names", "legacy", "legacy-float16",
                                         "legacy-bfloat16", "legacy-float64", "legacy-views",
                                         "legacy-parts", "legacy-old-names", "tied", "float64"),
                         [](const testing::TestParamInfo<const char*>& form) {
                           std::string name = form.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

class FindWeightsTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
};

TEST_F(FindWeightsTest, HasAnOrder) {
  const char* const names[] = {"pytorch_model.bin.index.json", "pytorch_model.bin", "model.pt",
                               "model.safetensors.index.json", "model.safetensors"};
  for (const char* name : names) {  // each goes before those that are there already
    folder_.Write(name, "x");
    EXPECT_EQ(FindWeights(folder_.path()), folder_.path() / name);
  }
}

class WeightsInfoTest : public FormsFixture, public testing::Test {};

TEST_F(WeightsInfoTest, NamesTheFileAndTheTypeThatIsComputedWith) {
  EXPECT_EQ(ReadModelInfo(Directory("sharded-bin")).weights_file, "pytorch_model.bin.index.json");
  EXPECT_EQ(ReadModelInfo(Directory("legacy-bfloat16")).weights_dtype, "bfloat16");
  EXPECT_EQ(ReadModelInfo(Directory("zip-float64")).weights_dtype, "float32");
  EXPECT_EQ(ReadModelInfo(Directory("zip-old-names")).parameters,
            ReadModelInfo(kForms / "base").parameters);
}

}  // namespace
}  // namespace bertqa
