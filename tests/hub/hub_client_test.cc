#include "hub/hub_client.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "bertqa/error.h"

namespace bertqa {
namespace {

HttpReply Reply(int status, std::map<std::string, std::string> headers = {}) {
  HttpReply reply;
  reply.status = status;
  reply.headers = std::move(headers);
  return reply;
}

HttpReply Fault(TransferFault fault, int status = 0) {
  HttpReply reply = Reply(status);
  reply.fault = fault;
  return reply;
}

/// Gives the replies in turn, the last one for ever; keeps what it was asked.
class ScriptedTransport final : public HttpTransport {
 public:
  explicit ScriptedTransport(std::vector<HttpReply> replies) : replies_(std::move(replies)) {}

  HttpReply Get(const HttpRequest& request, const BodySink& sink) override {
    const HttpReply reply = replies_.at(std::min(requests.size(), replies_.size() - 1));
    requests.push_back(request);
    if (reply.status != 0) {
      sink(reply, "body " + std::to_string(reply.status));
    }
    return reply;
  }

  bool SentToken(std::size_t index) const {
    const auto& headers = requests.at(index).headers;
    return std::find(headers.begin(), headers.end(), "Authorization: Bearer secret") !=
           headers.end();
  }

  std::vector<HttpRequest> requests;

 private:
  std::vector<HttpReply> replies_;
};

class HubClientTest : public testing::Test {
 protected:
  HubClientTest() {
    settings_.endpoint = "https://hub";
    settings_.token = "secret";
  }

  HubReply GetText(ScriptedTransport& transport) {
    HubClient client(transport, settings_, [this](double seconds) { pauses_.push_back(seconds); });
    return client.GetText("https://hub/x", text_);
  }

  HubSettings settings_;
  std::vector<double> pauses_;
  std::string text_;
};

TEST_F(HubClientTest, TokenStaysWithTheEndpoint) {
  const std::vector<std::pair<std::string, bool>> cases = {
      {"/y", true},
      {"https://hub/y", true},
      {"https://HUB:443/y", true},
      {"https://cdn/y", false},
      {"https://hub:8443/y", false},
      {"https://hub.evil/y", false},
      {"https://evil/hub/y", false},
  };
  for (const auto& [location, is_sent] : cases) {
    ScriptedTransport transport({Reply(302, {{"location", location}}), Reply(200)});
    const HubReply reply = GetText(transport);
    ASSERT_EQ(transport.requests.size(), 2U) << location;
    EXPECT_TRUE(transport.SentToken(0)) << location;
    EXPECT_EQ(transport.SentToken(1), is_sent) << location;
    EXPECT_EQ(reply.from_hub, is_sent) << location;
    EXPECT_EQ(text_, "body 200") << "the redirect's own body is skipped";
  }
}

TEST_F(HubClientTest, TokenIsGoneForGoodOnlyWhileItIsElsewhere) {
  ScriptedTransport transport({Reply(302, {{"location", "https://cdn/a"}}),
                               Reply(302, {{"location", "https://cdn2/b"}}), Reply(200)});
  GetText(transport);
  EXPECT_TRUE(transport.SentToken(0));
  EXPECT_FALSE(transport.SentToken(1));
  EXPECT_FALSE(transport.SentToken(2));
}

TEST_F(HubClientTest, NeverFromHttpsToHttp) {
  ScriptedTransport transport({Reply(302, {{"location", "http://hub/y"}}), Reply(200)});
  EXPECT_THROW(GetText(transport), Error);
  EXPECT_EQ(transport.requests.size(), 1U);
}

TEST_F(HubClientTest, RedirectsInACircleEnd) {
  ScriptedTransport transport({Reply(307, {{"location", "/x"}})});
  EXPECT_THROW(GetText(transport), Error);
  EXPECT_LT(transport.requests.size(), 20U);
}

TEST_F(HubClientTest, HashOfTheRedirectIsKept) {
  ScriptedTransport transport(
      {Reply(302, {{"location", "https://cdn/y"}, {"x-linked-etag", "\"abc\""}}),
       Reply(200, {{"x-linked-etag", "\"of somebody else\""}})});
  EXPECT_EQ(GetText(transport).linked_hash, "abc");
}

TEST_F(HubClientTest, TriesAgainWithLongerPauses) {
  ScriptedTransport transport({Reply(503), Fault(TransferFault::kBroken), Reply(429), Reply(200)});
  EXPECT_EQ(GetText(transport).last.status, 200);
  EXPECT_EQ(pauses_, (std::vector<double>{0.5, 1, 2}));
  EXPECT_EQ(text_, "body 200");
}

TEST_F(HubClientTest, GivesUpInTheEnd) {
  ScriptedTransport transport({Reply(500)});
  EXPECT_EQ(GetText(transport).last.status, 500);
  EXPECT_EQ(transport.requests.size(), 5U);
  EXPECT_EQ(pauses_.size(), 4U);
}

TEST_F(HubClientTest, WaitsAsLongAsTheServerAsksButNotForEver) {
  HttpReply busy = Reply(429);
  busy.retry_after_seconds = 30;
  ScriptedTransport patient({busy, Reply(200)});
  EXPECT_EQ(GetText(patient).last.status, 200);
  EXPECT_EQ(pauses_, std::vector<double>{30});
  busy.retry_after_seconds = 3600;
  ScriptedTransport closed({busy, Reply(200)});
  EXPECT_EQ(GetText(closed).last.status, 429);
  EXPECT_EQ(pauses_.size(), 1U);
}

TEST_F(HubClientTest, WhatStaysWrongIsNotTriedAgain) {
  for (const HttpReply& reply :
       {Reply(401), Reply(403), Reply(404), Fault(TransferFault::kUntrusted),
        Fault(TransferFault::kNoConnection), Fault(TransferFault::kOther)}) {
    ScriptedTransport transport({reply, Reply(200)});
    GetText(transport);
    EXPECT_EQ(transport.requests.size(), 1U) << reply.status;
  }
}

TEST_F(HubClientTest, LostNetworkIsWaitedForOnceItWasThere) {
  ScriptedTransport transport({Reply(503), Fault(TransferFault::kNoConnection), Reply(200)});
  EXPECT_EQ(GetText(transport).last.status, 200);
}

TEST_F(HubClientTest, ProgressBeginsTheCountAnewButNotForEver) {
  ScriptedTransport transport({Reply(200)});
  HubClient client(transport, settings_, [this](double seconds) { pauses_.push_back(seconds); });
  Retries retries(client);
  HubReply cut;
  cut.last = Fault(TransferFault::kBroken, 206);
  std::size_t tries = 1;
  while (retries.Again(cut, /*progressed=*/true)) {
    ++tries;
  }
  EXPECT_EQ(tries, 100U);
  EXPECT_EQ(*std::max_element(pauses_.begin(), pauses_.end()), 0.5);
}

}  // namespace
}  // namespace bertqa
