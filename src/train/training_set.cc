#include "train/training_set.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "bertqa/error.h"

namespace bertqa {
namespace {

/// Enough that neighbours with one context mostly meet, few enough that no thread waits long.
constexpr std::size_t kChunkExamples = 256;

/// Tokens of the context, both inclusive.
struct AnswerTokens {
  std::size_t first = 0;
  std::size_t last = 0;
};

/// The tokens that touch the answer, or nothing if none does (white space is no token). The
/// tutorial's rule takes a token more on a side where the answer ends with characters of no token,
/// such as a combining accent: 8 of 65,000 questions of a mix of SQuAD and others.
std::optional<AnswerTokens> FindAnswer(const std::vector<ByteSpan>& spans, const ByteSpan& answer) {
  // Neither begins nor ends of tokens ever descend (Encoding).
  const auto first = std::partition_point(
      spans.begin(), spans.end(), [&](const ByteSpan& span) { return span.end <= answer.begin; });
  const auto past = std::partition_point(
      first, spans.end(), [&](const ByteSpan& span) { return span.begin < answer.end; });
  if (first == past) {
    return std::nullopt;
  }
  return AnswerTokens{static_cast<std::size_t>(first - spans.begin()),
                      static_cast<std::size_t>(past - spans.begin()) - 1};
}

/// What becomes of some neighbouring examples, or what went wrong with the first that failed.
struct Chunk {
  std::vector<TrainingWindow> windows;
  TrainingCounts counts;
  std::exception_ptr error;
};

/// Labels examples one after the other on one thread.
class Labeller {
 public:
  Labeller(const Tokenizer& tokenizer, const WindowOptions& options, Chunk& chunk)
      : tokenizer_(tokenizer), pair_(tokenizer.pair_template()), options_(options), chunk_(chunk) {}

  void Label(const TrainingExample& example, std::size_t example_index, TokenizedExample& tokens) {
    tokens.question = Encode(example.question, example, "question").ids;
    const bool is_cut = tokens.question.size() > options_.max_question_tokens;
    if (is_cut) {
      tokens.question.resize(options_.max_question_tokens);
    }
    if (context_ != example.context.get()) {
      encoding_ = Encode(*example.context, example, "context");
      context_ = example.context.get();
    }
    tokens.context = encoding_.ids;
    std::optional<AnswerTokens> answer;
    if (example.answer) {
      answer = FindAnswer(encoding_.spans, *example.answer);
    }
    if (tokens.question.empty() || tokens.context.empty() || (example.answer && !answer)) {
      ++chunk_.counts.empty;
      return;
    }
    ++chunk_.counts.examples;
    chunk_.counts.cut_questions += is_cut ? 1 : 0;
    chunk_.counts.unanswerable += answer ? 0 : 1;
    AddWindows(example_index, tokens, answer);
  }

 private:
  Encoding Encode(const std::string& text, const TrainingExample& example, const char* what) const {
    try {
      return tokenizer_.Encode(text);
    } catch (const Error& error) {
      throw Error(error.code(), "example " + example.id + ": " + what + ": " + error.what());
    }
  }

  void AddWindows(std::size_t example_index, const TokenizedExample& tokens,
                  const std::optional<AnswerTokens>& answer) {
    const std::size_t before =
        pair_.prefix.size() + tokens.question.size() + pair_.separator.size();
    bool is_whole = false;
    for (const Window& window : BuildWindows(tokens.question.size(), tokens.context.size(),
                                             pair_.special_tokens(), options_)) {
      TrainingWindow& labelled = chunk_.windows.emplace_back();
      labelled.example_index = example_index;
      labelled.window = window;
      labelled.tokens = pair_.special_tokens() + tokens.question.size() + window.size();
      if (answer && answer->first >= window.context_begin && answer->last < window.context_end) {
        labelled.start_position = before + answer->first - window.context_begin;
        labelled.end_position = before + answer->last - window.context_begin;
        is_whole = true;
      } else {
        labelled.start_position = pair_.null_position;
        labelled.end_position = pair_.null_position;
        ++chunk_.counts.null_windows;
      }
      ++chunk_.counts.windows;
    }
    chunk_.counts.cut_answers += answer && !is_whole ? 1 : 0;
  }

  const Tokenizer& tokenizer_;
  const PairTemplate& pair_;
  const WindowOptions& options_;
  Chunk& chunk_;
  const std::string* context_ = nullptr;  ///< that `encoding_` is of
  Encoding encoding_;
};

void Add(TrainingCounts& sum, const TrainingCounts& counts) {
  sum.examples += counts.examples;
  sum.unanswerable += counts.unanswerable;
  sum.windows += counts.windows;
  sum.null_windows += counts.null_windows;
  sum.cut_answers += counts.cut_answers;
  sum.cut_questions += counts.cut_questions;
  sum.empty += counts.empty;
}

/// Calls `work` with every index below `count`, on at most `threads` threads.
template <class Work>
void ForEachIndex(std::size_t count, std::size_t threads, const Work& work) {
  std::atomic<std::size_t> next = 0;
  const auto work_off = [&] {
    for (std::size_t index = next++; index < count; index = next++) {
      work(index);
    }
  };
  std::vector<std::jthread> helpers;
  try {
    for (std::size_t i = 1; i < std::min(threads, count); ++i) {
      helpers.emplace_back(work_off);
    }
  } catch (const std::system_error&) {
    // Fewer threads than wanted only take longer.
  }
  work_off();
}

}  // namespace

TrainingSet BuildTrainingSet(std::span<const TrainingExample> examples, const Tokenizer& tokenizer,
                             const WindowOptions& options, std::size_t threads) {
  options.Validate(tokenizer.pair_template().special_tokens());
  TrainingSet set;
  set.examples.resize(examples.size());
  std::vector<Chunk> chunks((examples.size() + kChunkExamples - 1) / kChunkExamples);
  ForEachIndex(chunks.size(), threads, [&](std::size_t chunk_index) {
    Chunk& chunk = chunks[chunk_index];
    Labeller labeller(tokenizer, options, chunk);
    const std::size_t begin = chunk_index * kChunkExamples;
    const std::size_t end = std::min(begin + kChunkExamples, examples.size());
    try {
      for (std::size_t i = begin; i < end; ++i) {
        labeller.Label(examples[i], i, set.examples[i]);
      }
    } catch (...) {
      chunk.error = std::current_exception();
    }
  });
  for (Chunk& chunk : chunks) {
    if (chunk.error) {
      std::rethrow_exception(chunk.error);
    }
    set.windows.insert(set.windows.end(), chunk.windows.begin(), chunk.windows.end());
    Add(set.counts, chunk.counts);
  }
  return set;
}

void AppendTrainingWindow(PackedBatch& batch, const TrainingSet& set, std::size_t window_index,
                          const PairTemplate& pair) {
  const TrainingWindow& labelled = set.windows[window_index];
  const TokenizedExample& tokens = set.examples[labelled.example_index];
  AppendWindow(batch, pair, tokens.question, tokens.context, labelled.window);
}

}  // namespace bertqa
