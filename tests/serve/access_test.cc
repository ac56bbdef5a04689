#include "serve/access.h"

#include <gtest/gtest.h>

#include "serve/problem.h"

namespace bertqa {
namespace {

HttpHead Head(std::vector<HttpHeader> headers, std::string method = "GET") {
  return {.method = std::move(method), .target = "/", .path = "/", .headers = std::move(headers)};
}

/// The status of what is thrown; 0 if nothing is.
template <class Check>
int StatusOf(const Check& check) {
  try {
    check();
    return 0;
  } catch (const HttpProblem& problem) {
    return problem.status();
  }
}

int PlaceStatus(const AccessRules& rules, std::vector<HttpHeader> headers) {
  return StatusOf([&] { CheckPlace(Head(std::move(headers)), rules); });
}

int KeyStatus(const AccessRules& rules, std::vector<HttpHeader> headers) {
  return StatusOf([&] { CheckKey(Head(std::move(headers)), rules); });
}

TEST(FindHeaderTest, TakesTheFirstInAnyCase) {
  const std::vector<HttpHeader> headers = {{"HOST", "a"}, {"Host", "b"}};
  EXPECT_EQ(FindHeader(headers, "host"), "a");
  EXPECT_EQ(FindHeader(headers, "hos"), "");
}

TEST(CheckPlaceTest, TakesTheNamesOfThisMachineOnly) {
  const AccessRules rules{.hosts = LoopbackHosts()};
  for (const char* const host : {"localhost", "localhost:1", "LocalHost.", "127.0.0.1",
                                 "127.0.0.1:80", "[::1]", "[::1]:80"}) {
    EXPECT_EQ(PlaceStatus(rules, {{"Host", host}}), 0) << host;
  }
  for (const char* const host : {"example.org", "localhost.example.org", "127.0.0.1.example.org",
                                 "[::2]", "evil:80@localhost", "127.0.0.2"}) {
    EXPECT_EQ(PlaceStatus(rules, {{"Host", host}}), 421) << host;
  }
  EXPECT_EQ(PlaceStatus({}, {{"Host", "example.org"}}), 0);
}

TEST(CheckPlaceTest, TakesPagesOfItsOwnAndThoseThatAreListed) {
  const AccessRules rules{.origins = {"https://example.org"}};
  const auto status = [&](const char* origin) {
    return PlaceStatus(rules, {{"Host", "localhost:80"}, {"Origin", origin}});
  };
  EXPECT_EQ(status("http://localhost:80"), 0);
  EXPECT_EQ(status("https://LOCALHOST:80"), 0);
  EXPECT_EQ(status("https://example.org"), 0);
  EXPECT_EQ(status("http://localhost"), 403);
  EXPECT_EQ(status("http://localhost:801"), 403);
  EXPECT_EQ(status("http://example.org"), 403);
  EXPECT_EQ(status("null"), 403);
  EXPECT_EQ(PlaceStatus({.origins = {"*"}}, {{"Host", "x"}, {"Origin", "https://a.b"}}), 0);
}

TEST(CheckPlaceTest, RefusesWhatAPageElsewhereEmbeds) {
  EXPECT_EQ(PlaceStatus({}, {{"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(PlaceStatus({}, {{"Sec-Fetch-Site", "same-origin"}}), 0);
  EXPECT_EQ(PlaceStatus({}, {{"Sec-Fetch-Site", "cross-site"},
                             {"Sec-Fetch-Mode", "navigate"},
                             {"Sec-Fetch-Dest", "document"}}),
            0);
  EXPECT_EQ(PlaceStatus({}, {{"Sec-Fetch-Site", "cross-site"},
                             {"Sec-Fetch-Mode", "navigate"},
                             {"Sec-Fetch-Dest", "iframe"}}),
            403);
}

TEST(CheckKeyTest, WantsOneOfTheKeysAsItIs) {
  const AccessRules rules{.keys = {"abc", "defg"}};
  EXPECT_EQ(KeyStatus({}, {}), 0);
  EXPECT_EQ(KeyStatus(rules, {{"Authorization", "Bearer abc"}}), 0);
  EXPECT_EQ(KeyStatus(rules, {{"Authorization", "bearer defg"}}), 0);
  EXPECT_EQ(KeyStatus(rules, {{"X-API-Key", "abc"}}), 0);
  for (const char* const key : {"", "ab", "abcd", "abcabc", "ABC", "defgd", "abcdefg"}) {
    EXPECT_EQ(KeyStatus(rules, {{"X-API-Key", key}}), 401) << key;
  }
  EXPECT_EQ(KeyStatus(rules, {{"Authorization", "Basic abc"}}), 401);
  EXPECT_EQ(KeyStatus(rules, {{"Authorization", "abc"}}), 401);
}

TEST(CorsHeadersTest, TellListedPagesOnly) {
  const AccessRules rules{.origins = {"https://a.b"}};
  const auto allowed = [&](const AccessRules& given, const char* origin, const char* header,
                           const char* method) {
    return std::string(FindHeader(CorsHeaders(Head({{"Origin", origin}}, method), given), header));
  };
  EXPECT_EQ(allowed(rules, "https://a.b", "Access-Control-Allow-Origin", "GET"), "https://a.b");
  EXPECT_EQ(allowed(rules, "https://a.c", "Access-Control-Allow-Origin", "GET"), "");
  EXPECT_EQ(allowed(rules, "https://a.c", "Vary", "GET"), "Origin");
  EXPECT_EQ(allowed({}, "https://a.b", "Access-Control-Allow-Origin", "GET"), "");
  EXPECT_EQ(allowed(rules, "https://a.b", "Access-Control-Allow-Methods", "GET"), "");
  EXPECT_NE(allowed(rules, "https://a.b", "Access-Control-Allow-Methods", "OPTIONS"), "");
}

}  // namespace
}  // namespace bertqa
