#include "decode/random_logits.h"

#include <algorithm>
#include <tuple>

namespace bertqa {
namespace {

std::vector<float> RandomNumbers(std::mt19937& random, std::size_t count) {
  std::vector<float> numbers(count);
  for (float& number : numbers) {
    number = static_cast<float>(static_cast<int>(random() % 7) - 3);
  }
  return numbers;
}

bool SharesToken(const TokenSpan& left, const TokenSpan& right) {
  for (std::size_t token = left.first_token; token <= left.last_token; ++token) {
    if (left.document_index == right.document_index && right.first_token <= token &&
        token <= right.last_token) {
      return true;
    }
  }
  return false;
}

}  // namespace

void LogitSet::Add(std::size_t document_index, const Window& window, std::vector<float> start,
                   std::vector<float> end, float null_logit) {
  const std::vector<float>& starts = numbers_.emplace_back(std::move(start));
  const std::vector<float>& ends = numbers_.emplace_back(std::move(end));
  windows_.push_back({document_index, window, starts, ends, null_logit});
}

LogitSet RandomTiedLogits(std::mt19937& random) {
  LogitSet set;
  const std::size_t capacity = 2 + random() % 20;
  const WindowOptions options{capacity + 4, random() % capacity, 1};
  const std::size_t documents = 1 + random() % 3;
  for (std::size_t document_index = 0; document_index < documents; ++document_index) {
    for (const Window& window : BuildWindows(1, 1 + random() % 40, 3, options)) {
      set.Add(document_index, window, RandomNumbers(random, window.size()),
              RandomNumbers(random, window.size()), RandomNumbers(random, 1).front());
    }
  }
  return set;
}

Window WholeWindow(std::size_t tokens) {
  return {0, tokens, 0, tokens};
}

std::vector<TokenSpan> AllSpans(const std::vector<WindowLogits>& windows,
                                std::size_t max_answer_tokens) {
  std::vector<TokenSpan> spans;
  for (std::size_t w = 0; w < windows.size(); ++w) {
    const Window& window = windows[w].window;
    for (std::size_t i = 0; i < window.size(); ++i) {
      for (std::size_t j = 0; j < window.size(); ++j) {
        const std::size_t first = window.context_begin + i;
        const bool is_max_context =
            first >= window.max_context_begin && first < window.max_context_end;
        if (is_max_context && i <= j && j - i < max_answer_tokens) {
          spans.push_back({windows[w].document_index, w, first, window.context_begin + j,
                           windows[w].start[i] + windows[w].end[j]});
        }
      }
    }
  }
  std::sort(spans.begin(), spans.end(), [](const TokenSpan& left, const TokenSpan& right) {
    return std::make_tuple(-left.logit, left.window_index, left.first_token, left.last_token) <
           std::make_tuple(-right.logit, right.window_index, right.first_token, right.last_token);
  });
  return spans;
}

std::vector<TokenSpan> KeepDisjoint(const std::vector<TokenSpan>& spans, std::size_t top_k) {
  std::vector<TokenSpan> kept;
  for (const TokenSpan& span : spans) {
    const bool is_free = std::none_of(kept.begin(), kept.end(), [&](const TokenSpan& better) {
      return SharesToken(better, span);
    });
    if (is_free && kept.size() < top_k) {
      kept.push_back(span);
    }
  }
  return kept;
}

}  // namespace bertqa
