#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bertqa/train.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::vector<Json> ReadSteps(const fs::path& path) {
  std::vector<Json> steps;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    steps.push_back(Json::parse(line));
  }
  return steps;
}

// golden/training_curve.jsonl is what transformers' Trainer logs (PROVENANCE.md).
TEST(TrainingCurve, IsThatOfTransformersTrainer) {
  const fs::path output =
      fs::temp_directory_path() / ("bertqa-curve-" + std::to_string(::getpid()));
  fs::remove_all(output);
  TrainPaths paths;
  paths.base = "golden/models/tiny-32";
  paths.data = "golden/training_letters.json";
  paths.output = output;
  TrainOptions options;
  options.epochs = 1;
  options.batch_size = 8;
  options.learning_rate = 1e-3;
  options.dropout = 0;
  options.windows = {.window_tokens = 40, .overlap_tokens = 8, .max_question_tokens = 10};
  options.order = TrainOrder::kFile;
  options.precision = Precision::kFloat32;
  options.threads = 2;
  Train(paths, options, {});
  const std::vector<Json> ours = ReadSteps(output / "log.jsonl");
  const std::vector<Json> theirs = ReadSteps("golden/training_curve.jsonl");
  fs::remove_all(output);
  ASSERT_GE(theirs.size(), 50U);
  ASSERT_GE(ours.size(), theirs.size());
  for (std::size_t step = 0; step < theirs.size(); ++step) {
    // The Trainer logs four decimals of the loss.
    EXPECT_NEAR(ours[step]["loss"].get<double>(), theirs[step]["loss"].get<double>(), 1e-3)
        << "step " << step + 1;
    EXPECT_NEAR(ours[step]["gradient_norm"].get<double>(),
                theirs[step]["gradient_norm"].get<double>(), 2e-2)
        << "step " << step + 1;
    EXPECT_NEAR(ours[step]["learning_rate"].get<double>(),
                theirs[step]["learning_rate"].get<double>(), 1e-9)
        << "step " << step + 1;
  }
}

}  // namespace
}  // namespace bertqa
