#include "encoder/safetensors_reader.h"

#include <cstring>

#include "base/files.h"
#include "encoder/fixtures.h"
#include "encoder/safetensors_writer.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

std::string FileOf(const std::string& header, std::size_t data_bytes, std::uint64_t claimed) {
  std::string bytes(sizeof claimed, '\0');
  std::memcpy(bytes.data(), &claimed, sizeof claimed);
  return bytes + header + std::string(data_bytes, '\x01');
}

std::string FileOf(const std::string& header, std::size_t data_bytes) {
  return FileOf(header, data_bytes, header.size());
}

class SafetensorsReaderTest : public testing::Test {
 protected:
  /// Expects the file to be refused with "<path>: <message>".
  void ExpectRefused(const std::string& bytes, const std::string& message,
                     ErrorCode code = ErrorCode::kMalformed) const {
    const fs::path path = folder_.Write("x.safetensors", bytes);
    ExpectError(code, path.string() + ": " + message, [&] { OpenSafetensors(path); });
  }

  TemporaryFolder folder_;
};

TEST_F(SafetensorsReaderTest, ReadsEntriesAndBytes) {
  const fs::path path = folder_.Write(
      "x", FileOf(R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2,1],)"
                  R"("data_offsets":[4,8]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                  R"("none":{"dtype":"I64","shape":[0,9],"data_offsets":[8,8]}})",
                  8));
  const auto file = OpenSafetensors(path);
  ASSERT_EQ(file->entries().size(), 3U);
  EXPECT_EQ(file->entries()[0].name, "a");
  EXPECT_EQ(file->entries()[0].dtype, DType::kFloat32);
  EXPECT_TRUE(file->entries()[0].shape.empty());
  EXPECT_EQ(file->entries()[1].shape, (Shape{2, 1}));
  EXPECT_EQ(file->Read(1).bytes.size(), 4U);
  EXPECT_EQ(file->Read(2).bytes.size(), 0U);
}

TEST_F(SafetensorsReaderTest, MetadataMayGiveATensorASecondName) {
  const fs::path path =
      folder_.Write("x", FileOf(R"({"__metadata__":{"format":"pt","b":"a","a":"a","c":"none"},)"
                                R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                                4));
  const auto file = OpenSafetensors(path);
  ASSERT_EQ(file->entries().size(), 2U);
  EXPECT_FALSE(file->entries()[0].is_alias);
  EXPECT_EQ(file->entries()[1].name, "b");
  EXPECT_TRUE(file->entries()[1].is_alias);
  EXPECT_EQ(file->Read(1).bytes.data(), file->Read(0).bytes.data());
}

TEST_F(SafetensorsReaderTest, DataOutlivesTheReaderAndIsAligned) {
  std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  for (int spaces = 0; spaces < 4; ++spaces, header += ' ') {  // moves the data by one byte
    const fs::path path = folder_.Write("x", FileOf(header, 8));
    const TensorBytes data = OpenSafetensors(path)->Read(0);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data.bytes.data()) % 4, 0U);
    EXPECT_EQ(data.bytes[7], std::byte{1});
  }
}

TEST_F(SafetensorsReaderTest, EveryPrefixOfAGoodFileIsRefused) {
  const std::string good = ReadFile("golden/models/tiny-21/model.safetensors");
  const fs::path path = folder_.path() / "x";
  for (std::size_t size = 0; size < good.size(); size += size < 3000 ? 97 : 1999) {
    folder_.Write("x", good.substr(0, size));
    EXPECT_THROW(OpenSafetensors(path), Error) << size << " bytes";
  }
  EXPECT_THROW(OpenSafetensors(folder_.Write("x", good.substr(0, good.size() - 1))), Error);
  EXPECT_THROW(OpenSafetensors(folder_.Write("x", good + "x")), Error);
  EXPECT_NO_THROW(OpenSafetensors(folder_.Write("x", good)));
}

TEST_F(SafetensorsReaderTest, WrongHeaderLengthsAreRefusedBeforeMemoryIsTaken) {
  ExpectRefused("", "a safetensors file is expected, but it has only 0 bytes");
  ExpectRefused("1234567", "a safetensors file is expected, but it has only 7 bytes");
  ExpectRefused(FileOf("{}", 0, 4'000'000'000U),
                "a safetensors file is expected, but its header claims 4000000000 bytes; at most "
                "100000000 are allowed");
  ExpectRefused(FileOf("{}", 0, ~0ULL),
                "a safetensors file is expected, but its header claims 18446744073709551615 bytes; "
                "at most 100000000 are allowed");
  ExpectRefused(FileOf("{}", 0, 3),
                "the header claims 3 bytes, but only 2 follow: the file is cut off");
}

TEST_F(SafetensorsReaderTest, BadHeadersAreRefused) {
  ExpectRefused(FileOf("{", 0), "the header is not valid JSON");
  ExpectRefused(FileOf("{\"\xff\":1}", 0), "the header is not valid JSON");
  ExpectRefused(FileOf("[]", 0), "the header is expected to be a JSON object");
  ExpectRefused(FileOf(R"({"a":{"b":{"c":{"d":{}}}}})", 0), "the header is nested too deeply");
  ExpectRefused(FileOf(std::string(100'000, '['), 0), "the header is nested too deeply");
  ExpectRefused(FileOf(R"({"a":1})", 0),
                "tensor \"a\": dtype, shape and data_offsets are expected");
  ExpectRefused(FileOf(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                       R"("a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                       8),
                "the header has \"a\" twice");
  ExpectRefused(FileOf(R"({"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}})", 4),
                "the header has \"shape\" twice");
}

TEST_F(SafetensorsReaderTest, BadTensorsAreRefusedByName) {
  const auto tensor = [](const std::string& dtype, const std::string& shape,
                         const std::string& offsets) {
    return FileOf(R"({"a":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" +
                      offsets + "}}",
                  8);
  };
  ExpectRefused(tensor(R"("F8_E4M3")", "[8]", "[0,8]"), "tensor \"a\": unknown dtype \"F8_E4M3\"",
                ErrorCode::kUnsupported);
  for (const char* shape : {"3", "[-1]", "[1.5]", "[\"1\"]", "{}", "null"}) {
    ExpectRefused(tensor("\"F32\"", shape, "[0,8]"),
                  "tensor \"a\": shape is expected to be a list of sizes");
  }
  for (const char* offsets : {"8", "[8]", "[0,8,9]", "[-1,8]", "[0,8.0]", "[0,null]"}) {
    ExpectRefused(tensor("\"F32\"", "[2]", offsets),
                  "tensor \"a\": data_offsets is expected to be [begin, end]");
  }
  ExpectRefused(tensor("\"F32\"", "[4294967296,4294967296]", "[0,8]"),
                "tensor \"a\": shape [4294967296, 4294967296] is too large");
  ExpectRefused(tensor("\"F32\"", "[250000000000]", "[0,1000000000000]"),
                "tensor \"a\": data_offsets [0, 1000000000000] are not inside the data, which has "
                "8 bytes");
  ExpectRefused(tensor("\"F32\"", "[2]", "[8,0]"),
                "tensor \"a\": data_offsets [8, 0] are not inside the data, which has 8 bytes");
  ExpectRefused(tensor("\"F32\"", "[3]", "[0,8]"),
                "tensor \"a\": data_offsets [0, 8]: shape [3] of float32 takes 12 bytes");
  ExpectRefused(tensor("\"F16\"", "[2]", "[0,8]"),
                "tensor \"a\": data_offsets [0, 8]: shape [2] of float16 takes 4 bytes");
}

TEST_F(SafetensorsReaderTest, OverlapsAndGapsAreRefused) {
  const auto pair = [](const std::string& first, const std::string& second, std::size_t size) {
    return FileOf(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)" + first +
                      R"(},"b":{"dtype":"F32","shape":[2],"data_offsets":)" + second + "}}",
                  size);
  };
  ExpectRefused(pair("[0,8]", "[4,12]", 16),
                "tensor \"b\" begins at byte 4 of the data, where 8 is expected: tensors must "
                "neither overlap nor leave gaps");
  ExpectRefused(pair("[8,16]", "[8,16]", 16),
                "tensor \"a\" begins at byte 8 of the data, where 0 is expected: tensors must "
                "neither overlap nor leave gaps");
  ExpectRefused(pair("[0,8]", "[12,20]", 20),
                "tensor \"b\" begins at byte 12 of the data, where 8 is expected: tensors must "
                "neither overlap nor leave gaps");
  ExpectRefused(pair("[0,8]", "[8,16]", 17),
                "the tensors end at byte 16 of the data, which has 17 bytes");
}

TEST_F(SafetensorsReaderTest, UnreadablePathsAreNamed) {
  ExpectError(ErrorCode::kUnreadable,
              folder_.path().string() + ": is a directory, a file is expected",
              [&] { OpenSafetensors(folder_.path()); });
  ExpectError(ErrorCode::kUnreadable,
              (folder_.path() / "none").string() + ": cannot open: No such file or directory",
              [&] { OpenSafetensors(folder_.path() / "none"); });
}

TEST_F(SafetensorsReaderTest, WrittenFilesReadBack) {
  const Checkpoint source = OpenGolden("tiny-20");
  const fs::path path = folder_.path() / "x";
  WriteSafetensors(source, StoredPrecision::kAsIs, path);
  const Checkpoint copy(source.config(), OpenSafetensors(path));
  for (const ExpectedTensor& tensor : source.tensors()) {
    EXPECT_EQ(copy.dtype(tensor.name), DType::kBFloat16);
    const TensorBytes left = source.Read(tensor.name);
    const TensorBytes right = copy.Read(tensor.name);
    EXPECT_TRUE(
        std::equal(left.bytes.begin(), left.bytes.end(), right.bytes.begin(), right.bytes.end()));
  }
}

TEST_F(SafetensorsReaderTest, FullDiskIsAnError) {
  ExpectError(ErrorCode::kUnwritable, "/dev/full: cannot write: No space left on device",
              [] { WriteSafetensors(OpenGolden("tiny-32"), StoredPrecision::kAsIs, "/dev/full"); });
}

TEST_F(SafetensorsReaderTest, ValuesTooLargeForHalfAreNamed) {
  const EncoderConfig config = SmallConfig();
  auto weights = std::make_unique<EditableWeights>(config, 1);
  weights->Set("qa_outputs.bias", {1, 70000});
  const Checkpoint checkpoint(config, std::move(weights));
  ExpectError(ErrorCode::kUnsupported,
              "memory: tensor \"qa_outputs.bias\": 70000.000000 is too large for float16", [&] {
                WriteSafetensors(checkpoint, StoredPrecision::kFloat16, folder_.path() / "x");
              });
}

}  // namespace
}  // namespace bertqa
