#include "torchscript/torchscript_writer.h"

#include <algorithm>

#include "base/error_of.h"
#include "base/files.h"
#include "encoder/fixtures.h"
#include "encoder/torchscript_reader.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNoArchive =
    ": a PyTorch archive (zip) is expected, but its directory is missing or damaged: the file is "
    "cut off or of another kind";

class TorchScriptWriterTest : public testing::Test {
 protected:
  std::string WriteGolden() const {
    WriteTorchScript(OpenGolden("tiny-32"), StoredPrecision::kAsIs, folder_.path() / "whole.pt");
    return ReadFile(folder_.path() / "whole.pt");
  }

  TemporaryFolder folder_;
};

TEST_F(TorchScriptWriterTest, WeightsComeBackBitForBit) {
  const Checkpoint source = OpenGolden("tiny-32");
  for (const auto precision : {StoredPrecision::kAsIs, StoredPrecision::kFloat16}) {
    const fs::path path = folder_.path() / "y.pt";
    WriteTorchScript(source, precision, path);
    const Checkpoint written(source.config(), OpenTorchArchive(path));
    for (const ExpectedTensor& tensor : source.tensors()) {
      const TensorBytes expected = ReadAs(source, tensor.name, precision);
      const TensorBytes found = written.Read(tensor.name);
      EXPECT_TRUE(std::ranges::equal(found.bytes, expected.bytes)) << tensor.name;
    }
  }
}

TEST_F(TorchScriptWriterTest, WhatLibtorchThrowsArrivesAsAnError) {
  const fs::path path = folder_.path() / "no" / "such" / "folder.pt";
  const std::string message = ErrorOf(ErrorCode::kUnwritable, [&] {
    WriteTorchScript(OpenGolden("tiny-32"), StoredPrecision::kAsIs, path);
  });
  EXPECT_TRUE(message.starts_with(path.string() + ": cannot write the archive: ")) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

TEST_F(TorchScriptWriterTest, OtherFamiliesHaveNoGraph) {
  const fs::path path = folder_.path() / "electra.pt";
  ExpectError(
      ErrorCode::kUnsupported,
      path.string() + ": TorchScript archive: a BERT is expected, the model is ELECTRA",
      [&] { WriteTorchScript(OpenGolden("family-electra"), StoredPrecision::kAsIs, path); });
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(TorchScriptWriterTest, MixedTypesHaveNoGraph) {
  const EncoderConfig config = SmallConfig();
  auto weights = std::make_unique<EditableWeights>(config, 1);
  weights->Find("qa_outputs.bias").dtype = DType::kFloat16;
  const Checkpoint checkpoint(config, std::move(weights));
  ExpectError(
      ErrorCode::kUnsupported,
      "memory: tensor \"qa_outputs.bias\" is of type float16, "
      "\"bert.embeddings.word_embeddings.weight\" of type float32; a TorchScript archive "
      "needs one type: convert to half precision",
      [&] { WriteTorchScript(checkpoint, StoredPrecision::kAsIs, folder_.path() / "y.pt"); });
}

TEST_F(TorchScriptWriterTest, CutOffArchivesAreRefused) {
  const std::string good = WriteGolden();
  for (std::size_t size = 1; size < good.size(); size += 1777) {
    ExpectError(ErrorCode::kMalformed, (folder_.path() / "x.pt").string() + kNoArchive,
                [&] { OpenTorchArchive(folder_.Write("x.pt", good.substr(0, size))); });
    // The end without the begin: the directory is there, the records are not.
    EXPECT_THROW(OpenTorchArchive(folder_.Write("x.pt", good.substr(size))), Error) << size;
  }
}

// A flipped bit in the directory or the pickle is found; one in a weight is another weight
// (their checksums are not verified). Either way nothing else happens, and no message is libtorch's
// own.
TEST_F(TorchScriptWriterTest, FlippedBitsDoNoHarm) {
  const std::string good = WriteGolden();
  const EncoderConfig config = OpenGolden("tiny-32").config();
  std::size_t found = 0;
  for (std::size_t at = 5; at < good.size(); at += 499) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    const fs::path path = folder_.Write("x.pt", bad);
    try {
      const Checkpoint checkpoint(config, OpenTorchArchive(path));
      for (const ExpectedTensor& tensor : checkpoint.tensors()) {
        EXPECT_EQ(checkpoint.Read(tensor.name).bytes.size(), ElementCount(tensor.shape) * 4U);
      }
    } catch (const Error& error) {
      ++found;
      const std::string message = error.what();
      EXPECT_EQ(message.find("Exception raised"), std::string::npos) << message;
      EXPECT_LT(message.size(), 400U) << message;
    }
  }
  EXPECT_GT(found, 5U);
}

}  // namespace
}  // namespace bertqa
