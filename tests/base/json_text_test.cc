#include "base/json_text.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error_of.h"
#include "base/files.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

TEST(JsonTextTest, CountsLevels) {
  EXPECT_EQ(JsonLevels(""), 0U);
  EXPECT_EQ(JsonLevels("1"), 0U);
  EXPECT_EQ(JsonLevels(R"({"a": [1, {"b": []}], "c": {}})"), 4U);
  EXPECT_EQ(JsonLevels("[][][[]]"), 2U);
  EXPECT_EQ(JsonLevels("]]]["), 1U);
}

TEST(JsonTextTest, BracketsInStringsAreText) {
  EXPECT_EQ(JsonLevels(R"({"[[[": "{{{\"[[["})"), 1U);
  EXPECT_EQ(JsonLevels(R"(["\\", [1]])"), 2U);
  EXPECT_EQ(JsonLevels(R"("[[)"), 0U);
  EXPECT_EQ(JsonLevels("\"\\"), 0U);
}

TEST(JsonTextTest, DeepFilesAreRefusedUnparsed) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("bertqa-json-" + std::to_string(getpid()));
  WriteFileAtomically(path, std::string(128, '['));
  EXPECT_EQ(ReadJsonText(path).size(), 128U);
  WriteFileAtomically(path, std::string(1'000'000, '['));
  EXPECT_EQ(ErrorOf(ErrorCode::kMalformed, [&] { ReadJsonText(path); }),
            path.string() + ": nested deeper than 128 levels");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace bertqa
