#include "encoder/memory_weights.h"

#include <algorithm>

#include "encoder/fixtures.h"
#include "encoder/qa_encoder.h"
#include "encoder/safetensors_reader.h"
#include "encoder/safetensors_writer.h"

namespace bertqa {
namespace {

/// The tensors of `checkpoint` in float32, under its names.
std::vector<MemoryTensor> TensorsOf(const Checkpoint& checkpoint) {
  std::vector<MemoryTensor> tensors;
  const WeightsFile& file = checkpoint.file();
  tensors.reserve(file.entries().size());
  for (std::size_t index = 0; index < file.entries().size(); ++index) {
    tensors.push_back(ReadFloat32(file, index, file.entries()[index].name));
  }
  return tensors;
}

Checkpoint InMemory(const Checkpoint& source) {
  return Checkpoint(source.config(),
                    std::make_unique<MemoryWeights>(TensorsOf(source), "trained weights"));
}

TEST(MemoryWeightsTest, LogitsAreThoseOfTheSameWeightsInAFile) {
  for (const char* name : {"tiny-32", "tiny-48", "tiny-20"}) {  // float32, float16, bfloat16
    const Checkpoint file = OpenGolden(name);
    const Checkpoint memory = InMemory(file);
    EXPECT_EQ(memory.dtype("qa_outputs.weight"), DType::kFloat32);
    const PackedBatch batch = RandomBatch(file.config(), {7, 19}, 5);
    const ComputeOptions options;
    const SpanLogits expected = BuildQaEncoder(file, options, 1)->Forward(batch, 1);
    const SpanLogits found = BuildQaEncoder(memory, options, 1)->Forward(batch, 1);
    EXPECT_EQ(found.start, expected.start) << name;
    EXPECT_EQ(found.end, expected.end) << name;
  }
}

TEST(MemoryWeightsTest, TensorsOutliveTheFileAndTheirList) {
  std::vector<MemoryTensor> tensors = TensorsOf(OpenGolden("tiny-48"));
  const std::vector<float> first(tensors[0].values.begin(), tensors[0].values.end());
  auto weights = std::make_unique<MemoryWeights>(std::move(tensors), "memory");
  const TensorBytes data = weights->Read(0);
  weights.reset();
  EXPECT_TRUE(std::ranges::equal(data.bytes, std::as_bytes(std::span(first))));
}

TEST(MemoryWeightsTest, SafetensorsAreWrittenOfThem) {
  const TemporaryFolder folder;
  const Checkpoint source = OpenGolden("tiny-20");
  const Checkpoint memory = InMemory(source);
  WriteSafetensors(memory, StoredPrecision::kAsIs, folder.path() / "x");
  const Checkpoint written(source.config(), OpenSafetensors(folder.path() / "x"));
  for (const ExpectedTensor& tensor : written.tensors()) {
    EXPECT_EQ(written.dtype(tensor.name), DType::kFloat32);
    EXPECT_TRUE(std::ranges::equal(written.Read(tensor.name).bytes, memory.Read(tensor.name).bytes))
        << tensor.name;
  }
}

TEST(MemoryWeightsTest, MessagesCallThemByTheirName) {
  std::vector<MemoryTensor> tensors = TensorsOf(OpenGolden("tiny-32"));
  tensors.push_back(MakeMemoryTensor("encoder.x", {2}, {1, 2}));
  ExpectError(
      ErrorCode::kMalformed,
      "step 5: tensor \"encoder.x\" of shape [2] is not part of a question-answering BERT of "
      "2 layers",
      [&] {
        Checkpoint(OpenGolden("tiny-32").config(),
                   std::make_unique<MemoryWeights>(tensors, "step 5"));
      });
}

}  // namespace
}  // namespace bertqa
