#include "model/trained_model.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "encoder/fixtures.h"
#include "encoder/memory_weights.h"
#include "model/build_model.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// A base, and weights that "training" made of it: others than the base's.
class TrainedModelTest : public testing::Test {
 protected:
  TrainedModelTest() : base_(folder_.path() / "base"), out_(folder_.path() / "out") {
    fs::copy("golden/models/tiny-48", base_);  // float16
    fs::create_directory(out_);
  }

  Checkpoint Trained() const {
    const Checkpoint base = OpenGolden("tiny-48");
    std::vector<MemoryTensor> tensors;
    for (std::size_t index = 0; index < base.file().entries().size(); ++index) {
      const MemoryTensor read = ReadFloat32(base.file(), index, base.file().entries()[index].name);
      std::vector<float> values(read.values.begin(), read.values.end());
      for (float& value : values) {
        value *= 1.0001F;  // no value of float16
      }
      tensors.push_back(MakeMemoryTensor(read.name, read.shape, std::move(values)));
    }
    return Checkpoint(base.config(), std::make_unique<MemoryWeights>(tensors, "trained weights"));
  }

  Json WrittenConfig() const { return Json::parse(ReadFile(out_ / "config.json")); }

  TemporaryFolder folder_;
  fs::path base_;
  fs::path out_;
};

TEST_F(TrainedModelTest, LoadsWithTheSameLogitsAsFromMemory) {
  const Checkpoint trained = Trained();
  WriteTrainedModel(base_, trained, {}, StoredPrecision::kAsIs, out_);
  const LoadOptions options = {.precision = Precision::kFloat32};
  const Model memory = BuildModel(ReadTokenizer(base_, trained.config()), trained,
                                  ModelDefaults{.null_threshold = 2}, options, "step 7");
  EXPECT_EQ(memory.name, "step 7");
  EXPECT_EQ(memory.defaults.null_threshold, 2);
  EXPECT_EQ(memory.tokenizer->vocabulary_size(), 60U);
  const PackedBatch batch = RandomBatch(trained.config(), {9, 40}, 3);
  const SpanLogits expected = memory.qa->Forward(batch, 1);
  const SpanLogits written = LoadModel(out_, options).qa->Forward(batch, 1);
  EXPECT_EQ(written.start, expected.start);
  EXPECT_EQ(written.end, expected.end);
  EXPECT_NE(LoadModel(base_, options).qa->Forward(batch, 1).start, expected.start);
}

TEST_F(TrainedModelTest, ConfigurationSaysWhatIsWritten) {
  WriteTrainedModel(base_, Trained(), {}, StoredPrecision::kAsIs, out_);
  EXPECT_EQ(WrittenConfig()["dtype"], "float32");
  EXPECT_EQ(ReadModelInfo(out_).weights_dtype, "float32");
  WriteTrainedModel(base_, Trained(), {}, StoredPrecision::kFloat16, out_);
  EXPECT_EQ(WrittenConfig()["dtype"], "float16");
  EXPECT_EQ(ReadModelInfo(out_).weights_dtype, "float16");
}

// transformers gives the head as many outputs as the configuration has labels.
TEST_F(TrainedModelTest, ConfigurationOfAClassifierBecomesThatOfAnAnswerer) {
  Json config = Json::parse(ReadFile(base_ / "config.json"));
  config["architectures"] = {"BertForSequenceClassification"};
  config["id2label"] = {{"0", "a"}, {"1", "b"}, {"2", "c"}};
  config["label2id"] = {{"a", 0}, {"b", 1}, {"c", 2}};
  config["problem_type"] = "single_label_classification";
  config["torch_dtype"] = "float16";
  WriteFileAtomically(base_ / "config.json", config.dump());
  WriteTrainedModel(base_, Trained(), {}, StoredPrecision::kAsIs, out_);
  const Json written = WrittenConfig();
  EXPECT_EQ(written["architectures"], Json({"BertForQuestionAnswering"}));
  for (const char* key : {"id2label", "label2id", "problem_type", "torch_dtype"}) {
    EXPECT_FALSE(written.contains(key)) << key;
  }
  EXPECT_EQ(written["hidden_size"], 48);
  EXPECT_EQ(written["initializer_range"], config["initializer_range"]) << "the rest is kept";
}

TEST_F(TrainedModelTest, NotesAreTheCallersAndTheBasesCardStaysThere) {
  WriteFileAtomically(base_ / "README.md", "# the base\n");
  WriteFileAtomically(base_ / "bertqa.json", R"({"licence": "MIT", "temperature": 3})");
  WriteTrainedModel(base_, Trained(),
                    {.defaults = {.no_answer = true, .null_threshold = -1, .temperature = 1.5},
                     .licence = "CC BY-SA 4.0"},
                    StoredPrecision::kAsIs, out_);
  const ModelNotes notes = ReadModelNotes(out_);
  EXPECT_TRUE(notes.defaults.no_answer);
  EXPECT_EQ(notes.defaults.null_threshold, -1);
  EXPECT_EQ(notes.defaults.temperature, 1.5);
  EXPECT_EQ(notes.licence, "CC BY-SA 4.0");
  std::vector<std::string> names;
  for (const ModelInfo::File& file : ReadModelInfo(out_).files) {
    names.push_back(file.name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"bertqa.json", "config.json", "model.safetensors",
                                             "tokenizer_config.json", "vocab.txt"}));
  EXPECT_EQ(ReadFile(out_ / "vocab.txt"), ReadFile(base_ / "vocab.txt"));
}

TEST_F(TrainedModelTest, FullDiskIsAnError) {
  fs::create_symlink("/dev/full", out_ / "model.safetensors");
  ExpectError(ErrorCode::kUnwritable,
              (out_ / "model.safetensors").string() + ": cannot write: No space left on device",
              [&] { WriteTrainedModel(base_, Trained(), {}, StoredPrecision::kAsIs, out_); });
}

}  // namespace
}  // namespace bertqa
