// What reading does where there is no memory: the record fails, and the next one is read.

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/files.h"
#include "io/jsonl_reader.h"
#include "io/line_reader.h"
#include "memory/failing_new.h"

namespace bertqa {
namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{1} << 24U;

TEST(ReaderMemoryTest, ALineThatDoesNotFitIsPassedOver) {
  const std::string huge(3'000'000, 'x');
  const std::string text = "first\n" + huge + "\nthird\n" + huge;
  std::array<int, 2> ends = {};
  ASSERT_EQ(::pipe(ends.data()), 0);
  std::jthread writer([&] {
    WriteDescriptor(ends[1], text, "pipe");
    ::close(ends[1]);
  });
  LineReader reader(ends[0], "pipe", kMaxLineBytes);
  std::vector<Line> lines;
  lines.reserve(4);
  {
    const FailingAllocations failing({.max_bytes = 1'000'000});
    while (std::optional<Line> line = reader.Next()) {
      lines.push_back(std::move(*line));
    }
  }
  ::close(ends[0]);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].text, "first");
  EXPECT_EQ(lines[2].text, "third");
  for (const std::size_t place : {1U, 3U}) {
    EXPECT_TRUE(lines[place].out_of_memory);
    EXPECT_FALSE(lines[place].too_long);
    EXPECT_EQ(lines[place].text, "");
    EXPECT_EQ(lines[place].number, place + 1);
  }
}

TEST(ReaderMemoryTest, ALineOfWhichThereIsNoMemoryForACopyIsPassedOver) {
  const std::string text = std::string(40'000, 'x') + "\nnext\n";
  std::array<int, 2> ends = {};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ASSERT_TRUE(WriteDescriptor(ends[1], text, "pipe"));
  ::close(ends[1]);
  LineReader reader(ends[0], "pipe", kMaxLineBytes);
  reader.Peek(text.size(), [](std::string_view) { return false; });
  std::optional<Line> line;
  {
    const FailingAllocations failing({.max_bytes = 10'000});
    line = reader.Next();
  }
  EXPECT_TRUE(line->out_of_memory);
  EXPECT_EQ(reader.Next()->text, "next");
  ::close(ends[0]);
}

/// A record without memory keeps its line, and its id if that was read before.
TEST(ReaderMemoryTest, AnyAllocationOfParsingMayFail) {
  Line line;
  line.number = 7;
  line.text = R"({"id":"a number of more than fifteen letters","question":"what is said here?",)"
              R"("context":"text that is longer than that","other":[1,2,3]})";
  const Record expected = ParseRecord(line, KeepFields::kYes, kMaxLineBytes);
  ASSERT_FALSE(expected.error);
  for (std::size_t first = 1;; ++first) {
    Record record;
    std::size_t failures = 0;
    {
      const FailingAllocations failing({.first = first});
      record = ParseRecord(line, KeepFields::kYes, kMaxLineBytes);
      failures = FailingAllocations::failures();
    }
    EXPECT_EQ(record.fields.line, 7U);
    if (failures == 0) {
      EXPECT_GT(first, 5U);
      EXPECT_EQ(record.context, expected.context);
      break;
    }
    ASSERT_TRUE(record.error) << "call " << first;
    EXPECT_EQ(record.error->code, RecordErrorCode::kInternal);
    EXPECT_EQ(record.error->message, "line 7: out of memory");
    EXPECT_EQ(record.question + record.context, "");
  }
}

TEST(ReaderMemoryTest, ALineThatWasPassedOverIsARecordWithAnError) {
  Line line;
  line.number = 3;
  line.out_of_memory = true;
  const Record record = ParseRecord(line, KeepFields::kNo, kMaxLineBytes);
  ASSERT_TRUE(record.error);
  EXPECT_EQ(record.error->message, "line 3: out of memory");
}

}  // namespace
}  // namespace bertqa
