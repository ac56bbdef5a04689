#include "serve/batcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bertqa/error.h"
#include "pipeline/fake_model.h"

namespace bertqa {
namespace {

using namespace std::chrono_literals;

/// Only reached when a test fails, so that it does not hang.
constexpr auto kPatience = 30s;

std::string Words(std::size_t count, std::size_t seed) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += "w" + std::to_string(random() % 1000) + " ";
  }
  return text;
}

Batcher::Outcome Answer(Batcher& batcher, const std::shared_ptr<const Model>& model,
                        const QaRequest& request, const QaOptions& options = SmallWindows()) {
  auto ticket = batcher.Submit(model, request, options);
  EXPECT_TRUE(ticket.has_value());
  EXPECT_TRUE(ticket->WaitUntil(Batcher::Clock::now() + kPatience));
  return ticket->Take();
}

/// Holds the first forward pass until it is let go, so that what comes meanwhile waits together.
class Gate {
 public:
  FakeModel::Watch Watch() {
    return [this](const PackedBatch& batch, std::size_t) {
      {
        const std::lock_guard lock(mutex_);
        windows_.push_back(batch.window_count());
        tokens_.push_back(batch.ids.size());
      }
      arrived_ = true;
      arrived_.notify_all();
      open_.wait(false);
    };
  }
  void WaitForPass() const { arrived_.wait(false); }
  void Open() {
    open_ = true;
    open_.notify_all();
  }
  std::vector<std::size_t> windows() const {
    const std::lock_guard lock(mutex_);
    return windows_;
  }
  std::vector<std::size_t> tokens() const {
    const std::lock_guard lock(mutex_);
    return tokens_;
  }

 private:
  std::atomic<bool> arrived_ = false;
  std::atomic<bool> open_ = false;
  mutable std::mutex mutex_;
  std::vector<std::size_t> windows_;  ///< of each pass
  std::vector<std::size_t> tokens_;
};

TEST(BatcherTest, AnswersFromManyThreadsAreThePipelines) {
  const auto model = MakeFakeModel();
  for (const std::size_t threads : {1U, 3U}) {
    Batcher batcher(
        {.threads = threads, .max_batch_tokens = 64, .max_wait = 200us, .max_queue = 1000});
    std::vector<std::jthread> clients;
    for (std::size_t client = 0; client < 8; ++client) {
      clients.emplace_back([&, client] {
        for (std::size_t i = 0; i < 25; ++i) {
          const std::size_t seed = client * 100 + i;
          QaOptions options = SmallWindows();
          options.top_k = 1 + seed % 3;
          options.max_answer_tokens = 2 + seed % 5;
          QaRequest request = MakeRequest(seed % 11 == 0 ? "poison" : Words(1 + seed % 4, seed),
                                          Words(seed % 90, seed + 7));
          request.documents.push_back(Words(seed % 17, seed + 9));
          std::variant<QaResult, RecordError> expected;
          try {
            expected = QaPipeline(model, options).Ask(request);
          } catch (const Error& error) {
            expected = RecordError{RecordErrorCode::kInternal, error.what()};
          }
          EXPECT_EQ(Describe(Answer(batcher, model, request, options)), Describe(expected))
              << "seed " << seed;
        }
      });
    }
  }
}

TEST(BatcherTest, WhatWaitsTogetherSharesAPass) {
  Gate gate;
  const auto model = MakeFakeModel(gate.Watch());
  Batcher batcher({.threads = 1, .max_batch_tokens = 100});
  std::vector<Batcher::Ticket> tickets;
  tickets.push_back(*batcher.Submit(model, MakeRequest("q", "a b"), SmallWindows()));
  gate.WaitForPass();
  for (std::size_t i = 0; i < 30; ++i) {
    tickets.push_back(*batcher.Submit(model, MakeRequest("q", Words(6, i)), SmallWindows()));
  }
  gate.Open();
  for (Batcher::Ticket& ticket : tickets) {
    EXPECT_TRUE(ticket.WaitUntil(Batcher::Clock::now() + kPatience));
  }
  // [CLS] q [SEP] six words [SEP] are ten tokens.
  EXPECT_EQ(gate.windows(), (std::vector<std::size_t>{1, 10, 10, 10}));
}

TEST(BatcherTest, APassHasNoMoreTokensThanAllowedButForALoneWindow) {
  Gate gate;
  gate.Open();
  const auto model = MakeFakeModel(gate.Watch());
  {
    Batcher batcher({.threads = 2, .max_batch_tokens = 20});
    std::vector<Batcher::Ticket> tickets;
    for (std::size_t i = 0; i < 40; ++i) {
      tickets.push_back(*batcher.Submit(model, MakeRequest("q", Words(i, i)), SmallWindows()));
    }
    for (Batcher::Ticket& ticket : tickets) {
      ticket.Take();
    }
  }
  const auto windows = gate.windows();
  const auto tokens = gate.tokens();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    EXPECT_TRUE(tokens[i] <= 20 || windows[i] == 1) << tokens[i] << " in " << windows[i];
  }
}

TEST(BatcherTest, ALongTextDoesNotHoldUpAShortOne) {
  Gate gate;
  const auto hold = gate.Watch();
  const TokenId own = FakeTokenizer().Encode("short").ids.front();
  std::atomic<std::size_t> passes = 0;
  std::atomic<std::size_t> pass_of_short = 0;
  const auto model = MakeFakeModel([&](const PackedBatch& batch, std::size_t threads) {
    ++passes;
    if (std::find(batch.ids.begin(), batch.ids.end(), own) != batch.ids.end()) {
      pass_of_short = passes.load();
    }
    hold(batch, threads);
  });
  Batcher batcher({.threads = 1, .max_batch_tokens = 48});
  auto first = batcher.Submit(model, MakeRequest("q", "a b"), SmallWindows());
  gate.WaitForPass();
  auto long_one = batcher.Submit(model, MakeRequest("q", Words(2000, 1)), SmallWindows());
  auto short_one = batcher.Submit(model, MakeRequest("short", "c d"), SmallWindows());
  gate.Open();
  first->Take();
  long_one->Take();
  short_one->Take();
  EXPECT_GT(passes, 50U);
  EXPECT_EQ(pass_of_short, 2U);
}

TEST(BatcherTest, WhatIsAbandonedIsNotComputed) {
  Gate gate;
  const auto model = MakeFakeModel(gate.Watch());
  Batcher batcher({.threads = 1, .max_batch_tokens = 48});
  auto first = batcher.Submit(model, MakeRequest("q", "a b"), SmallWindows());
  gate.WaitForPass();
  {
    const auto waiting = batcher.Submit(model, MakeRequest("q", "e f"), SmallWindows());
    auto replaced = batcher.Submit(model, MakeRequest("q", Words(500, 2)), SmallWindows());
    replaced = batcher.Submit(model, MakeRequest("q", "c d"), SmallWindows());
    EXPECT_EQ(batcher.queue_length(), 4U);
  }
  gate.Open();
  first->Take();
  auto last = batcher.Submit(model, MakeRequest("q", "g h"), SmallWindows());
  last->Take();
  EXPECT_EQ(gate.windows(), (std::vector<std::size_t>{1, 1}));
}

TEST(BatcherTest, AQuestionThatIsAbandonedHalfwayEndsThere) {
  std::atomic<std::size_t> passes = 0;
  std::optional<Batcher::Ticket> ticket;
  std::atomic<bool> has_ticket = false;
  const auto model = MakeFakeModel([&](const PackedBatch&, std::size_t) {
    has_ticket.wait(false);
    if (++passes == 3) {
      ticket.reset();
    }
  });
  {
    Batcher batcher({.threads = 1, .max_batch_tokens = 24});
    ticket = batcher.Submit(model, MakeRequest("q", Words(1000, 1)), SmallWindows());
    has_ticket = true;
    has_ticket.notify_all();
  }
  EXPECT_EQ(passes, 3U);
}

TEST(BatcherTest, AFullQueueRefuses) {
  Gate gate;
  const auto model = MakeFakeModel(gate.Watch());
  Batcher batcher({.threads = 1, .max_queue = 2});
  auto one = batcher.Submit(model, MakeRequest("q", "a b"), SmallWindows());
  auto two = batcher.Submit(model, MakeRequest("q", "a b"), SmallWindows());
  ASSERT_TRUE(one && two);
  EXPECT_FALSE(batcher.Submit(model, MakeRequest("q", "a b"), SmallWindows()));
  gate.Open();
  one->Take();
  two->Take();
  while (batcher.queue_length() > 0) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(batcher.Submit(model, MakeRequest("q", "a b"), SmallWindows()));
}

TEST(BatcherTest, AWindowWaitsForCompany) {
  Gate gate;
  gate.Open();
  const auto model = MakeFakeModel(gate.Watch());
  Batcher batcher({.threads = 2, .max_batch_tokens = 20, .max_wait = kPatience});
  auto one = batcher.Submit(model, MakeRequest("q", Words(6, 1)), SmallWindows());
  EXPECT_FALSE(one->WaitUntil(Batcher::Clock::now() + 20ms));
  EXPECT_TRUE(gate.windows().empty());
  auto two = batcher.Submit(model, MakeRequest("q", Words(6, 2)), SmallWindows());  // is enough
  one->Take();
  two->Take();
  EXPECT_GT(one->times().encode, 0);
}

TEST(BatcherTest, QuestionsToTwoModelsDoNotMix) {
  std::vector<std::shared_ptr<const Model>> models;
  std::atomic<std::size_t> strangers = 0;
  for (const std::string question : {"one", "two"}) {
    const TokenId own = FakeTokenizer().Encode(question).ids.front();
    models.push_back(MakeFakeModel([own, &strangers](const PackedBatch& batch, std::size_t) {
      for (std::size_t i = 0; i < batch.window_count(); ++i) {
        strangers += batch.ids[batch.offsets[i] + 1] == own ? 0 : 1;
      }
    }));
  }
  Batcher batcher({.threads = 1, .max_wait = 100us});
  std::vector<Batcher::Ticket> tickets;
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < 60; ++i) {
    const QaRequest request = MakeRequest(i % 2 == 0 ? "one" : "two", Words(i, i));
    tickets.push_back(*batcher.Submit(models[i % 2], request, SmallWindows()));
    expected.push_back(Describe(QaPipeline(models[i % 2], SmallWindows()).Ask(request)));
  }
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    EXPECT_EQ(Describe(tickets[i].Take()), expected[i]);
  }
  EXPECT_EQ(strangers, 0U);
}

TEST(BatcherTest, TheEndAnswersWhatWasSubmitted) {
  std::vector<Batcher::Ticket> tickets;
  {
    Batcher batcher({.threads = 2, .max_wait = kPatience});
    const auto model = MakeFakeModel();
    for (std::size_t i = 0; i < 50; ++i) {
      tickets.push_back(*batcher.Submit(model, MakeRequest("q", Words(i, i)), SmallWindows()));
    }
  }
  for (const Batcher::Ticket& ticket : tickets) {
    EXPECT_TRUE(ticket.WaitUntil(Batcher::Clock::now()));
  }
}

TEST(BatcherTest, PassesAreReported) {
  std::atomic<std::size_t> windows = 0;
  std::atomic<std::size_t> tokens = 0;
  {
    Batcher batcher({.threads = 2, .on_batch = [&](const BatchReport& report) {
                       windows += report.windows;
                       tokens += report.tokens;
                     }});
    Answer(batcher, MakeFakeModel(), MakeRequest("q", Words(6, 1)));
  }
  EXPECT_EQ(windows, 1U);
  EXPECT_EQ(tokens, 10U);
}

TEST(BatcherTest, DoesOtherWorkToo) {
  Batcher batcher({.threads = 1});
  int done = 0;
  auto ticket = batcher.SubmitTask([&] { done = 1; });
  ASSERT_TRUE(ticket->WaitUntil(Batcher::Clock::now() + kPatience));
  EXPECT_TRUE(std::holds_alternative<QaResult>(ticket->Take()));
  EXPECT_EQ(done, 1);
  ticket = batcher.SubmitTask([] { throw std::runtime_error("broken"); });
  const Batcher::Outcome outcome = ticket->Take();
  EXPECT_EQ(std::get<RecordError>(outcome).message, "broken");
}

TEST(BatcherTest, GivesTheRequestBack) {
  Batcher batcher({.threads = 1});
  auto ticket = batcher.Submit(MakeFakeModel(), {"who", {"a text"}, 7}, SmallWindows());
  ticket->Take();
  const QaRequest request = ticket->TakeRequest();
  EXPECT_EQ(request.documents, std::vector<std::string>{"a text"});
  EXPECT_EQ(std::any_cast<int>(request.payload), 7);
}

}  // namespace
}  // namespace bertqa
