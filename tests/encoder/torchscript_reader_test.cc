#include "encoder/torchscript_reader.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "encoder/fixtures.h"
#include "encoder/zip_bytes.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using std::string_literals::operator""s;

constexpr const char* kNoArchive =
    ": a PyTorch archive (zip) is expected, but its directory is missing or damaged: the file is "
    "cut off or of another kind";

/// A whole number as a pickle's BININT.
std::string Number(std::int32_t value) {
  std::string text = "J0000";
  std::memcpy(text.data() + 1, &value, sizeof value);
  return text;
}

/// A tuple of whole numbers.
std::string Tuple(const std::vector<std::int32_t>& values) {
  std::string text = "(";
  for (const std::int32_t value : values) {
    text += Number(value);
  }
  return text + "t";
}

/// {"w": a float tensor that views storage "0"}.
std::string StateDict(std::int32_t elements, std::int32_t offset,
                      const std::vector<std::int32_t>& sizes,
                      const std::vector<std::int32_t>& strides) {
  return "\x80\2}X\1\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\n"
         "FloatStorage\nX\1\0\0\0"
         "0X\3\0\0\0cpu"s +
         Number(elements) + "tQ" + Number(offset) + Tuple(sizes) + Tuple(strides) + "\x89)tRs.";
}

class TorchArchiveTest : public testing::Test {
 protected:
  fs::path WriteArchive(const std::string& pickle, const std::string& data,
                        const std::string& byte_order = "little") const {
    ZipBytes zip;
    zip.Add("x/byteorder", byte_order);
    if (!pickle.empty()) {
      zip.Add("x/data.pkl", pickle);
    }
    if (!data.empty()) {
      zip.Add("x/data/0", data);
    }
    return folder_.Write("x.pt", zip.Finish().bytes);
  }

  void ExpectRefused(const fs::path& path, const std::string& message,
                     ErrorCode code = ErrorCode::kMalformed) const {
    ExpectError(code, path.string() + message, [&] { OpenTorchArchive(path); });
  }

  TemporaryFolder folder_;
};

std::vector<float> Floats(const TensorBytes& data) {
  std::vector<float> values(data.bytes.size() / sizeof(float));
  const std::span<std::byte> target = std::as_writable_bytes(std::span(values));
  std::copy(data.bytes.begin(), data.bytes.end(), target.begin());
  return values;
}

std::string Bytes(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

TEST_F(TorchArchiveTest, ViewsAreReadRowMajor) {
  const std::string data = Bytes({0, 1, 2, 3, 4, 5, 6, 7});
  const auto read = [&](const std::string& pickle) {
    const auto file = OpenTorchArchive(WriteArchive(pickle, data));
    EXPECT_EQ(file->entries().at(0).name, "w");
    return Floats(file->Read(0));
  };
  EXPECT_EQ(read(StateDict(8, 0, {2, 4}, {4, 1})), (std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(read(StateDict(8, 2, {2, 2}, {2, 1})), (std::vector<float>{2, 3, 4, 5}));
  EXPECT_EQ(read(StateDict(8, 1, {2, 3}, {1, 2})), (std::vector<float>{1, 3, 5, 2, 4, 6}));
  EXPECT_EQ(read(StateDict(8, 0, {3}, {0})), (std::vector<float>{0, 0, 0}));
  EXPECT_EQ(read(StateDict(8, 7, {}, {})), (std::vector<float>{7}));
  EXPECT_EQ(read(StateDict(8, 8, {0, 3}, {3, 1})), (std::vector<float>{}));
}

TEST_F(TorchArchiveTest, ViewsOutsideTheirStorageAreRefused) {
  const std::string data = Bytes({0, 1, 2, 3, 4, 5, 6, 7});
  const auto expect = [&](const std::string& pickle, const std::string& message) {
    ExpectRefused(WriteArchive(pickle, data), ": tensor \"w\"" + message);
  };
  expect(StateDict(8, 1, {8}, {1}),
         ": shape [8] at offset 1 is not inside its storage of 8 elements");
  expect(StateDict(8, 0, {2, 2}, {7, 1}),
         ": shape [2, 2] at offset 0 is not inside its storage of 8 elements");
  expect(StateDict(8, 0, {1'000'000'000, 1'000'000'000}, {0, 0}),
         ": shape [1000000000, 1000000000] at offset 0 is not inside its storage of 8 elements");
  expect(StateDict(8, 0, {2'000'000'000, 2'000'000'000, 2'000'000'000}, {0, 0, 0}),
         ": shape [2000000000, 2000000000, 2000000000] at offset 0 is not inside its storage of 8 "
         "elements");
  for (const std::string& pickle :
       {StateDict(8, -1, {2}, {1}), StateDict(8, 0, {-1}, {1}), StateDict(8, 0, {2}, {-1})}) {
    expect(pickle, ": offset, sizes and strides are expected not to be negative, not -1");
  }
  expect(StateDict(8, 0, {2, 2}, {1}), ": as many strides as sizes are expected");
  expect(StateDict(2'000'000'000, 0, {2'000'000'000}, {1}),
         ": record data/0 has 32 bytes, too few for 2000000000 elements of float32");
}

// PyTorch stores; a zip program that packs the archive anew deflates.
TEST_F(TorchArchiveTest, CompressedRecordsAreReadToo) {
  const std::string pickle = StateDict(1000, 10, {900}, {1});
  ZipBytes zip;
  zip.Add("x/ballast", std::string(10'000, 'x'))  // no record may claim more than the file has
      .Add("x/data.pkl", pickle, ZipBytes::Method::kDeflated)
      .Add("x/data/0", Bytes(std::vector<float>(1000, 3)), ZipBytes::Method::kDeflated);
  const fs::path path = folder_.Write("x.pt", zip.Finish().bytes);
  EXPECT_EQ(Floats(OpenTorchArchive(path)->Read(0)), std::vector<float>(900, 3));
}

TEST_F(TorchArchiveTest, RecordsMayLieAtAnyOffset) {
  for (const std::size_t alignment : {1U, 3U, 7U}) {
    ZipBytes zip(alignment);
    zip.Add("x/data.pkl", StateDict(2, 0, {2}, {1})).Add("x/data/0", Bytes({5, 6}));
    const fs::path path = folder_.Write("x.pt", zip.Finish().bytes);
    const TensorBytes data = OpenTorchArchive(path)->Read(0);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data.bytes.data()) % sizeof(float), 0U);
    EXPECT_EQ(Floats(data), (std::vector<float>{5, 6}));
  }
}

TEST_F(TorchArchiveTest, DamagedPicklesAreFoundByTheirChecksum) {
  ZipBytes zip;
  ZipBytes::Archive archive =
      zip.Add("x/data.pkl", StateDict(2, 0, {2}, {1})).Add("x/data/0", Bytes({5, 6})).Finish();
  archive.bytes[archive.data[0] + 10] ^= 1;
  ExpectRefused(folder_.Write("x.pt", archive.bytes),
                ": record data.pkl is damaged: its checksum is wrong");
}

TEST_F(TorchArchiveTest, MissingAndForeignRecordsAreNamed) {
  ExpectRefused(WriteArchive("", "data"),
                ": a PyTorch archive is expected, but it has no data.pkl");
  ExpectRefused(WriteArchive(StateDict(8, 0, {8}, {1}), ""), ": record data/0 is missing");
  ExpectRefused(WriteArchive(StateDict(1, 0, {1}, {1}), "data", "big"),
                ": little-endian weights are expected", ErrorCode::kUnsupported);
  ExpectRefused(WriteArchive("\x80\2cposix\nsystem\n.", "data"),
                ": data.pkl: global \"posix.system\" is not allowed: archives are read as weights",
                ErrorCode::kUnsupported);
  ExpectRefused(WriteArchive("\x80\2N.", "data"),
                ": data.pkl: an object or a dict is expected at its root");
}

TEST_F(TorchArchiveTest, OtherFilesAreRefused) {
  ExpectRefused(folder_.Write("x.pt", ""), kNoArchive);
  ExpectRefused(folder_.Write("x.pt", "not a zip file at all, but long enough to look at"),
                kNoArchive);
}

TEST_F(TorchArchiveTest, DirectoryForAFile) {
  ExpectRefused(folder_.path(), ": is a directory, a file is expected", ErrorCode::kUnreadable);
}

TEST_F(TorchArchiveTest, BundledArchiveIsReadAsStored) {
  const auto file = OpenTorchArchive(fs::path(kBundledModel) / "model.pt");
  EXPECT_EQ(file->entries().size(), 103U);
  EXPECT_EQ(file->entries()[0].name, "bert.embeddings.word_embeddings.weight");
  EXPECT_EQ(file->entries()[0].dtype, DType::kFloat16);
  EXPECT_EQ(file->entries()[0].shape, (Shape{30522, 384}));
}

}  // namespace
}  // namespace bertqa
