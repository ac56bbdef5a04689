#include "serve/problem.h"

#include <gtest/gtest.h>

#include "io/jsonl_reader.h"

namespace bertqa {
namespace {

TEST(HttpProblemTest, EachErrorOfARecordHasItsStatus) {
  const std::pair<RecordErrorCode, int> rows[] = {
      {RecordErrorCode::kBadJson, 400},       {RecordErrorCode::kBadUtf8, 400},
      {RecordErrorCode::kMissingField, 422},  {RecordErrorCode::kWrongType, 422},
      {RecordErrorCode::kEmptyQuestion, 422}, {RecordErrorCode::kTooLong, 413},
      {RecordErrorCode::kInternal, 500}};
  for (const auto& [code, status] : rows) {
    RecordError error;
    error.code = code;
    error.message = "why";
    const HttpResponse response = HttpProblem(error).Response();
    const std::string name(RecordErrorName(code));
    EXPECT_EQ(response.status, status) << name;
    EXPECT_NE(response.body.find("\"code\":\"" + name + "\""), std::string::npos);
    EXPECT_NE(response.body.find("\"detail\":\"why\""), std::string::npos);
  }
}

TEST(HttpProblemTest, WhatAClientSentIsQuotedAsUtf8Only) {
  const HttpResponse response = HttpProblem(400, "bad", "a \xff b").Response();
  EXPECT_NE(response.body.find("\"detail\":\"the request is not UTF-8\""), std::string::npos);
}

TEST(StatusTextTest, UnknownOnesHaveThatOfTheirClass) {
  EXPECT_EQ(StatusText(404), "Not Found");
  EXPECT_EQ(StatusText(418), "Bad Request");
  EXPECT_EQ(StatusText(599), "Internal Server Error");
}

}  // namespace
}  // namespace bertqa
