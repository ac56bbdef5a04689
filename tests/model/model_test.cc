#include "bertqa/model.h"

#include <fstream>

#include "base/files.h"
#include "encoder/fixtures.h"
#include "model/directory.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

/// A copy of a golden model that a test may spoil.
class ModelTest : public testing::Test {
 protected:
  ModelTest() : model_(folder_.path() / "tiny") { fs::copy("golden/models/tiny-32", model_); }

  /// Expects LoadModel and ReadModelInfo to fail alike, with "<folder>/<message>".
  void ExpectLoadError(ErrorCode code, const std::string& message) const {
    const std::string expected = model_.string() + message;
    ExpectError(code, expected, [&] { LoadModel(model_); });
    ExpectError(code, expected, [&] { ReadModelInfo(model_); });
  }

  void Write(const std::string& name, const std::string& bytes) const {
    WriteFileAtomically(model_ / name, bytes);
  }

  void ReplaceInConfig(const std::string& from, const std::string& to) const {
    std::string text = ReadFile(model_ / "config.json");
    ASSERT_NE(text.find(from), std::string::npos);
    Write("config.json", text.replace(text.find(from), from.size(), to));
  }

  TemporaryFolder folder_;
  fs::path model_;
};

TEST_F(ModelTest, BundledModelLoads) {
  const Model model = LoadModel(kBundledModel);
  EXPECT_EQ(model.name, "minilm-l6-squad");
  EXPECT_EQ(model.tokenizer->vocabulary_size(), 30522U);
  EXPECT_EQ(model.qa->vocabulary_size(), 30522U);
  EXPECT_EQ(model.qa->max_window_tokens(), 512U);
  EXPECT_FALSE(model.defaults.no_answer);
  EXPECT_NEAR(model.defaults.temperature, 0.90, 0.01);  // fitted (docs/bundled-model.md)
}

// These families take BERT's tokenizer.
TEST_F(ModelTest, OtherFamiliesLoadWithAVocabulary) {
  for (const std::string family : {"distilbert", "electra", "mobilebert"}) {
    const fs::path model = folder_.path() / family;
    fs::copy("golden/models/family-" + family, model);
    fs::copy_file(model_ / "vocab.txt", model / "vocab.txt");
    EXPECT_EQ(LoadModel(model).qa->max_window_tokens(), 70U);
    const ModelInfo info = ReadModelInfo(model);
    EXPECT_EQ(info.family, family);
    EXPECT_EQ(info.hidden_size, 32U);
    EXPECT_EQ(info.max_window_tokens, 70U);
  }
}

TEST_F(ModelTest, InfoOfTheBundledModel) {
  const ModelInfo info = ReadModelInfo(kBundledModel);
  EXPECT_EQ(info.family, "bert");
  EXPECT_EQ(info.tokenizer, "WordPiece, uncased");
  EXPECT_EQ(info.weights_file, "model.pt");
  EXPECT_EQ(info.weights_dtype, "float16");
  EXPECT_EQ(info.licence, "CC BY-SA 4.0");
  EXPECT_EQ(info.layers, 6U);
  EXPECT_EQ(info.hidden_size, 384U);
  EXPECT_EQ(info.attention_heads, 12U);
  EXPECT_EQ(info.intermediate_size, 1536U);
  EXPECT_EQ(info.max_window_tokens, 512U);
  EXPECT_EQ(info.parameters, 22'566'146U);
  ASSERT_EQ(info.files.size(), 6U);
  EXPECT_EQ(info.files[0].name, "README.md");
  EXPECT_EQ(info.files[3].name, "model.pt");
  for (const ModelInfo::File& file : info.files) {
    EXPECT_LT(file.size_bytes, 48U << 20U) << file.name;
  }
}

TEST_F(ModelTest, FolderAsHuggingFaceSavesItLoads) {
  const Model model = LoadModel(model_ / "");
  EXPECT_EQ(model.name, "tiny");
  EXPECT_EQ(ReadModelInfo(model_).weights_dtype, "float32");
  EXPECT_EQ(ReadModelInfo(model_).licence, "");
}

TEST_F(ModelTest, NoDirectory) {
  fs::remove_all(model_);
  ExpectLoadError(ErrorCode::kUnreadable, ": no such model directory");
  WriteFileAtomically(model_, "x");
  ExpectLoadError(ErrorCode::kUnreadable, ": a model directory is expected, not a file");
}

TEST_F(ModelTest, MissingFilesAreNamed) {
  fs::remove(model_ / "model.safetensors");
  ExpectLoadError(ErrorCode::kUnreadable,
                  ": no weights: model.safetensors, model.pt or pytorch_model.bin is expected, or "
                  "the index of one in several files");
  Write("model.safetensors.index.json", "{}");
  ExpectLoadError(ErrorCode::kMalformed,
                  "/model.safetensors.index.json: an object \"weight_map\" is expected");
  fs::remove(model_ / "config.json");
  ExpectLoadError(ErrorCode::kUnreadable, "/config.json: cannot open: No such file or directory");
}

TEST_F(ModelTest, MissingVocabularyIsNamed) {
  fs::remove(model_ / "vocab.txt");
  ExpectLoadError(ErrorCode::kUnreadable, "/vocab.txt: cannot open: No such file or directory");
  Write("tokenizer.json", "{}");
  ExpectLoadError(ErrorCode::kMalformed,
                  "/tokenizer.json: a JSON object with \"model\": {\"vocab\": {…}} is expected");
}

TEST_F(ModelTest, VocabularyOfTheWrongSize) {
  std::ofstream(model_ / "vocab.txt", std::ios::app) << "one\ntwo\n";
  ExpectLoadError(ErrorCode::kMalformed,
                  "/vocab.txt: 62 pieces; config.json's \"vocab_size\" is 60");
}

TEST_F(ModelTest, ShapesThatDoNotMatchTheConfiguration) {
  ReplaceInConfig("\"vocab_size\": 60", "\"vocab_size\": 61");
  std::ofstream(model_ / "vocab.txt", std::ios::app) << "one\n";
  ExpectLoadError(ErrorCode::kMalformed,
                  "/model.safetensors: tensor \"bert.embeddings.word_embeddings.weight\" has shape "
                  "[60, 32]; config.json asks for [61, 32]");
}

TEST_F(ModelTest, DirectoryForAWeightsFile) {
  fs::remove(model_ / "model.safetensors");
  fs::create_directory(model_ / "model.safetensors");
  ExpectLoadError(ErrorCode::kUnreadable, "/model.safetensors: is a directory, a file is expected");
}

// What is wrong is printed, and a printer that calls itself for each level would overflow the
// stack.
TEST_F(ModelTest, DeepJsonIsRefused) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  const std::string config = ReadFile(model_ / "config.json");
  for (const char* name : {"config.json", "bertqa.json", "tokenizer_config.json"}) {
    Write(name, "{\"hidden_act\": " + deep + ", \"licence\": " + deep + "}");
    ExpectLoadError(ErrorCode::kMalformed,
                    "/" + std::string(name) + ": nested deeper than 128 levels");
    Write("config.json", config);
    fs::remove(model_ / "bertqa.json");
    Write("tokenizer_config.json", "{}");
  }
}

TEST_F(ModelTest, NotesAreRead) {
  Write("bertqa.json", R"({"format_version": 1, "licence": "MIT", "no_answer": true,
                           "null_threshold": -1.5, "temperature": 2, "later": [1]})");
  const ModelDefaults defaults = LoadModel(model_).defaults;
  EXPECT_TRUE(defaults.no_answer);
  EXPECT_EQ(defaults.null_threshold, -1.5);
  EXPECT_EQ(defaults.temperature, 2);
  EXPECT_EQ(ReadModelInfo(model_).licence, "MIT");
  Write("bertqa.json", FormatModelNotes(ReadModelNotes(model_)));
  EXPECT_EQ(ReadModelNotes(model_).defaults.null_threshold, -1.5);
  EXPECT_EQ(ReadModelNotes(model_).licence, "MIT");
}

TEST_F(ModelTest, BadNotesAreErrors) {
  const auto expect = [&](const std::string& json, const std::string& message,
                          ErrorCode code = ErrorCode::kMalformed) {
    Write("bertqa.json", json);
    ExpectLoadError(code, "/bertqa.json: " + message);
  };
  expect("{", "a JSON object is expected");
  expect("[]", "a JSON object is expected");
  expect(R"({"no_answer": 1})", "\"no_answer\": true or false is expected, not 1");
  expect(R"({"null_threshold": "0"})", "\"null_threshold\": a number is expected, not \"0\"");
  expect(R"({"temperature": 0})", "\"temperature\": a number above 0 is expected, not 0");
  expect(R"({"licence": null})", "\"licence\": a string is expected, not null");
  expect(R"({"format_version": 2})", "\"format_version\": at most 1 is expected, not 2",
         ErrorCode::kUnsupported);
}

TEST_F(ModelTest, FindModelTakesADirectoryOrLooksUpAName) {
  fs::create_directories(folder_.path() / "a" / "org" / "name");
  fs::create_directories(folder_.path() / "b" / "tiny");
  const std::vector<fs::path> roots = {folder_.path() / "a", folder_.path() / "b"};
  EXPECT_EQ(FindModel(model_.string(), {}), model_);
  EXPECT_EQ(FindModel("tiny", roots), folder_.path() / "b" / "tiny");
  EXPECT_EQ(FindModel("org/name", roots), folder_.path() / "a" / "org" / "name");
  const std::string root = folder_.path().string();
  ExpectError(ErrorCode::kUnreadable,
              "model \"other\": not found; looked for \"other\" (no such directory), " + root +
                  "/a/other, " + root + "/b/other",
              [&] { FindModel("other", roots); });
  EXPECT_THROW(FindModel("../tiny", roots), Error) << "a name stays below its root";
  EXPECT_THROW(FindModel("", roots), Error);
}

}  // namespace
}  // namespace bertqa
