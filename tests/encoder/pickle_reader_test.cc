#include "encoder/pickle_reader.h"

#include <cstdint>
#include <string>

#include "encoder/fixtures.h"
#include "encoder/tensor_view.h"

namespace bertqa {
namespace {

using std::string_literals::operator""s;

const std::string kProtocol = "\x80\x02";
// A float storage "0" of 6 elements, viewed as [2, 3]: what torch.save writes for a tensor.
const std::string kStorage =
    "(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"
    "0X\3\0\0\0cpuK\6tQ"s;

std::string Tensor(const std::string& offset, const std::string& sizes,
                   const std::string& strides) {
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + kStorage + offset + sizes + strides + "\x89)tR";
}

std::string Text(const std::string& text) {
  return "X"s + static_cast<char>(text.size()) + "\0\0\0"s + text;
}

void ExpectRefused(const std::string& pickle, const std::string& message,
                   ErrorCode code = ErrorCode::kMalformed) {
  ExpectError(code, "f: " + message, [&] { ReadPickle(pickle, "f"); });
}

template <typename Content>
Content RootOf(const std::string& pickle) {
  return std::get<Content>(ReadPickle(pickle, "f").root->content);
}

TEST(PickleReaderTest, ReadsNumbers) {
  EXPECT_EQ(RootOf<std::int64_t>(kProtocol + "K\xff."), 255);
  EXPECT_EQ(RootOf<std::int64_t>(kProtocol + "M\x01\x02."), 513);
  EXPECT_EQ(RootOf<std::int64_t>(kProtocol + "J\xfe\xff\xff\xff."), -2);
  EXPECT_EQ(RootOf<std::int64_t>(kProtocol + "\x8a\0."s), 0);
  EXPECT_EQ(RootOf<std::int64_t>(kProtocol + "\x8a\2\0\x80."s), -32768);
  EXPECT_EQ(RootOf<std::int64_t>(kProtocol + "\x8a\x08\1\0\0\0\0\0\0\x40."s),
            (std::int64_t{1} << 62U) + 1);
  EXPECT_EQ(RootOf<double>(kProtocol + "G\xbf\xf8\0\0\0\0\0\0."s), -1.5);
  EXPECT_TRUE(RootOf<bool>(kProtocol + "\x88."));
}

TEST(PickleReaderTest, ReadsAStateDict) {
  const PickleDocument document =
      ReadPickle(kProtocol + "ccollections\nOrderedDict\n)R(" + Text("a.b") +
                     Tensor("K\0"s, "K\2K\3\x86", "K\3K\1\x86") + "u}" + Text("_metadata") + "}sb.",
                 "f");
  const std::vector<NamedTensor> tensors = CollectTensors(document, "f");
  ASSERT_EQ(tensors.size(), 1U);
  EXPECT_EQ(tensors[0].name, "a.b");
  EXPECT_EQ(tensors[0].tensor->sizes, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(tensors[0].tensor->storage.element_count, 6U);
}

TEST(PickleReaderTest, CodeIsNeverReached) {
  // What a hostile archive would hold: os.system("id").
  ExpectRefused(kProtocol + "cposix\nsystem\n" + Text("id") + "\x85R.",
                "global \"posix.system\" is not allowed: archives are read as weights",
                ErrorCode::kUnsupported);
  for (const char* global :
       {"os\nsystem", "builtins\neval", "builtins\ngetattr", "torch\nload", "torch.storage\n_load",
        "torch._utils\n_rebuild_tensor", "__torch__evil\nX", "torch\nFloatStorage.x"}) {
    EXPECT_THROW(ReadPickle(kProtocol + "c" + global + "\n.", "f"), Error) << global;
  }
  ExpectRefused(
      kProtocol + "cx\n" + std::string(1000, 'y') + "\x01\n.",
      "global \"x." + std::string(78, 'y') + "\" is not allowed: archives are read as weights",
      ErrorCode::kUnsupported);
}

TEST(PickleReaderTest, OpcodesThatPyTorchDoesNotWriteAreRefused) {
  for (const char opcode : {'i', 'o', '\x93', '\x82', 'P', 'I', 'S', '\x95', '\x8c', '0', '2'}) {
    ExpectRefused(kProtocol + opcode + ".",
                  "opcode " + std::to_string(static_cast<unsigned char>(opcode)) +
                      " is not one that PyTorch writes",
                  ErrorCode::kUnsupported);
  }
  ExpectRefused("\x80\x04.", "a pickle of protocol 2 is expected", ErrorCode::kUnsupported);
}

TEST(PickleReaderTest, EveryPrefixIsRefused) {
  const std::string good =
      kProtocol + "}" + Text("a") + Tensor("K\0"s, "K\2K\3\x86", "K\3K\1\x86") + "s.";
  ASSERT_NO_THROW(ReadPickle(good, "f"));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_THROW(ReadPickle(good.substr(0, size), "f"), Error) << size << " bytes";
  }
}

TEST(PickleReaderTest, StackMistakesAreRefused) {
  const auto expect = [](const std::string& pickle, const std::string& what) {
    ExpectRefused(kProtocol + pickle, "not a valid pickle: " + what);
  };
  expect("", "it is cut off");
  expect(
      "X\xff\xff\xff\xff"
      "a.",
      "it is cut off");
  expect("cabc", "it is cut off");
  expect(".", "the stack is empty");
  expect("N.N", "bytes follow its end");
  expect("NN.", "more than one value is left at its end");
  expect("t.", "no mark is set");
  expect("q\1.", "the stack is empty");
  expect("h\1.", "memo 1 is used before it is set");
  expect("N(a.", "the stack is empty");
  expect("NNa.", "a list is expected");
  expect("NNb.", "an object is expected");
}

TEST(PickleReaderTest, CallsAndTensorsAreChecked) {
  const auto expect = [](const std::string& pickle, const std::string& what) {
    ExpectRefused(kProtocol + pickle, "not a valid pickle: " + what);
  };
  expect("}(Nu.", "a key without a value");
  expect("NNs.", "the stack is empty");
  expect("N)R.", "a function is expected");
  expect("ctorch\nFloatStorage\n)R.", "\"torch.FloatStorage\" is called with 0 arguments");
  expect("ccollections\nOrderedDict\n)\x81.",
         "a TorchScript class is expected, not \"collections.OrderedDict\"");
  expect("ctorch._utils\n_rebuild_tensor_v2\n)R.", "a tensor of 0 arguments");
  expect(Tensor("N", "K\2K\3\x86", "K\3K\1\x86") + ".", "a tensor's offset is expected");
  expect(Tensor("K\0"s, "N", "K\3K\1\x86") + ".", "a tuple of sizes is expected");
  expect(Tensor("K\0"s, "K\2N\x86", "K\3K\1\x86") + ".", "a whole number is expected");
  expect("NQ.", "a storage's tuple is expected");
  expect(")Q.", "a storage's tuple of five or six is expected");
  expect("(NNNNNtQ.", "\"storage\" is expected");
  expect(
      "(X\7\0\0\0storageccollections\nOrderedDict\nX\1\0\0\0"
      "0X\3\0\0\0cpuK\6tQ."s,
      "a storage type and size are expected, not \"collections.OrderedDict\" and 6");
  expect(
      "\x8a\x09"
      "123456789.",
      "a whole number of 9 bytes");
}

// A few bytes that say "that large value again" must not take its memory again.
TEST(PickleReaderTest, LargeValuesAreNotCopiedForEachUse) {
  const auto expect = [](const std::string& pickle, const std::string& what) {
    ExpectRefused(kProtocol + pickle, "not a valid pickle: " + what);
  };
  std::string huge = "(";
  for (int size = 0; size < 100'000; ++size) {
    huge += "K\1";
  }
  expect(Tensor("K\0"s, huge + "t", "K\3K\1\x86") + ".", "a tensor of 100000 dimensions");
  expect(Tensor("K\0"s, "K\2K\3\x86", huge + "t") + ".", "a tensor of 100000 dimensions");
  const std::string key = "X\x40\x42\x0f\0"s + std::string(1'000'000, 'x');
  expect("(X\7\0\0\0storagectorch\nFloatStorage\n"s + key + "X\3\0\0\0cpuK\6tQ."s,
         "a storage's key of 1000000 bytes");
  // A long key of a dict would begin the name of each tensor in it.
  const PickleDocument document = ReadPickle(
      kProtocol + "}" + key + "}" + Text("a") + Tensor("K\0"s, "K\2K\3\x86", "K\3K\1\x86") + "ss.",
      "f");
  ExpectError(ErrorCode::kMalformed, "f: a name of more than 1000 bytes",
              [&] { CollectTensors(document, "f"); });
}

TEST(PickleReaderTest, ValuesMarksAndMemosAreBounded) {
  constexpr std::size_t kMany = 500'001;
  const std::string message = "not a valid pickle: more than 500000 values";
  ExpectRefused(kProtocol + std::string(kMany, 'N'), message);
  ExpectRefused(kProtocol + std::string(kMany, '('), message);
  ExpectRefused(kProtocol + std::string(kMany, ']'), message);
  std::string memo = kProtocol + "N";
  std::string uses = kProtocol + "Nq\1";
  for (std::uint32_t key = 0; key < kMany; ++key) {
    memo += "r" + std::string(reinterpret_cast<const char*>(&key), sizeof key);
    uses += "h\1";
  }
  ExpectRefused(memo, message);
  ExpectRefused(uses, message);
}

TEST(PickleReaderTest, DeepNestingNeedsNoStack) {
  // Tuples in tuples, lists in lists, then a circle: freed and refused without recursion.
  std::string tuples = kProtocol + ")";
  std::string lists = kProtocol;
  for (int level = 0; level < 200'000; ++level) {
    tuples += "\x85";
    lists += "]";
  }
  lists += std::string(199'999, 'a');
  for (const std::string& pickle : {tuples + ".", lists + "."}) {
    const PickleDocument document = ReadPickle(pickle, "f");
    ExpectError(ErrorCode::kMalformed, "f: an object or a dict is expected at its root",
                [&] { CollectTensors(document, "f"); });
  }
}

TEST(PickleReaderTest, CirclesAndSharedDictsDoNotHang) {
  // A dict that holds itself.
  const PickleDocument circle = ReadPickle(kProtocol + "}q\1" + Text("a") + "h\1s.", "f");
  const std::string message = "f: its values are nested too deeply, or in a circle";
  ExpectError(ErrorCode::kMalformed, message, [&] { CollectTensors(circle, "f"); });
  // 50 dicts, each of which holds the one before twice: 2^50 paths to the first.
  std::string levels = "}q\1";
  for (int level = 0; level < 50; ++level) {
    levels += "}(" + Text("a") + "h\1" + Text("b") + "h\1uq\1";
  }
  const PickleDocument doubling =
      ReadPickle(kProtocol + "}" + Text("all") + "(" + levels + "ts" + Text("last") + "h\1s.", "f");
  ExpectError(ErrorCode::kMalformed, message, [&] { CollectTensors(doubling, "f"); });
}

}  // namespace
}  // namespace bertqa
