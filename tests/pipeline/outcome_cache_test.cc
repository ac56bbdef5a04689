#include "pipeline/outcome_cache.h"

#include <gtest/gtest.h>

#include "pipeline/fake_model.h"

namespace bertqa {
namespace {

constexpr std::size_t kMany = 1U << 20U;

TEST(OutcomeCacheTest, TheSameRequestHasTheSameOutcome) {
  OutcomeCache cache(kMany, 100);
  const OutcomeCache::Lookup first = cache.FindOrAdd(MakeRequest("q", "text"));
  const OutcomeCache::Lookup second = cache.FindOrAdd(MakeRequest("q", "text"));
  EXPECT_TRUE(first.is_new);
  EXPECT_FALSE(second.is_new);
  EXPECT_EQ(first.outcome, second.outcome);
}

TEST(OutcomeCacheTest, ThePayloadIsNoPartOfTheQuestion) {
  OutcomeCache cache(kMany, 100);
  QaRequest request = MakeRequest("q", "text");
  cache.FindOrAdd(request);
  request.payload = std::string("other");
  EXPECT_FALSE(cache.FindOrAdd(request).is_new);
}

TEST(OutcomeCacheTest, RequestsThatDifferInAByteOrInTheirCutAreNew) {
  OutcomeCache cache(kMany, 100);
  const std::string nul("a\0b", 3);
  const std::vector<QaRequest> requests = {
      {"q", {"ab", "c"}, {}}, {"q", {"a", "bc"}, {}}, {"q", {"abc"}, {}},   {"qabc", {}, {}},
      {"q", {"abc", ""}, {}}, {"q", {"", "abc"}, {}}, {"q ", {"abc"}, {}},  {"Q", {"abc"}, {}},
      {"q", {nul}, {}},       {"q", {"a"}, {}},       {"q1:a", {"bc"}, {}}, {"q", {"1:a2:bc"}, {}}};
  for (const QaRequest& request : requests) {
    EXPECT_TRUE(cache.FindOrAdd(request).is_new) << request.question;
  }
}

TEST(OutcomeCacheTest, TheLeastRecentlyUsedIsForgottenFirst) {
  OutcomeCache cache(/*max_bytes=*/350, /*outcome_bytes=*/100);  // room for three
  const auto is_new = [&](const char* text) {
    return cache.FindOrAdd(MakeRequest("q", text)).is_new;
  };
  EXPECT_TRUE(is_new("a"));
  EXPECT_TRUE(is_new("b"));
  EXPECT_TRUE(is_new("c"));
  EXPECT_FALSE(is_new("a"));
  EXPECT_TRUE(is_new("d")) << "takes the place of b";
  EXPECT_FALSE(is_new("a"));
  EXPECT_FALSE(is_new("c"));
  EXPECT_TRUE(is_new("b"));
}

TEST(OutcomeCacheTest, AnEntryAboveTheBoundStaysUntilTheNext) {
  OutcomeCache cache(/*max_bytes=*/10, /*outcome_bytes=*/100);
  EXPECT_TRUE(cache.FindOrAdd(MakeRequest("q", "long")).is_new);
  EXPECT_FALSE(cache.FindOrAdd(MakeRequest("q", "long")).is_new);
  EXPECT_TRUE(cache.FindOrAdd(MakeRequest("q", "other")).is_new);
  EXPECT_TRUE(cache.FindOrAdd(MakeRequest("q", "long")).is_new);
}

TEST(OutcomeCacheTest, WhatFailedIsTriedAgain) {
  OutcomeCache cache(kMany, 100);
  const OutcomeCache::Lookup first = cache.FindOrAdd(MakeRequest("q", "text"));
  first.outcome->failed = true;
  const OutcomeCache::Lookup second = cache.FindOrAdd(MakeRequest("q", "text"));
  EXPECT_TRUE(second.is_new);
  EXPECT_NE(first.outcome, second.outcome);
  EXPECT_FALSE(cache.FindOrAdd(MakeRequest("q", "text")).is_new);
}

}  // namespace
}  // namespace bertqa
