#include "model/base_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "encoder/fixtures.h"
#include "encoder/precision.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// Renames the tensors of a safetensors file; those that get an empty name are taken out.
void RenameTensors(const fs::path& path,
                   const std::function<std::string(const std::string&)>& new_name) {
  const std::string bytes = ReadFile(path);
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
  const Json old_header = Json::parse(bytes.substr(8, header_bytes));
  Json header;
  std::string data;
  for (const auto& [name, entry] : old_header.items()) {
    const std::string renamed = name == "__metadata__" ? "" : new_name(name);
    if (renamed.empty()) {
      continue;
    }
    const std::size_t begin = entry["data_offsets"][0];
    const std::size_t end = entry["data_offsets"][1];
    header[renamed] = entry;
    header[renamed]["data_offsets"] = {data.size(), data.size() + end - begin};
    data += bytes.substr(8 + header_bytes + begin, end - begin);
  }
  const std::string text = header.dump();
  header_bytes = text.size();
  std::string file(sizeof header_bytes, '\0');
  std::memcpy(file.data(), &header_bytes, sizeof header_bytes);
  WriteFileAtomically(path, file + text + data);
}

std::string WithoutHead(const std::string& name) {
  return name.starts_with("qa_outputs.") ? "" : name;
}

/// A copy of a golden model that a test changes.
class BaseModelTest : public testing::Test {
 protected:
  BaseModelTest() : model_(folder_.path() / "base") { fs::copy("golden/models/tiny-32", model_); }

  void Rename(const std::function<std::string(const std::string&)>& new_name) const {
    RenameTensors(model_ / "model.safetensors", new_name);
  }

  void SetConfig(const std::string& key, const Json& value) const {
    Json json = Json::parse(ReadFile(model_ / "config.json"));
    json[key] = value;
    WriteFileAtomically(model_ / "config.json", json.dump());
  }

  /// Leaves the vocabulary in tokenizer.json alone.
  void MoveVocabulary() const {
    Json vocabulary;
    const std::string text = ReadFile(model_ / "vocab.txt");
    for (std::size_t begin = 0, id = 0; begin < text.size(); ++id) {
      const std::size_t end = text.find('\n', begin);
      vocabulary[text.substr(begin, end - begin)] = id;
      begin = end + 1;
    }
    WriteFileAtomically(model_ / "tokenizer.json",
                        Json{{"model", {{"vocab", vocabulary}}},
                             {"normalizer", {{"type", "BertNormalizer"}, {"lowercase", true}}}}
                            .dump());
    fs::remove(model_ / "vocab.txt");
    fs::remove(model_ / "tokenizer_config.json");
  }

  TemporaryFolder folder_;
  fs::path model_;
};

/// Every tensor of `model` is there in order, with the values of `golden` but for the fresh ones.
void ExpectTensorsOf(const std::string& golden, const BaseModel& model) {
  const Checkpoint checkpoint = OpenGolden(golden);
  ASSERT_EQ(model.tensors.size(), checkpoint.tensors().size());
  for (std::size_t index = 0; index < model.tensors.size(); ++index) {
    const MemoryTensor& tensor = model.tensors[index];
    EXPECT_EQ(tensor.name, checkpoint.tensors()[index].name);
    EXPECT_EQ(tensor.shape, checkpoint.tensors()[index].shape);
    if (std::ranges::find(model.fresh, tensor.name) == model.fresh.end()) {
      EXPECT_TRUE(
          std::ranges::equal(std::as_bytes(tensor.values), checkpoint.Read(tensor.name).bytes))
          << tensor.name;
    }
  }
}

TEST_F(BaseModelTest, ModelWithAHeadIsTakenAsItIs) {
  WriteFileAtomically(model_ / "bertqa.json", R"({"licence": "MIT", "no_answer": true})");
  SetConfig("hidden_dropout_prob", 0.25);
  const BaseModel model = ReadBaseModel(model_, 1);
  ExpectTensorsOf("tiny-32", model);
  EXPECT_TRUE(model.fresh.empty());
  EXPECT_TRUE(model.unused.empty());
  EXPECT_EQ(model.config.hidden_size, 32U);
  EXPECT_EQ(model.dropout, 0.25);
  EXPECT_EQ(model.tokenizer->vocabulary_size(), 60U);
  EXPECT_EQ(model.notes.licence, "MIT");
  EXPECT_TRUE(model.notes.defaults.no_answer);
}

TEST_F(BaseModelTest, BundledModelIsWidened) {
  const BaseModel model = ReadBaseModel(kBundledModel, 1);
  const Checkpoint stored = OpenBundled();
  EXPECT_EQ(stored.dtype("qa_outputs.weight"), DType::kFloat16);
  ASSERT_EQ(model.tensors.size(), stored.tensors().size());
  const Checkpoint widened(model.config, std::make_unique<MemoryWeights>(model.tensors, "base"));
  for (const ExpectedTensor& tensor : stored.tensors()) {
    EXPECT_TRUE(std::ranges::equal(ReadAs(widened, tensor.name, StoredPrecision::kFloat16).bytes,
                                   stored.Read(tensor.name).bytes))
        << tensor.name;
  }
}

// As sentence-transformers saves its encoders.
TEST_F(BaseModelTest, PlainEncoderGetsAFreshHead) {
  Rename([](const std::string& name) {
    return name == "qa_outputs.bias"     ? "pooler.dense.bias"
           : name == "qa_outputs.weight" ? "pooler.dense.weight"
                                         : name.substr(std::string("bert.").size());
  });
  SetConfig("architectures", {"BertModel"});
  MoveVocabulary();
  const BaseModel model = ReadBaseModel(model_, 1);
  ExpectTensorsOf("tiny-32", model);
  EXPECT_EQ(model.fresh, (std::vector<std::string>{"qa_outputs.weight", "qa_outputs.bias"}));
  EXPECT_EQ(model.unused, (std::vector<std::string>{"pooler.dense.bias", "pooler.dense.weight"}));
  EXPECT_EQ(model.tokenizer->vocabulary_size(), 60U);
  EXPECT_EQ(model.tokenizer->Encode("A").ids.size(), 1U);
}

TEST_F(BaseModelTest, AnotherHeadIsPassedOver) {
  Rename([](const std::string& name) {
    return name == "qa_outputs.bias"     ? "cls.predictions.bias"
           : name == "qa_outputs.weight" ? "classifier.weight"
                                         : name;
  });
  const BaseModel model = ReadBaseModel(model_, 1);
  EXPECT_EQ(model.fresh.size(), 2U);
  EXPECT_EQ(model.unused, (std::vector<std::string>{"classifier.weight", "cls.predictions.bias"}));
}

TEST_F(BaseModelTest, FreshHeadIsNormalAndOfItsSeed) {
  SetConfig("initializer_range", 0.5);
  Rename(WithoutHead);
  const BaseModel model = ReadBaseModel(model_, 7);
  const auto weight = model.tensors[model.tensors.size() - 2].values;
  const auto bias = model.tensors.back().values;
  ASSERT_EQ(weight.size(), 64U);
  EXPECT_EQ(std::vector<float>(bias.begin(), bias.end()), (std::vector<float>{0, 0}));
  double sum = 0;
  double squares = 0;
  for (const float value : weight) {
    sum += value;
    squares += value * value;
  }
  EXPECT_LT(std::abs(sum / 64), 0.2);  // 3 standard errors are 0.19
  EXPECT_NEAR(std::sqrt(squares / 64), 0.5, 0.13);
  const auto head_of = [&](std::uint64_t seed) {
    const BaseModel again = ReadBaseModel(model_, seed);
    const auto values = again.tensors[again.tensors.size() - 2].values;
    return std::vector<float>(values.begin(), values.end());
  };
  EXPECT_EQ(head_of(7), std::vector<float>(weight.begin(), weight.end()));
  EXPECT_NE(head_of(8), head_of(7));
}

// Computed in Python of the definitions: MT19937-64 with the seed 5489 (whose 10,000th number the
// C++ standard gives), its upper 53 bits as uniform numbers, and Box and Muller's cosine.
TEST_F(BaseModelTest, FreshHeadIsTheSameEverywhere) {
  SetConfig("initializer_range", 0.5);
  Rename(WithoutHead);
  const BaseModel model = ReadBaseModel(model_, 5489);
  const auto weight = model.tensors[model.tensors.size() - 2].values;
  EXPECT_FLOAT_EQ(weight[0], -0.002653171697665391F);
  EXPECT_FLOAT_EQ(weight[1], 0.7436619967068451F);
}

TEST_F(BaseModelTest, AnythingElseThatIsMissingOrExtraIsAnError) {
  const std::string file = (model_ / "model.safetensors").string();
  Rename([](const std::string& name) {
    return name == "bert.encoder.layer.1.output.dense.bias" ? "" : name;
  });
  ExpectError(ErrorCode::kMalformed,
              file +
                  ": tensor \"bert.encoder.layer.1.output.dense.bias\" is missing; shape [32] "
                  "is expected",
              [&] { ReadBaseModel(model_, 1); });
  SetConfig("num_hidden_layers", 1);
  ExpectError(ErrorCode::kMalformed,
              file +
                  ": tensor \"bert.encoder.layer.1.attention.output.LayerNorm.bias\" of shape "
                  "[32] is not part of a question-answering BERT of 1 layers",
              [&] { ReadBaseModel(model_, 1); });
}

TEST_F(BaseModelTest, OtherFamiliesCannotBeTrained) {
  SetConfig("model_type", "roberta");
  ExpectError(
      ErrorCode::kUnsupported,
      (model_ / "config.json").string() + ": training: a BERT is expected, the model is RoBERTa",
      [&] { ReadBaseModel(model_, 1); });
}

TEST_F(BaseModelTest, HeadOfAnotherShapeIsAnError) {
  Rename([](const std::string& name) {
    return name == "qa_outputs.bias"     ? "qa_outputs.weight"
           : name == "qa_outputs.weight" ? "classifier.weight"
                                         : name;
  });
  ExpectError(ErrorCode::kMalformed,
              (model_ / "model.safetensors").string() +
                  ": tensor \"qa_outputs.weight\" has shape [2]; config.json asks for [2, 32]",
              [&] { ReadBaseModel(model_, 1); });
}

TEST_F(BaseModelTest, VocabularyThatDoesNotFitIsNamed) {
  MoveVocabulary();
  SetConfig("vocab_size", 61);
  ExpectError(
      ErrorCode::kMalformed,
      (model_ / "tokenizer.json").string() + ": 60 pieces; config.json's \"vocab_size\" is 61",
      [&] { ReadBaseModel(model_, 1); });
}

}  // namespace
}  // namespace bertqa
