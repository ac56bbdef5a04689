#include "model/convert.h"

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "bertqa/model.h"
#include "encoder/fixtures.h"
#include "encoder/open_weights.h"
#include "model/directory.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTinyModels[] = {"tiny-32", "tiny-48", "tiny-20", "tiny-21"};

fs::path Golden(const std::string& name) {
  return fs::path("golden/models") / name;
}

Checkpoint OpenDirectory(const fs::path& directory) {
  return Checkpoint(ReadEncoderConfig(directory / "config.json"),
                    OpenWeights(FindWeights(directory)));
}

/// Every tensor has the same type and the same bytes.
void ExpectSameWeights(const fs::path& left_directory, const fs::path& right_directory) {
  const Checkpoint left = OpenDirectory(left_directory);
  const Checkpoint right = OpenDirectory(right_directory);
  for (const ExpectedTensor& tensor : left.tensors()) {
    EXPECT_EQ(left.dtype(tensor.name), right.dtype(tensor.name)) << tensor.name;
    const TensorBytes left_data = left.Read(tensor.name);
    const TensorBytes right_data = right.Read(tensor.name);
    EXPECT_TRUE(std::equal(left_data.bytes.begin(), left_data.bytes.end(), right_data.bytes.begin(),
                           right_data.bytes.end()))
        << tensor.name;
  }
}

class ConvertTest : public testing::Test {
 protected:
  fs::path Path(const std::string& name) const { return folder_.path() / name; }

  TemporaryFolder folder_;
};

TEST_F(ConvertTest, CheckpointToArchiveToModelDirectoryAndBackKeepsEveryBit) {
  for (const char* name : kTinyModels) {
    const std::string base = name;
    ExportModel(Golden(name), Path(base + "-archive"), {.format = WeightsFormat::kTorchScript});
    ImportModel({.weights = Path(base + "-archive") / "model.pt"}, Path(base + "-imported"), {});
    ExportModel(Path(base + "-imported"), Path(base + "-folder"), {});
    ExpectSameWeights(Golden(name), Path(base + "-archive"));
    ExpectSameWeights(Golden(name), Path(base + "-imported"));
    ExpectSameWeights(Golden(name), Path(base + "-folder"));
    EXPECT_EQ(ReadFile(Golden(name) / "vocab.txt"), ReadFile(Path(base + "-folder") / "vocab.txt"));
    EXPECT_EQ(ReadFile(Golden(name) / "config.json"),
              ReadFile(Path(base + "-folder") / "config.json"));
  }
}

TEST_F(ConvertTest, LogitsStayTheSameBits) {
  ImportModel({.weights = Golden("tiny-32")}, Path("out"), {});
  PackedBatch window;
  window.ids = {2, 7, 9, 3, 12, 3};
  window.segments = {0, 0, 0, 0, 1, 1};
  window.offsets = {0, 6};
  EXPECT_EQ(LoadModel(Golden("tiny-32")).qa->Forward(window, 1).start,
            LoadModel(Path("out")).qa->Forward(window, 1).start);
}

TEST_F(ConvertTest, HalfRoundsAndSaysSo) {
  ImportModel({.weights = Golden("tiny-32")}, Path("half"),
              {.precision = StoredPrecision::kFloat16});
  EXPECT_EQ(ReadModelInfo(Path("half")).weights_dtype, "float16");
  const auto config = nlohmann::json::parse(ReadFile(Path("half") / "config.json"));
  EXPECT_EQ(config["dtype"], "float16");
  ImportModel({.weights = Path("half")}, Path("again"), {.precision = StoredPrecision::kFloat16});
  ExpectSameWeights(Path("half"), Path("again"));
}

TEST_F(ConvertTest, SettingsAndNotesAreKept) {
  fs::copy(Golden("tiny-21"), Path("cased"));
  WriteFileAtomically(Path("cased") / "tokenizer_config.json",
                      R"({"do_lower_case": false, "strip_accents": true})");
  WriteFileAtomically(Path("cased") / "bertqa.json",
                      R"({"licence": "MIT", "no_answer": true, "null_threshold": -2})");
  WriteFileAtomically(Path("cased") / "README.md", "# cased\n");
  ImportModel({.weights = Path("cased")}, Path("out"), {});
  const ModelInfo info = ReadModelInfo(Path("out"));
  EXPECT_EQ(info.tokenizer, "WordPiece, cased");
  EXPECT_EQ(info.licence, "MIT");
  EXPECT_TRUE(info.defaults.no_answer);
  EXPECT_EQ(info.defaults.null_threshold, -2);
  EXPECT_EQ(ReadFile(Path("out") / "README.md"), "# cased\n");
  const auto settings = nlohmann::json::parse(ReadFile(Path("out") / "tokenizer_config.json"));
  EXPECT_EQ(settings["do_lower_case"], false);
  EXPECT_EQ(settings["strip_accents"], true);
  EXPECT_EQ(settings["model_max_length"], 40);
}

TEST_F(ConvertTest, FilesMayLieElsewhere) {
  fs::create_directories(Path("weights"));
  fs::copy(Golden("tiny-32") / "model.safetensors", Path("weights") / "w.safetensors");
  ImportModel({.weights = Path("weights") / "w.safetensors",
               .config = Golden("tiny-32") / "config.json",
               .vocabulary = Golden("tiny-32") / "vocab.txt"},
              Path("out"), {});
  ExpectSameWeights(Golden("tiny-32"), Path("out"));
}

TEST_F(ConvertTest, VocabularyIsTakenFromTokenizerJsonIfItIsOnlyThere) {
  fs::copy(Golden("tiny-32"), Path("source"));
  const std::string text = ReadFile(Path("source") / "vocab.txt");
  fs::remove(Path("source") / "vocab.txt");
  nlohmann::json vocabulary;
  std::size_t begin = 0;
  for (std::size_t id = 0; begin < text.size(); ++id) {
    const std::size_t end = text.find('\n', begin);
    vocabulary[text.substr(begin, end - begin)] = id;
    begin = end + 1;
  }
  const auto write = [&] {
    WriteFileAtomically(Path("source") / "tokenizer.json",
                        nlohmann::json{{"model", {{"vocab", vocabulary}}}}.dump());
  };
  write();
  ImportModel({.weights = Path("source")}, Path("out"), {});
  EXPECT_EQ(ReadFile(Path("out") / "vocab.txt"), text);
  vocabulary["[PAD]"] = 1;
  write();
  EXPECT_THROW(ImportModel({.weights = Path("source")}, Path("other"), {}), Error);
}

TEST_F(ConvertTest, ExistingTargetIsKeptUnlessOverwritten) {
  fs::create_directories(Path("out"));
  ExpectError(ErrorCode::kUsage, Path("out").string() + ": exists already; --overwrite replaces it",
              [&] { ImportModel({.weights = Golden("tiny-32")}, Path("out"), {}); });
  EXPECT_TRUE(fs::is_empty(Path("out")));
  ImportModel({.weights = Golden("tiny-32")}, Path("out"), {.overwrite = true});
  EXPECT_EQ(LoadModel(Path("out")).name, "out");
}

TEST_F(ConvertTest, FailureLeavesNothingBehind) {
  fs::copy(Golden("tiny-32"), Path("source"));
  WriteFileAtomically(Path("source") / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
  ExpectError(ErrorCode::kMalformed,
              Path("source").string() + "/vocab.txt: 5 pieces; config.json's \"vocab_size\" is 60",
              [&] { ImportModel({.weights = Path("source")}, Path("out"), {}); });
  ExpectError(ErrorCode::kUnreadable,
              Path("missing").string() + "/config.json: cannot open: No such file or directory",
              [&] { ImportModel({.weights = Path("missing") / "w.pt"}, Path("out"), {}); });
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1)
      << "the source alone";
}

}  // namespace
}  // namespace bertqa
