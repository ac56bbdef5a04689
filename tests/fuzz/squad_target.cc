// The reader of SQuAD documents, of predictions and of scores, and the guess of a format.

#include "base/utf8.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/training_check.h"
#include "io/squad_reader.h"

namespace bertqa::fuzz {
namespace {

void CheckFile(const SquadFile& file, bool has_labels) {
  for (const SquadExample& example : file.examples) {
    Require(!FindInvalidUtf8(example.id) && !FindInvalidUtf8(example.question) &&
                !FindInvalidUtf8(*example.context),
            "the texts of an example are UTF-8");
    Require(example.labels.has_value() == has_labels, "labels are there if they are asked for");
    Require(!has_labels || example.labels->answer_starts.size() == example.answers.size(),
            "each answer has its place");
  }
}

void Run(std::string_view text) {
  SquadFile plain;
  const bool is_squad = Accepts([&] { plain = ParseSquad(text, "fuzz"); });
  CheckFile(plain, /*has_labels=*/false);
  SquadFile labelled;
  if (Accepts([&] { labelled = ParseLabelledSquad(text, "fuzz"); })) {
    CheckFile(labelled, /*has_labels=*/true);
    Require(is_squad && labelled.examples.size() == plain.examples.size() &&
                labelled.version == plain.version,
            "labels change nothing else");
  }
  IsEnoughToGuess(text.substr(0, text.size() / 2));
  GuessFormat(text.substr(0, text.size() / 2));
  if (IsEnoughToGuess(text)) {
    GuessFormat(text);
  }
  Accepts([&] { CheckTrainingData(ParseTrainingData(text, "fuzz")); });
  Accepts([&] { ParsePredictions(text, "fuzz"); });
  Accepts([&] { ParseScores(text, "fuzz"); });
}

}  // namespace
}  // namespace bertqa::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bertqa::fuzz::Run(bertqa::fuzz::Input(data, size).rest());
  return 0;
}
