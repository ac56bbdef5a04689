#include "encoder/legacy_reader.h"

#include <cstring>

#include "encoder/fixtures.h"
#include "encoder/open_weights.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using std::string_literals::operator""s;

const std::string kMagic = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
const std::string kVersion = "\x80\2M\xe9\3.";

std::string Text(const std::string& text) {
  return "X"s + static_cast<char>(text.size()) + "\0\0\0"s + text;
}

std::string Number(std::int64_t value) {
  std::string text = "\x8a\x08"s + std::string(8, '\0');
  std::memcpy(text.data() + 2, &value, sizeof value);
  return text;
}

std::string Machine(bool little_endian) {
  return "\x80\2}" + Text("little_endian") + (little_endian ? "\x88" : "\x89") + "s.";
}

/// A float tensor of `size` elements that views storage "k" of `elements`; `part` is the storage's
/// view metadata.
std::string Tensor(std::int64_t elements, std::int64_t size, const std::string& part = "N",
                   const std::string& type = "FloatStorage", const std::string& key = "k") {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + Text("storage") + "ctorch\n" + type + "\n" +
         Text(key) + Text("cpu") + Number(elements) + part + "tQ" + Number(0) + Number(size) +
         "\x85" + Number(1) + "\x85\x89)tR";
}

std::string StateDict(const std::string& items) {
  return "\x80\2}(" + items + "u.";
}

std::string Keys(const std::vector<std::string>& keys) {
  std::string text = "\x80\2](";
  for (const std::string& key : keys) {
    text += Text(key);
  }
  return text + "e.";
}

std::string Storage(std::int64_t count, const std::vector<float>& values) {
  std::string text(sizeof count, '\0');
  std::memcpy(text.data(), &count, sizeof count);
  return text.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

class LegacyTorchTest : public testing::Test {
 protected:
  fs::path Write(const std::string& state_dict, const std::string& keys,
                 const std::string& storages) const {
    return folder_.Write("x.bin", kMagic + kVersion + Machine(true) + state_dict + keys + storages);
  }

  void ExpectRefused(const fs::path& path, const std::string& message,
                     ErrorCode code = ErrorCode::kMalformed) const {
    ExpectError(code, path.string() + ": " + message, [&] { OpenWeights(path); });
  }

  TemporaryFolder folder_;
};

std::vector<float> Floats(const TensorBytes& data) {
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data.bytes.data()) % alignof(float), 0U);
  std::vector<float> values(data.bytes.size() / sizeof(float));
  std::memcpy(values.data(), data.bytes.data(), data.bytes.size());
  return values;
}

TEST_F(LegacyTorchTest, ReadsTensorsOfOneStorageAndPartsOfIt) {
  const std::string part = Text("v") + Number(1) + Number(2) + "\x87";
  const auto file = OpenWeights(Write(
      StateDict(Text("a") + Tensor(3, 3) + Text("b") + Tensor(3, 2, part) + Text("n") + Number(7)),
      Keys({"k"}), Storage(3, {1, 2, 3})));
  ASSERT_EQ(file->entries().size(), 2U);
  EXPECT_EQ(file->entries()[1].name, "b");
  EXPECT_EQ(Floats(file->Read(0)), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(Floats(file->Read(1)), (std::vector<float>{2, 3}));
}

TEST_F(LegacyTorchTest, TextOfPython2IsRead) {
  std::string state = StateDict("U\1a" + Tensor(1, 1));
  const auto file = OpenWeights(Write(state, "\x80\2](U\1ke.", Storage(1, {5})));
  EXPECT_EQ(file->entries().at(0).name, "a");
}

TEST_F(LegacyTorchTest, CodeIsRefusedInEachOfItsPickles) {
  const std::string code = "\x80\2cposix\nsystem\n" + Text("id") + "\x85R.";
  const std::string why = "global \"posix.system\" is not allowed: archives are read as weights";
  ExpectRefused(folder_.Write("v.bin", kMagic + code), "form's version: " + why,
                ErrorCode::kUnsupported);
  ExpectRefused(folder_.Write("m.bin", kMagic + kVersion + code), "writer's machine: " + why,
                ErrorCode::kUnsupported);
  ExpectRefused(Write(code, Keys({}), ""), "state dict: " + why, ErrorCode::kUnsupported);
  ExpectRefused(Write(StateDict(Text("a") + Tensor(1, 1)), code, Storage(1, {1})),
                "storage keys: " + why, ErrorCode::kUnsupported);
  // A whole module, which torch.save pickles by its class.
  ExpectRefused(Write("\x80\2ctransformers.modeling_bert\nBertModel\n)\x81.", Keys({}), ""),
                "state dict: global \"transformers.modeling_bert.BertModel\" is not allowed: "
                "archives are read as weights",
                ErrorCode::kUnsupported);
}

TEST_F(LegacyTorchTest, OtherWritersAreRefused) {
  ExpectRefused(folder_.Write("v.bin", kMagic + "\x80\2M\xea\3."),
                "form's version is expected to be 1001", ErrorCode::kUnsupported);
  ExpectRefused(folder_.Write("m.bin", kMagic + kVersion + "\x80\2N."),
                "writer's machine: a dict is expected");
  ExpectRefused(folder_.Write("e.bin", kMagic + kVersion + Machine(false)),
                "little-endian weights are expected", ErrorCode::kUnsupported);
}

TEST_F(LegacyTorchTest, StoragesMustBeThereAsTheStateDictSays) {
  const std::string one = StateDict(Text("a") + Tensor(2, 2));
  ExpectRefused(Write(one, "\x80\2N.", ""), "storage keys: a list is expected");
  for (const std::vector<std::string>& keys : {std::vector<std::string>{"k", "k"}, {"other"}}) {
    ExpectRefused(Write(one, Keys(keys), Storage(2, {1, 2})),
                  "storage keys: the key of each storage of the state dict is expected, once");
  }
  ExpectRefused(Write(one, Keys({}), ""), "tensor \"a\": storage \"k\" is missing");
  ExpectRefused(Write(one, Keys({"k"}), "1234567"),
                "storage \"k\" is missing: the file is cut off");
  ExpectRefused(Write(one, Keys({"k"}), Storage(3, {1, 2, 3})),
                "storage \"k\" has 3 elements; the state dict has 2");
  ExpectRefused(Write(one, Keys({"k"}), Storage(2, {1, 2}) + "abc"),
                "3 bytes follow the last storage");
  ExpectRefused(Write(StateDict(Text("a") + Tensor(2, 2) + Text("b") + Tensor(3, 2)), Keys({"k"}),
                      Storage(2, {1, 2})),
                "storage \"k\" is described twice, and not the same");
  ExpectRefused(
      Write(StateDict(Text("a") + Tensor(2, 2) + Text("b") + Tensor(2, 2, "N", "HalfStorage")),
            Keys({"k"}), Storage(2, {1, 2})),
      "storage \"k\" is described twice, and not the same");
}

TEST_F(LegacyTorchTest, ATerabyteThatIsOnlyClaimedIsRefused) {
  constexpr std::int64_t kCount = std::int64_t{1} << 40U;
  ExpectRefused(
      Write(StateDict(Text("a") + Tensor(kCount, kCount)), Keys({"k"}), Storage(kCount, {1, 2})),
      "storage \"k\": 1099511627776 elements of float32 are expected, but only 8 bytes "
      "follow: the file is cut off");
  constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
  ExpectRefused(Write(StateDict(Text("a") + Tensor(kLargest, kLargest)), Keys({"k"}),
                      Storage(kLargest, {1, 2})),
                "storage \"k\": 9223372036854775807 elements of float32 are expected, but only 8 "
                "bytes follow: the file is cut off");
  ExpectRefused(Write(StateDict(Text("a") + Tensor(2, 3)), Keys({"k"}), Storage(2, {1, 2})),
                "tensor \"a\": shape [3] at offset 0 is not inside its storage of 2 elements");
}

TEST_F(LegacyTorchTest, PartsOutsideTheirStorageAreRefused) {
  const auto part = [](std::int64_t offset, std::int64_t count) {
    return Text("v") + Number(offset) + Number(count) + "\x87";
  };
  const auto expect = [&](const std::string& metadata, std::int64_t size,
                          const std::string& message) {
    ExpectRefused(
        Write(StateDict(Text("a") + Tensor(2, size, metadata)), Keys({"k"}), Storage(2, {1, 2})),
        message);
  };
  expect(part(1, 2), 1,
         "tensor \"a\": a part of 2 elements at offset 1 is not inside its storage of 2 elements");
  expect(part(std::numeric_limits<std::int64_t>::max(), 2), 1,
         "tensor \"a\": a part of 2 elements at offset 9223372036854775807 is not inside its "
         "storage of 2 elements");
  expect(part(-1, 1), 1,
         "tensor \"a\": offset, sizes and strides are expected not to be negative, not -1");
  expect(part(1, 1), 2,
         "tensor \"a\": shape [2] at offset 0 is not inside its storage of 1 elements");
  expect("K\1", 1, "state dict: not a valid pickle: a part of a storage is expected");
  expect("K\1\x85", 1,
         "state dict: not a valid pickle: a part of a storage is expected to be a tuple of three");
}

TEST_F(LegacyTorchTest, OtherFormsAreTold) {
  std::string tar(512, '\0');
  tar.replace(257, 5, "ustar");
  ExpectRefused(folder_.Write("t.bin", tar),
                "a tar archive, as the first versions of PyTorch wrote, is not read; load it with "
                "PyTorch and save it again",
                ErrorCode::kUnsupported);
  const fs::path other = folder_.Write("o.bin", "\x80\4K\1.");
  ExpectError(ErrorCode::kMalformed,
              other.string() + ": a state dict in PyTorch's legacy form is expected",
              [&] { OpenLegacyTorch(other); });
}

}  // namespace
}  // namespace bertqa
