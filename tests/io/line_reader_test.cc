#include "io/line_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "base/error_of.h"
#include "base/files.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

constexpr std::size_t kNoLimit = 1U << 30U;

std::array<int, 2> OpenPipe() {
  std::array<int, 2> ends = {};
  if (::pipe(ends.data()) != 0) {
    throw std::runtime_error("no pipe");
  }
  return ends;
}

/// A pipe into which a thread writes `bytes` in pieces of the given sizes, the last repeated.
class Pipe {
 public:
  Pipe(std::string bytes, std::vector<std::size_t> chunks) {
    writer_ = std::jthread([this, text = std::move(bytes), sizes = std::move(chunks)] {
      std::size_t position = 0;
      for (std::size_t i = 0; position < text.size(); ++i) {
        const std::string_view chunk =
            std::string_view(text).substr(position, sizes[std::min(i, sizes.size() - 1)]);
        WriteDescriptor(write_.value(), chunk, "pipe");
        position += chunk.size();
      }
      write_.Close();
    });
  }

  int read() const { return read_.value(); }

 private:
  std::array<int, 2> ends_ = OpenPipe();
  Descriptor read_ = Descriptor(ends_[0]);
  Descriptor write_ = Descriptor(ends_[1]);
  std::jthread writer_;
};

std::vector<Line> ReadLines(const std::string& bytes, std::size_t max_line_bytes,
                            const std::vector<std::size_t>& chunks) {
  const Pipe pipe(bytes, chunks);
  LineReader reader(pipe.read(), "pipe", max_line_bytes);
  std::vector<Line> lines;
  while (std::optional<Line> line = reader.Next()) {
    lines.push_back(std::move(*line));
  }
  return lines;
}

std::vector<std::string> ReadTexts(const std::string& bytes,
                                   const std::vector<std::size_t>& chunks) {
  std::vector<std::string> texts;
  for (const Line& line : ReadLines(bytes, kNoLimit, chunks)) {
    texts.push_back(line.text);
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(LineReaderTest, SplitsAtLineFeedsWithOrWithoutCarriageReturns) {
  EXPECT_EQ(ReadTexts("a\nb\r\n\nc\r\r\nd\re\n", {1000}), (Texts{"a", "b", "", "c\r", "d\re"}));
}

TEST(LineReaderTest, LastLineNeedsNoLineEnd) {
  EXPECT_EQ(ReadTexts("a\nb", {1000}), (Texts{"a", "b"}));
  EXPECT_EQ(ReadTexts("a\n", {1000}), Texts{"a"});
  EXPECT_EQ(ReadTexts("", {1000}), Texts{});
}

TEST(LineReaderTest, ByteOrderMarkCountsOnlyAtTheStart) {
  EXPECT_EQ(ReadTexts("\xEF\xBB\xBF{}\n\xEF\xBB\xBF{}\n", {1000}), (Texts{"{}", "\xEF\xBB\xBF{}"}));
  EXPECT_EQ(ReadTexts("\xEF\xBB\xBF{}\n", {1}), Texts{"{}"}) << "a byte at a time";
  EXPECT_EQ(ReadTexts("\xEF\xBB", {1}), Texts{"\xEF\xBB"}) << "half a mark is text";
  EXPECT_EQ(ReadTexts("\xEF\xBB\xBF", {1}), Texts{}) << "a mark alone is an empty file";
}

TEST(LineReaderTest, NumbersCountBlankLines) {
  const std::vector<Line> lines = ReadLines("a\n\n\nb", kNoLimit, {1});
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[3].number, 4U);
  EXPECT_EQ(lines[3].text, "b");
}

TEST(LineReaderTest, KeepsNulBytesAndInvalidUtf8) {
  const std::string bytes("a\0b\xFF\n", 5);
  EXPECT_EQ(ReadTexts(bytes, {2}), Texts{bytes.substr(0, 4)});
}

TEST(LineReaderTest, ChunksDoNotMatter) {
  constexpr unsigned kSeed = 77;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 40; ++round) {
    std::string bytes;
    Texts expected;
    const int lines = std::uniform_int_distribution<int>(1, 12)(random);
    for (int i = 0; i < lines; ++i) {
      const std::size_t size =
          std::uniform_int_distribution<std::size_t>(0, 90'000)(random) >> (random() % 17);
      expected.emplace_back(size, static_cast<char>('a' + i));
      bytes += expected.back() + (random() % 2 == 0 ? "\n" : "\r\n");
    }
    std::vector<std::size_t> chunks;
    for (int i = 0; i < 20; ++i) {
      chunks.push_back(std::uniform_int_distribution<std::size_t>(1, 70'000)(random));
    }
    ASSERT_EQ(ReadTexts(bytes, chunks), expected) << "seed " << kSeed << ", round " << round;
  }
}

TEST(LineReaderTest, LimitCountsNeitherLineFeedNorCarriageReturn) {
  const std::vector<Line> lines = ReadLines("12345\n12345\r\n123456\n123456\r\n12345", 5, {1000});
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_FALSE(lines[0].too_long);
  EXPECT_FALSE(lines[1].too_long);
  EXPECT_TRUE(lines[2].too_long);
  EXPECT_TRUE(lines[3].too_long);
  EXPECT_FALSE(lines[4].too_long);
  EXPECT_EQ(lines[1].text, "12345");
  EXPECT_EQ(lines[2].text, "");
}

TEST(LineReaderTest, GoesOnAfterALineThatIsTooLong) {
  for (const std::size_t chunk : {1000U, 7U, 65536U}) {
    const std::string bytes =
        "good\n" + std::string(300'000, 'x') + "\nalso good\n" + std::string(200'000, 'y');
    const std::vector<Line> lines = ReadLines(bytes, 100, {chunk});
    ASSERT_EQ(lines.size(), 4U) << "chunk " << chunk;
    EXPECT_EQ(lines[0].text, "good");
    EXPECT_TRUE(lines[1].too_long);
    EXPECT_EQ(lines[2].text, "also good");
    EXPECT_EQ(lines[2].number, 3U);
    EXPECT_TRUE(lines[3].too_long) << "the last line, without a line end";
  }
}

long PeakMemoryKilobytes() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(LineReaderTest, ALineOfAnyLengthCostsNoMemory) {
  constexpr std::size_t kLineBytes = 256U << 20U;
  const std::array<int, 2> ends = OpenPipe();
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  const long before = PeakMemoryKilobytes();
  const std::jthread writer([&] {
    const std::string chunk(1U << 16U, 'x');
    for (std::size_t written = 0; written < kLineBytes; written += chunk.size()) {
      WriteDescriptor(write_end.value(), chunk, "pipe");
    }
    WriteDescriptor(write_end.value(), "\nnext\n", "pipe");
    write_end.Close();
  });
  LineReader reader(read_end.value(), "pipe", 1U << 20U);
  EXPECT_TRUE(reader.Next()->too_long);
  EXPECT_EQ(reader.Next()->text, "next");
  EXPECT_EQ(reader.Next(), std::nullopt);
  EXPECT_LT(PeakMemoryKilobytes() - before, 64L << 10L) << "kilobytes for a line of 256 MiB";
}

TEST(LineReaderTest, GivesALineBeforeTheInputEnds) {
  const std::array<int, 2> ends = OpenPipe();
  const Descriptor read_end(ends[0]);
  const Descriptor write_end(ends[1]);  // stays open: a read past the line would block for ever
  WriteDescriptor(write_end.value(), "first\nsecond\n", "pipe");
  LineReader reader(read_end.value(), "pipe", kNoLimit);
  EXPECT_EQ(reader.Next()->text, "first");
  EXPECT_EQ(reader.Next()->text, "second");
}

TEST(LineReaderTest, PeekTakesNothingAway) {
  const Pipe pipe("abc\ndef\n", {2});
  LineReader reader(pipe.read(), "pipe", kNoLimit);
  EXPECT_TRUE(reader.Peek(5, [](std::string_view) { return false; }).starts_with("abc\nd"));
  EXPECT_EQ(reader.Peek(1000, [](std::string_view) { return false; }), "abc\ndef\n");
  EXPECT_EQ(reader.Next()->text, "abc");
  EXPECT_EQ(reader.ReadRest(), "def\n");
}

TEST(LineReaderTest, ReadRestSkipsTheByteOrderMark) {
  const Pipe pipe("\xEF\xBB\xBF{\n}", {1});
  LineReader reader(pipe.read(), "pipe", kNoLimit);
  EXPECT_EQ(reader.ReadRest(), "{\n}");
}

TEST(LineReaderTest, NamesWhatCannotBeRead) {
  const Descriptor folder(::open(".", O_RDONLY | O_DIRECTORY));
  LineReader reader(folder.value(), "questions.jsonl", kNoLimit);
  EXPECT_EQ(ErrorOf(ErrorCode::kUnreadable, [&] { reader.Next(); }),
            "questions.jsonl: cannot read: Is a directory");
}

}  // namespace
}  // namespace bertqa
