#include "encoder/checkpoint.h"

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

TEST_F(CheckpointTest, ExtraTensorIsNamed) {
  weights_->Add({.name = "classifier.weight", .dtype = DType::kFloat32, .shape = {2, 24}});
  ExpectRefused(
      "\"classifier.weight\" of shape [2, 24] is not part of a question-answering BERT of 2 "
      "layers");
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
  weights_->Find("qa_outputs.bias").dtype = DType::kFloat64;
  ExpectRefused("\"qa_outputs.bias\" is of type float64; float32, float16 or bfloat16 is expected",
                ErrorCode::kUnsupported);
}

TEST_F(CheckpointTest, OneTensorUnderTwoNamesIsRefused) {
  weights_->Add({.name = "embeddings.LayerNorm.beta", .dtype = DType::kFloat32, .shape = {24}});
  ExpectRefused(
      "\"embeddings.LayerNorm.beta\" is there twice, once as \"bert.embeddings.LayerNorm.bias\"");
}

}  // namespace
}  // namespace bertqa
