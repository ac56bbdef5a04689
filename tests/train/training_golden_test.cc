// Labels of transformers and of Hugging Face's tutorial: golden/training_*.jsonl
// (golden/PROVENANCE.md).

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "io/training_reader.h"
#include "text/wordpiece.h"
#include "train/training_set.h"

namespace bertqa {
namespace {

using nlohmann::json;

TrainingData ReadExamples() {
  const std::string name = "golden/training_examples.jsonl";
  std::ifstream file(name);
  return ParseTrainingData(std::string(std::istreambuf_iterator<char>(file), {}), name);
}

const Tokenizer& BundledTokenizer() {
  static const auto tokenizer = LoadWordPiece("../models/minilm-l6-squad/vocab.txt", {});
  return *tokenizer;
}

/// The windows of one example as the golden file writes them.
json WindowsOf(const TrainingExample& example, const WindowOptions& options) {
  const PairTemplate& pair = BundledTokenizer().pair_template();
  const TrainingSet set = BuildTrainingSet({&example, 1}, BundledTokenizer(), options, 1);
  json windows = json::array();
  for (std::size_t i = 0; i < set.windows.size(); ++i) {
    PackedBatch batch;
    AppendTrainingWindow(batch, set, i, pair);
    windows.push_back(
        {{"ids", batch.ids},
         {"positions", {set.windows[i].start_position, set.windows[i].end_position}}});
  }
  return windows;
}

TEST(TrainingGoldenTest, WindowsAndPositionsAreTheTutorials) {
  const TrainingData data = ReadExamples();
  ASSERT_TRUE(data.skipped.empty()) << data.skipped.front().reason;
  std::map<std::string, const TrainingExample*> by_id;
  for (const TrainingExample& example : data.examples) {
    by_id[example.id] = &example;
  }
  std::ifstream file("golden/training_windows.jsonl");
  std::string line;
  std::size_t labelled = 0;
  std::size_t null = 0;
  while (std::getline(file, line)) {
    const json record = json::parse(line);
    // The questions are far shorter than the limit; it only leaves room for the small windows.
    const WindowOptions options{record.at("window_tokens"), record.at("overlap_tokens"), 24};
    const auto id = record.at("id").get<std::string>();
    EXPECT_EQ(WindowsOf(*by_id.at(id), options), record.at("windows"))
        << id << ", " << options.window_tokens << ", " << options.overlap_tokens;
    for (const json& window : record.at("windows")) {
      (window.at("positions") == json{0, 0} ? null : labelled) += 1;
    }
  }
  EXPECT_GE(labelled, 30U);
  EXPECT_GE(null, 30U);
}

/// The text at a window's target, through the tokens' spans.
std::string TextAtTarget(const TrainingExample& example, const TrainingSet& set,
                         const TrainingWindow& window) {
  const Encoding encoding = BundledTokenizer().Encode(*example.context);
  const std::size_t before =
      set.examples[window.example_index].question.size() + 2 - window.window.context_begin;
  const std::size_t begin = encoding.spans[window.start_position - before].begin;
  return example.context->substr(begin, encoding.spans[window.end_position - before].end - begin);
}

TEST(TrainingGoldenTest, TutorialsExamplesFitOneWindowAndReadBack) {
  const TrainingData data = ReadExamples();
  const TrainingSet set = BuildTrainingSet(data.examples, BundledTokenizer(), {}, 2);
  ASSERT_EQ(set.windows[0].example_index, 0U);
  ASSERT_EQ(set.windows[1].example_index, 1U);
  EXPECT_EQ(TextAtTarget(data.examples[0], set, set.windows[0]), "Saint Bernadette Soubirous");
  EXPECT_EQ(TextAtTarget(data.examples[1], set, set.windows[1]), "a copper statue of Christ");
}

}  // namespace
}  // namespace bertqa
