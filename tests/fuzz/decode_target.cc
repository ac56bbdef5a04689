// The decoder against all spans: every span in its order, n-best with and without overlap, the null
// term, the normaliser, the independent decode. An input is the shape of the windows, then numbers.

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "bertqa/decode.h"
#include "decode/random_logits.h"
#include "fuzz/fuzz_target.h"

namespace bertqa::fuzz {
namespace {

/// What kind of numbers logits are.
enum class Numbers { kTied, kSmall, kAny };

class Logits {
 public:
  Logits(Input& input, Numbers numbers) : input_(input), numbers_(numbers) {}

  float Next() {
    switch (numbers_) {
      case Numbers::kTied:
        return static_cast<float>(input_.TakeByte() % 4);
      case Numbers::kSmall:
        return static_cast<float>(static_cast<std::int8_t>(input_.TakeByte())) / 8;
      case Numbers::kAny:
        break;
    }
    std::uint32_t bits = 0;
    for (int byte = 0; byte < 4; ++byte) {
      bits = bits << 8U | input_.TakeByte();
    }
    return std::bit_cast<float>(bits);
  }

  std::vector<float> Next(std::size_t count) {
    std::vector<float> logits(count);
    for (float& logit : logits) {
      logit = Next();
    }
    return logits;
  }

 private:
  Input& input_;
  Numbers numbers_;
};

LogitSet ReadLogits(Input& input, Numbers numbers) {
  const std::size_t documents = 1 + input.TakeByte() % 3;
  const std::size_t capacity = 1 + input.TakeByte() % 10;
  const WindowOptions options{capacity + 4, input.TakeByte() % capacity, 1};
  LogitSet set;
  Logits logits(input, numbers);
  for (std::size_t document = 0; document < documents; ++document) {
    const std::size_t tokens = 1 + input.TakeByte() % 14;
    for (const Window& window : BuildWindows(1, tokens, 3, options)) {
      std::vector<float> start = logits.Next(window.size());
      std::vector<float> end = logits.Next(window.size());
      set.Add(document, window, std::move(start), std::move(end), logits.Next());
    }
  }
  return set;
}

bool AreFinite(const LogitSet& set) {
  for (const WindowLogits& logits : set.windows()) {
    bool is_finite = std::isfinite(logits.null_logit);
    for (std::size_t i = 0; i < logits.window.size(); ++i) {
      is_finite = is_finite && std::isfinite(logits.start[i]) && std::isfinite(logits.end[i]);
    }
    if (!is_finite) {
      return false;
    }
  }
  return true;
}

void CheckOrder(const LogitSet& set, std::size_t limit, const std::vector<TokenSpan>& spans) {
  SpanRanker ranker(set.windows(), limit);
  for (const TokenSpan& expected : spans) {
    const std::optional<TokenSpan> span = ranker.Next();
    Require(span && *span == expected, "spans come in the order of all spans");
  }
  Require(!ranker.Next(), "there are no more spans");
}

void CheckBest(const LogitSet& set, std::size_t limit, std::size_t top_k,
               const std::vector<TokenSpan>& spans) {
  std::vector<TokenSpan> first = spans;
  first.resize(std::min(top_k, first.size()));
  Require(BestSpans(set.windows(), limit, top_k, {}) == first,
          "the best spans are the first of all");
  Require(BestSpans(set.windows(), limit, top_k, Overlaps) == KeepDisjoint(spans, top_k),
          "of overlapping spans the best stays");
}

/// The definition, with the largest term taken out, so that nothing overflows.
long double LogSum(const std::vector<TokenSpan>& spans, float null_logit, double temperature) {
  const long double divisor = temperature;
  long double largest = null_logit;
  for (const TokenSpan& span : spans) {
    largest = std::max<long double>(largest, span.logit);
  }
  long double sum = std::exp((null_logit - largest) / divisor);
  for (const TokenSpan& span : spans) {
    sum += std::exp((span.logit - largest) / divisor);
  }
  return largest / divisor + std::log(sum);
}

void CheckDistribution(const LogitSet& set, std::size_t limit, double temperature,
                       const std::vector<TokenSpan>& spans) {
  const SpanDistribution distribution = ComputeDistribution(set.windows(), limit, temperature);
  float null_logit = std::numeric_limits<float>::infinity();
  for (const WindowLogits& logits : set.windows()) {
    null_logit = std::min(null_logit, logits.null_logit);
  }
  Require(distribution.null_logit == null_logit, "the null logit is the smallest of all windows");
  const long double expected = LogSum(spans, null_logit, temperature);
  const long double difference = std::abs(distribution.log_normaliser - expected);
  Require(difference <= 1e-12L * std::max(1.0L, std::abs(expected)),
          "the normaliser is the logarithm of the plain sum");
  for (const TokenSpan& span : spans) {
    const float probability = distribution.Probability(span.logit);
    Require(probability >= 0 && probability <= 1, "a probability is from 0 to 1");
  }
}

void CheckIndependent(const LogitSet& set) {
  const IndependentSpan span = IndependentDecode(set.windows());
  IndependentSpan expected;
  float start = -std::numeric_limits<float>::infinity();
  float end = start;
  for (std::size_t w = 0; w < set.windows().size(); ++w) {
    const WindowLogits& logits = set.windows()[w];
    for (std::size_t i = 0; i < logits.window.size(); ++i) {
      const std::size_t token = logits.window.context_begin + i;
      if (logits.start[i] > start) {
        start = logits.start[i];
        expected.start_document = logits.document_index;
        expected.start_token = token;
        expected.window_index = w;
      }
      if (logits.end[i] > end) {
        end = logits.end[i];
        expected.end_document = logits.document_index;
        expected.end_token = token;
      }
    }
  }
  Require(span.start_document == expected.start_document &&
              span.start_token == expected.start_token &&
              span.end_document == expected.end_document && span.end_token == expected.end_token &&
              span.window_index == expected.window_index && span.logit == start + end,
          "the independent decode takes the highest start and the highest end");
}

void Run(Input input) {
  const auto numbers = static_cast<Numbers>(input.TakeByte() % 3);
  const std::size_t limit = 1 + input.TakeByte() % 12;
  const std::size_t top_k = input.TakeByte() % 12;
  const double temperature = 0.25 * static_cast<double>(1 + input.TakeByte() % 16);
  const LogitSet set = ReadLogits(input, numbers);
  const bool is_finite = AreFinite(set);
  const std::vector<TokenSpan> spans =
      is_finite ? AllSpans(set.windows(), limit) : std::vector<TokenSpan>();
  // The sum of two large logits is infinite: the model is broken then, too.
  const bool is_sound = is_finite && (spans.empty() || std::isfinite(spans.front().logit)) &&
                        (spans.empty() || std::isfinite(spans.back().logit));
  const bool is_accepted = Accepts([&] {
    ComputeDistribution(set.windows(), limit, temperature);
    BestSpans(set.windows(), limit, top_k, Overlaps);
    IndependentDecode(set.windows());
  });
  Require(is_finite || !is_accepted, "logits that are no numbers are refused");
  if (!is_sound) {
    return;
  }
  Require(is_accepted, "finite logits are accepted");
  CheckOrder(set, limit, spans);
  CheckBest(set, limit, top_k, spans);
  CheckDistribution(set, limit, temperature, spans);
  CheckIndependent(set);
}

}  // namespace
}  // namespace bertqa::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bertqa::fuzz::Run({data, size});
  return 0;
}
