#include "encoder/checkpoint.h"

#include <array>
#include <cstring>
#include <limits>

#include "encoder/fixtures.h"

namespace bertqa {
namespace {

/// Weights of SmallConfig() that a test changes before it asks for a Checkpoint.
class CheckpointTest : public testing::Test {
 protected:
  Checkpoint Open() { return Checkpoint(SmallConfig(), std::move(weights_)); }
  void ExpectRefused(const std::string& message, ErrorCode code = ErrorCode::kMalformed) {
    ExpectError(code, "memory: tensor " + message, [&] { Open(); });
  }
  void Rename(const std::string& from, const std::string& to) { weights_->Find(from).name = to; }

  std::unique_ptr<EditableWeights> weights_ = std::make_unique<EditableWeights>(SmallConfig(), 1);
};

TEST_F(CheckpointTest, ListsTheTensorsOfBert) {
  EXPECT_EQ(ExpectedTensors(SmallConfig()).size(), 5U + 2U * 16U + 2U);
  EXPECT_EQ(Open().dtype("qa_outputs.bias"), DType::kFloat32);
}

TEST_F(CheckpointTest, OtherSpellingsAreTaken) {
  for (const ExpectedTensor& tensor : ExpectedTensors(SmallConfig())) {
    if (tensor.name.starts_with("bert.")) {
      Rename(tensor.name, tensor.name.substr(5));
    }
  }
  Rename("embeddings.LayerNorm.weight", "embeddings.LayerNorm.gamma");
  Rename("encoder.layer.1.output.LayerNorm.bias", "encoder.layer.1.output.LayerNorm.beta");
  Rename("encoder.layer.0.output.LayerNorm.bias", "module.encoder.layer.0.output.LayerNorm.beta");
  Rename("qa_outputs.bias", "module.qa_outputs.bias");
  EXPECT_EQ(Open().Read("bert.embeddings.LayerNorm.weight").bytes.size(), 24U * 4U);
}

TEST_F(CheckpointTest, WhatTheHeadDoesNotUseIsPassedOver) {
  weights_->Add({.name = "bert.pooler.dense.weight", .dtype = DType::kFloat32, .shape = {24, 24}});
  weights_->Add(
      {.name = "bert.embeddings.position_ids", .dtype = DType::kInt64, .shape = {1, 200}});
  weights_->Add(
      {.name = "bert.embeddings.token_type_ids", .dtype = DType::kInt64, .shape = {1, 200}});
  EXPECT_NO_THROW(Open());
}

TEST_F(CheckpointTest, MissingTensorIsNamed) {
  weights_->Remove("qa_outputs.weight");
  ExpectRefused("\"qa_outputs.weight\" is missing; shape [2, 24] is expected");
}

TEST_F(CheckpointTest, OtherHeadsAreListedAndPassedOver) {
  weights_->Add({.name = "classifier.weight", .dtype = DType::kInt8, .shape = {2, 24}});
  weights_->Add({.name = "bert.pooler.dense.bias", .dtype = DType::kFloat32, .shape = {24}});
  weights_->Add({.name = "cls.predictions.bias", .dtype = DType::kFloat32, .shape = {100}});
  EXPECT_EQ(Open().other_heads(),
            (std::vector<std::string>{"classifier.weight", "cls.predictions.bias"}));
}

TEST_F(CheckpointTest, ExtraTensorOfTheEncoderIsNamed) {
  weights_->Add({.name = "module.encoder.x", .dtype = DType::kFloat32, .shape = {24}});
  ExpectRefused(
      "\"module.encoder.x\" of shape [24] is not part of a question-answering BERT of 2 layers");
}

TEST_F(CheckpointTest, LayerTooManyIsNamed) {
  weights_->Add(
      {.name = "bert.encoder.layer.2.output.dense.bias", .dtype = DType::kFloat32, .shape = {24}});
  ExpectRefused(
      "\"bert.encoder.layer.2.output.dense.bias\" of shape [24] is not part of a "
      "question-answering BERT of 2 layers");
}

TEST_F(CheckpointTest, WrongShapeIsNamedWithBoth) {
  weights_->Find("bert.encoder.layer.0.intermediate.dense.weight").shape = {24, 40};
  ExpectRefused(
      "\"bert.encoder.layer.0.intermediate.dense.weight\" has shape [24, 40]; config.json asks for "
      "[40, 24]");
}

TEST_F(CheckpointTest, TypesThatAreNoWeightsAreRefused) {
  weights_->Find("qa_outputs.bias").dtype = DType::kInt64;
  ExpectRefused(
      "\"qa_outputs.bias\" is of type int64; float32, float16, bfloat16 or float64 is expected",
      ErrorCode::kUnsupported);
}

TEST_F(CheckpointTest, Float64IsRoundedToFloat32) {
  weights_->Remove("qa_outputs.bias");
  weights_->Add({.name = "qa_outputs.bias", .dtype = DType::kFloat64, .shape = {2}});
  const std::array<double, 2> values = {0.1, 1e300};
  std::vector<float> halves(4);
  std::memcpy(halves.data(), values.data(), sizeof values);
  weights_->Set("qa_outputs.bias", halves);
  const Checkpoint checkpoint = Open();
  EXPECT_EQ(checkpoint.dtype("qa_outputs.bias"), DType::kFloat32);
  std::array<float, 2> floats = {};
  const TensorBytes read = checkpoint.Read("qa_outputs.bias");
  ASSERT_EQ(read.bytes.size(), sizeof floats);
  std::memcpy(floats.data(), read.bytes.data(), sizeof floats);
  EXPECT_EQ(floats[0], 0.1F);
  EXPECT_EQ(floats[1], std::numeric_limits<float>::infinity());
}

TEST_F(CheckpointTest, OneTensorUnderTwoNamesIsRefused) {
  weights_->Add({.name = "embeddings.LayerNorm.beta", .dtype = DType::kFloat32, .shape = {24}});
  ExpectRefused(
      "\"embeddings.LayerNorm.beta\" is there twice, once as \"bert.embeddings.LayerNorm.bias\"");
}

}  // namespace
}  // namespace bertqa
