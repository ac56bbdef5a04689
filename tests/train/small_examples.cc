#include "train/small_examples.h"

#include <algorithm>
#include <array>
#include <memory>

#include "text/wordpiece.h"

namespace bertqa {

const Tokenizer& SmallTokenizer() {
  static const auto tokenizer =
      MakeWordPiece({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "w", "q", "long", "##er", "##s",
                     "e", "\u65E5", "\u1112", "##\u1161", "##\u11AB", "."},
                    {});
  return *tokenizer;
}

TrainingExample MakeExample(std::string context, std::optional<ByteSpan> answer,
                            std::string question) {
  return {"x", std::move(question), std::make_shared<const std::string>(std::move(context)),
          answer};
}

TrainingSet Build(std::span<const TrainingExample> examples, const WindowOptions& options,
                  std::size_t threads) {
  return BuildTrainingSet(examples, SmallTokenizer(), options, threads);
}

TrainingSet BuildOne(const TrainingExample& example, const WindowOptions& options) {
  return Build({&example, 1}, options);
}

Positions PositionsOf(const TrainingSet& set) {
  Positions positions;
  for (const TrainingWindow& window : set.windows) {
    positions.emplace_back(window.start_position, window.end_position);
  }
  return positions;
}

std::string RandomText(std::mt19937& random, std::size_t pieces) {
  constexpr std::array<std::string_view, 10> kPieces = {
      "w", "longers", "longer", "e\u0301", "\u65E5\u65E5", "\uD55C", " ", "\U0001F600", ".", "\t "};
  std::string text;
  for (std::size_t i = 0; i < pieces; ++i) {
    text += kPieces[random() % kPieces.size()];
    text += random() % 2 == 0 ? " " : "";
  }
  return text;
}

std::optional<ByteSpan> RandomAnswer(std::mt19937& random, std::string_view text) {
  std::vector<std::size_t> boundaries;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
      boundaries.push_back(i);
    }
  }
  const std::size_t begin = random() % boundaries.size();
  const std::size_t end = std::min(begin + random() % 12, boundaries.size() - 1);
  if (begin == end) {
    return std::nullopt;
  }
  return ByteSpan{boundaries[begin], boundaries[end]};
}

}  // namespace bertqa
