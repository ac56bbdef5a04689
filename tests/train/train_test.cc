#include "bertqa/train.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/error_of.h"
#include "base/files.h"
#include "bertqa/error.h"
#include "bertqa/model.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kBase = "golden/models/tiny-32";

/// Questions that ask for the word after a letter, of words that the tiny vocabulary spells.
std::string MakeSquad(std::size_t count, unsigned seed, bool with_unanswerable) {
  std::mt19937 bits(seed);
  const auto letter = [&] { return std::string(1, static_cast<char>('a' + bits() % 26)); };
  Json questions = Json::array();
  Json paragraphs = Json::array();
  for (std::size_t index = 0; index < count; ++index) {
    std::string context;
    for (int word = 0; word < 8; ++word) {
      context += (word == 0 ? "" : " ") + letter() + letter();
    }
    const std::size_t word = bits() % 8;
    const bool has_answer = !with_unanswerable || index % 4 != 3;
    Json answers = Json::array();
    if (has_answer) {
      answers.push_back({{"text", context.substr(word * 3, 2)}, {"answer_start", word * 3}});
    }
    Json question = {{"id", "q" + std::to_string(index)},
                     {"question", context.substr(word * 3, 1) + " ?"},
                     {"answers", answers}};
    if (with_unanswerable) {
      question["is_impossible"] = !has_answer;
    }
    paragraphs.push_back({{"context", context}, {"qas", Json::array({question})}});
  }
  const Json article = {{"title", "letters"}, {"paragraphs", paragraphs}};
  return Json({{"version", with_unanswerable ? "v2.0" : "1.1"}, {"data", Json::array({article})}})
      .dump();
}

/// A folder of its own for each test.
class TrainTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* const info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() /
              ("bertqa-train-" + std::string(info->name()) + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    WriteFileAtomically(folder_ / "train.json", MakeSquad(40, 1, /*with_unanswerable=*/false));
    WriteFileAtomically(folder_ / "dev.json", MakeSquad(12, 2, /*with_unanswerable=*/false));
    paths_.base = kBase;
    paths_.data = folder_ / "train.json";
    paths_.dev = folder_ / "dev.json";
    paths_.output = folder_ / "out";
    options_.batch_size = 8;
    options_.epochs = 2;
    options_.learning_rate = 1e-3;
    options_.windows = {.window_tokens = 40, .overlap_tokens = 8, .max_question_tokens = 10};
    options_.precision = Precision::kFloat32;
    options_.threads = 2;
    options_.max_batch_tokens = 80;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Weights(const fs::path& output) const {
    return ReadFile(output / "model.safetensors");
  }

  std::vector<Json> Log() const {
    std::vector<Json> lines;
    std::ifstream file(paths_.output / "log.jsonl");
    for (std::string line; std::getline(file, line);) {
      lines.push_back(Json::parse(line));
    }
    return lines;
  }

  fs::path folder_;
  TrainPaths paths_;
  TrainOptions options_;
};

TEST_F(TrainTest, WritesAModelThatAnswersAndALogOfEachStep) {
  const TrainResult result = Train(paths_, options_, {});
  EXPECT_EQ(result.steps, 10U);
  EXPECT_FALSE(result.was_interrupted);
  ASSERT_TRUE(result.best.has_value());
  const Model model = LoadModel(paths_.output);
  EXPECT_EQ(model.defaults.temperature, result.temperature);
  EXPECT_FALSE(model.defaults.no_answer);
  std::size_t steps = 0;
  std::size_t evaluations = 0;
  for (const Json& line : Log()) {
    if (line.contains("loss")) {
      EXPECT_EQ(line["step"], ++steps);
      EXPECT_TRUE(std::isfinite(line["loss"].get<double>()));
    } else {
      EXPECT_TRUE(line.contains("f1"));
      ++evaluations;
    }
  }
  EXPECT_EQ(steps, 10U);
  EXPECT_EQ(evaluations, 2U);
  EXPECT_NE(ReadFile(paths_.output / "learning-curve.svg").find("<svg"), std::string::npos);
  for (const fs::directory_entry& entry : fs::directory_iterator(paths_.output)) {
    EXPECT_FALSE(entry.path().filename().string().ends_with(".part")) << entry.path();
    EXPECT_FALSE(entry.path().filename().string().starts_with("checkpoint-")) << entry.path();
  }
}

TEST_F(TrainTest, TheSameCommandGivesTheSameBits) {
  Train(paths_, options_, {});
  const std::string first = Weights(paths_.output);
  paths_.output = folder_ / "again";
  Train(paths_, options_, {});
  EXPECT_EQ(first, Weights(paths_.output));
  options_.seed = 43;
  paths_.output = folder_ / "other";
  Train(paths_, options_, {});
  EXPECT_NE(first, Weights(paths_.output));
}

TEST_F(TrainTest, AResumedRunGivesTheBitsOfOneThatWasNeverStopped) {
  Train(paths_, options_, {});
  const std::string whole = Weights(paths_.output);
  const std::vector<Json> whole_log = Log();
  for (const std::size_t stop : {1U, 4U, 5U, 7U}) {
    paths_.output = folder_ / ("stopped-" + std::to_string(stop));
    paths_.resume = false;
    std::size_t steps = 0;
    TrainObserver observer;
    observer.on_step = [&](const TrainStep& step) { steps = step.step; };
    observer.should_stop = [&] { return steps == stop; };
    EXPECT_TRUE(Train(paths_, options_, observer).was_interrupted);
    paths_.resume = true;
    EXPECT_FALSE(Train(paths_, options_, {}).was_interrupted);
    EXPECT_EQ(whole, Weights(paths_.output)) << "stopped after " << stop;
    const std::vector<Json> log = Log();
    ASSERT_EQ(log.size(), whole_log.size());
    for (std::size_t line = 0; line < log.size(); ++line) {
      EXPECT_EQ(log[line].value("loss", 0.0), whole_log[line].value("loss", 0.0)) << line;
    }
  }
}

TEST_F(TrainTest, ARunThatIsDoneIsNotTouchedByResuming) {
  for (const char* dev : {"dev.json", ""}) {
    paths_.dev = *dev == '\0' ? fs::path() : folder_ / dev;
    paths_.output = folder_ / ("done" + std::string(dev));
    paths_.resume = false;
    const TrainResult first = Train(paths_, options_, {});
    const std::string weights = Weights(paths_.output);
    const std::string log = ReadFile(paths_.output / "log.jsonl");
    paths_.resume = true;
    const TrainResult again = Train(paths_, options_, {});
    EXPECT_EQ(again.steps, first.steps);
    EXPECT_EQ(again.temperature, first.temperature);
    EXPECT_EQ(weights, Weights(paths_.output));
    EXPECT_EQ(log, ReadFile(paths_.output / "log.jsonl"));
  }
}

TEST_F(TrainTest, ARunThatEndedBeforeItsFirstStepCanBeResumed) {
  Train(paths_, options_, {});
  const std::string whole = Weights(paths_.output);
  paths_.output = folder_ / "ended";
  TrainObserver observer;
  observer.on_step = [](const TrainStep&) { throw std::runtime_error("killed"); };
  EXPECT_THROW(Train(paths_, options_, observer), std::runtime_error);
  fs::create_directories(paths_.output / "model.tmp123");
  for (const char* unfinished :
       {"model.tmp123/vocab.txt", "log.jsonl.tmp123", "checkpoint-1.safetensors.part",
        "checkpoint-7.safetensors", "checkpoint.json.tmp123", "teacher-logits.safetensors.part"}) {
    WriteFileAtomically(paths_.output / unfinished, "half a fi");
  }
  WriteFileAtomically(paths_.output / "mine.tmp1", "mine");
  paths_.resume = true;
  Train(paths_, options_, {});
  EXPECT_EQ(whole, Weights(paths_.output));
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(paths_.output)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names,
            (std::vector<std::string>{"bertqa.json", "checkpoint.json", "config.json",
                                      "learning-curve.svg", "log.jsonl", "mine.tmp1",
                                      "model.safetensors", "tokenizer_config.json", "vocab.txt"}));
}

TEST_F(TrainTest, AResumedRunMustBeginWithTheSameModel) {
  TrainObserver observer;
  observer.should_stop = [] { return true; };
  Train(paths_, options_, observer);
  fs::copy(kBase, folder_ / "other", fs::copy_options::recursive);
  const fs::path weights = folder_ / "other" / "model.safetensors";
  std::string bytes = ReadFile(weights);
  bytes[bytes.size() - 4] = static_cast<char>(bytes[bytes.size() - 4] ^ 1);
  fs::remove(weights);
  WriteFileAtomically(weights, bytes);
  paths_.base = folder_ / "other";
  paths_.resume = true;
  const std::string message = ErrorOf(ErrorCode::kUsage, [&] { Train(paths_, options_, {}); });
  EXPECT_NE(message.find("--model"), std::string::npos) << message;
}

TEST_F(TrainTest, AResumedRunMustBeTheSameRun) {
  TrainObserver observer;
  observer.should_stop = [] { return true; };
  Train(paths_, options_, observer);
  paths_.resume = true;
  options_.learning_rate = 2e-3;
  const std::string message = ErrorOf(ErrorCode::kUsage, [&] { Train(paths_, options_, {}); });
  EXPECT_NE(message.find("--learning-rate 0.001"), std::string::npos) << message;
}

TEST_F(TrainTest, AnOutputThatExistsIsLeftAlone) {
  fs::create_directories(paths_.output);
  WriteFileAtomically(paths_.output / "mine.txt", "mine");
  EXPECT_THROW(Train(paths_, options_, {}), Error);
  paths_.resume = true;
  EXPECT_THROW(Train(paths_, options_, {}), Error);
  paths_.resume = false;
  paths_.overwrite = true;
  Train(paths_, options_, {});
  EXPECT_EQ(ReadFile(paths_.output / "mine.txt"), "mine");
}

TEST_F(TrainTest, UnanswerableQuestionsGiveAThreshold) {
  WriteFileAtomically(folder_ / "train.json", MakeSquad(40, 1, /*with_unanswerable=*/true));
  WriteFileAtomically(folder_ / "dev.json", MakeSquad(16, 2, /*with_unanswerable=*/true));
  Train(paths_, options_, {});
  EXPECT_TRUE(LoadModel(paths_.output).defaults.no_answer);
  options_.no_answer = false;
  paths_.overwrite = true;
  std::vector<std::string> notes;
  TrainObserver observer;
  observer.note = [&](const std::string& note) { notes.push_back(note); };
  Train(paths_, options_, observer);
  EXPECT_FALSE(LoadModel(paths_.output).defaults.no_answer);
  EXPECT_NE(std::find(notes.begin(), notes.end(), "10 questions without an answer are left out"),
            notes.end());
}

TEST_F(TrainTest, AnAnswerThatIsNotAtItsOffsetIsReportedOrRefused) {
  std::string squad = MakeSquad(8, 1, /*with_unanswerable=*/false);
  const std::size_t place = squad.find("\"answer_start\":") + 15;
  squad.insert(place, "9");  // far beyond
  WriteFileAtomically(folder_ / "train.json", squad);
  std::vector<std::string> notes;
  TrainObserver observer;
  observer.note = [&](const std::string& note) { notes.push_back(note); };
  Train(paths_, options_, observer);
  EXPECT_NE(std::find_if(notes.begin(), notes.end(),
                         [](const std::string& note) { return note.starts_with("id q0: "); }),
            notes.end());
  options_.strict = true;
  paths_.overwrite = true;
  EXPECT_THROW(Train(paths_, options_, {}), Error);
}

TEST_F(TrainTest, ATeacherIsAskedOnceAndChangesTheWeights) {
  Train(paths_, options_, {});
  const std::string alone = Weights(paths_.output);
  paths_.teacher = "golden/models/tiny-32";
  paths_.output = folder_ / "distilled";
  std::size_t steps = 0;
  TrainObserver observer;
  observer.on_step = [&](const TrainStep& step) { steps = step.step; };
  observer.should_stop = [&] { return steps == 3; };
  Train(paths_, options_, observer);
  const fs::path logits = paths_.output / "teacher-logits.safetensors";
  const auto written = fs::last_write_time(logits);
  paths_.resume = true;
  Train(paths_, options_, {});
  EXPECT_EQ(written, fs::last_write_time(logits));
  EXPECT_NE(alone, Weights(paths_.output));
}

TEST_F(TrainTest, ATeacherThatIsStoppedBeginsAgain) {
  paths_.teacher = "golden/models/tiny-32";
  Train(paths_, options_, {});
  const std::string whole = Weights(paths_.output);
  paths_.output = folder_ / "stopped";
  TrainObserver observer;
  observer.should_stop = [] { return true; };
  const TrainResult result = Train(paths_, options_, observer);
  EXPECT_TRUE(result.was_interrupted);
  EXPECT_EQ(result.steps, 0U);
  EXPECT_FALSE(fs::exists(paths_.output / "teacher-logits.safetensors"));
  paths_.resume = true;
  Train(paths_, options_, {});
  EXPECT_EQ(whole, Weights(paths_.output));
}

TEST_F(TrainTest, ATeacherOfAnotherVocabularyIsRefused) {
  paths_.teacher = "../models/minilm-l6-squad";
  ErrorOf(ErrorCode::kUsage, [&] { Train(paths_, options_, {}); });
}

TEST_F(TrainTest, ALossThatIsNotFiniteStopsWithTheLastCheckpointWhole) {
  options_.learning_rate = 1;
  options_.weight_decay = 1e10;  // weights grow by as much each step
  options_.warmup_ratio = 0;
  options_.save_minutes = 0;
  std::string first;
  for (const bool resumes : {false, true}) {
    paths_.resume = resumes;
    const std::string message = ErrorOf(ErrorCode::kInternal, [&] { Train(paths_, options_, {}); });
    EXPECT_NE(message.find("finite"), std::string::npos) << message;
    EXPECT_TRUE(first.empty() || first == message) << message;  // at the same step
    first = message;
    EXPECT_GE(Log().size(), 1U);
  }
}

TEST_F(TrainTest, PatienceEndsARunEarly) {
  options_.learning_rate = 1e-9;  // nothing gets better
  options_.eval_every = 1;
  options_.patience = 2;
  EXPECT_EQ(Train(paths_, options_, {}).steps, 3U);
}

TEST(TrainOptions, NamesWhatIsWrong) {
  TrainOptions options;
  options.epochs = 0;
  EXPECT_THROW(options.Validate(), Error);
  options = {};
  options.precision = Precision::kInt8;
  EXPECT_THROW(options.Validate(), Error);
  options = {};
  options.dropout = 1;
  EXPECT_THROW(options.Validate(), Error);
  TrainOptions().Validate();
}

}  // namespace
}  // namespace bertqa
