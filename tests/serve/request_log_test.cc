#include "serve/request_log.h"

#include <gtest/gtest.h>

namespace bertqa {
namespace {

RequestLogEntry Entry() {
  return {.client = "127.0.0.1",
          .method = "GET",
          .target = "/a\r\nb \xff\x1b[1m\"",
          .id = "id",
          .code = "",
          .status = 200,
          .seconds = 0.0123456};
}

/// Behind the time.
std::string Tail(const std::string& line) {
  return line.substr(line.find('Z') + 1);
}

TEST(FormatLogLineTest, NobodyCanMakeTwoLinesOfOne) {
  EXPECT_EQ(Tail(FormatLogLine(Entry(), LogFormat::kText)),
            " 127.0.0.1 GET /a??b???[1m\" 200 12.34ms id\n");
  EXPECT_EQ(Tail(FormatLogLine(Entry(), LogFormat::kJson)),
            "\",\"client\":\"127.0.0.1\",\"method\":\"GET\",\"target\":\"/a??b???[1m\\\"\","
            "\"status\":200,\"milliseconds\":12.34,\"request_id\":\"id\"}\n");
}

TEST(FormatLogLineTest, SaysTheCodeOfAProblem) {
  RequestLogEntry entry = Entry();
  entry.code = "bad_json";
  EXPECT_TRUE(FormatLogLine(entry, LogFormat::kText).ends_with(" id bad_json\n"));
  EXPECT_TRUE(FormatLogLine(entry, LogFormat::kJson).ends_with(",\"code\":\"bad_json\"}\n"));
}

TEST(RequestIdTest, KeepsAPlainWord) {
  EXPECT_EQ(RequestId("a-Z_0.9"), "a-Z_0.9");
  for (const std::string& given :
       {std::string(), std::string("a b"), std::string("a\r\nb"), std::string(65, 'a')}) {
    const std::string made = RequestId(given);
    EXPECT_EQ(made.size(), 16U);
    EXPECT_EQ(made.find_first_not_of("0123456789abcdef"), std::string::npos);
  }
  EXPECT_NE(RequestId(""), RequestId(""));
}

}  // namespace
}  // namespace bertqa
