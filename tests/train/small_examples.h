#pragma once

#include <cstddef>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "train/training_set.h"

namespace bertqa {

/// Words of one, two and three tokens, characters that become several tokens (a decomposed
/// syllable, U+D55C), and nothing at all for white space.
const Tokenizer& SmallTokenizer();

TrainingExample MakeExample(std::string context, std::optional<ByteSpan> answer,
                            std::string question = "q");

TrainingSet Build(std::span<const TrainingExample> examples, const WindowOptions& options,
                  std::size_t threads = 1);
TrainingSet BuildOne(const TrainingExample& example, const WindowOptions& options);

/// Start and end position of every window.
using Positions = std::vector<std::pair<std::size_t, std::size_t>>;
Positions PositionsOf(const TrainingSet& set);

/// A text of words, syllables, unknown characters and white space.
std::string RandomText(std::mt19937& random, std::size_t pieces);

/// Some of a text's characters, or none.
std::optional<ByteSpan> RandomAnswer(std::mt19937& random, std::string_view text);

}  // namespace bertqa
