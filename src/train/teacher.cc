#include "train/teacher.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "bertqa/error.h"
#include "bertqa/model.h"
#include "encoder/memory_weights.h"
#include "encoder/open_weights.h"
#include "encoder/safetensors_reader.h"
#include "encoder/safetensors_writer.h"
#include "encoder/task_team.h"
#include "model/build_model.h"
#include "model/directory.h"
#include "train/fingerprint.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatchTokens = 768;

void RequireSameVocabulary(const Tokenizer& student, const Tokenizer& teacher,
                           const fs::path& directory) {
  bool is_same = student.vocabulary_size() == teacher.vocabulary_size();
  for (std::size_t id = 0; is_same && id < student.vocabulary_size(); ++id) {
    is_same = student.Piece(static_cast<TokenId>(id)) == teacher.Piece(static_cast<TokenId>(id));
  }
  if (!is_same) {
    throw Error(ErrorCode::kUsage,
                "--teacher " + directory.string() +
                    ": the vocabulary of the model to train is expected, this one's differs");
  }
}

/// The teacher's start and end logits of all windows, one after the other.
struct AllLogits {
  std::vector<float> start;
  std::vector<float> end;
};

/// Nothing if it was asked to stop.
std::optional<AllLogits> Compute(const Model& teacher, const TrainingSet& set,
                                 const std::vector<std::size_t>& offsets,
                                 const TeacherLogits::Request& request) {
  std::vector<std::size_t> lengths;
  lengths.reserve(set.windows.size());
  for (const TrainingWindow& window : set.windows) {
    lengths.push_back(window.tokens);
  }
  AllLogits all{std::vector<float>(offsets.back()), std::vector<float>(offsets.back())};
  const std::vector<BatchPlan> plans = PlanBatches(lengths, kBatchTokens);
  std::atomic<bool> is_stopped = false;
  TaskTeam(request.threads).ForEach(plans.size(), [&](std::size_t plan, std::size_t worker) {
    if (worker == 0 && request.should_stop()) {
      is_stopped = true;
    }
    if (is_stopped) {
      return;
    }
    PackedBatch batch;
    for (const std::size_t window : plans[plan].window_indices) {
      AppendTrainingWindow(batch, set, window, teacher.tokenizer->pair_template());
    }
    const SpanLogits logits = teacher.qa->Forward(batch, /*threads=*/1);
    for (std::size_t i = 0; i < plans[plan].window_indices.size(); ++i) {
      const std::size_t into = offsets[plans[plan].window_indices[i]];
      const auto begin = static_cast<std::ptrdiff_t>(batch.offsets[i]);
      const auto end = static_cast<std::ptrdiff_t>(batch.offsets[i + 1]);
      std::copy(logits.start.begin() + begin, logits.start.begin() + end, all.start.data() + into);
      std::copy(logits.end.begin() + begin, logits.end.begin() + end, all.end.data() + into);
    }
  });
  return is_stopped ? std::nullopt : std::optional(std::move(all));
}

void WriteLogits(const AllLogits& logits, const std::string& work, const fs::path& file) {
  const Shape shape = {logits.start.size()};
  WriteSafetensors(MemoryWeights({{"start." + work, shape, logits.start, nullptr},
                                  {"end." + work, shape, logits.end, nullptr}},
                                 file),
                   file);
}

}  // namespace

std::string NameOfTeaching(const TrainingSet& set, const fs::path& teacher) {
  Fingerprint fingerprint;
  AddTrainingSet(fingerprint, set);
  for (const fs::path& file : WeightsFiles(FindWeights(teacher))) {
    fingerprint.Add(ReadFile(file));
  }
  for (const char* name : {"vocab.txt", "vocab.json", "merges.txt", "tokenizer.json",
                           "spiece.model", "spm.model", "sentencepiece.bpe.model"}) {
    if (fs::exists(teacher / name)) {
      fingerprint.Add(ReadFile(teacher / name));
    }
  }
  return fingerprint.Hex();
}

void CheckTeacher(const fs::path& teacher, const Tokenizer& student, std::size_t window_tokens) {
  RequireModelDirectory(teacher);
  const EncoderConfig config = ReadEncoderConfig(teacher / "config.json");
  RequireSameVocabulary(student, *ReadTokenizer(teacher, config), teacher);
  if (config.max_window_tokens() < window_tokens) {
    throw Error(ErrorCode::kUsage,
                "--teacher " + teacher.string() + ": windows of " + std::to_string(window_tokens) +
                    " tokens are expected, it takes " + std::to_string(config.max_window_tokens()));
  }
}

TeacherLogits::TeacherLogits(const Request& request, const TrainingSet& set) {
  offsets_ = {0};
  for (const TrainingWindow& window : set.windows) {
    offsets_.push_back(offsets_.back() + window.tokens);
  }
  const std::string work = NameOfTeaching(set, request.teacher);
  if (fs::exists(request.file)) {
    file_ = OpenSafetensors(request.file);
  }
  if (file_ == nullptr || file_->entries().front().name.find(work) == std::string::npos) {
    const Model teacher = LoadModel(request.teacher, {.threads = request.threads});
    request.note("computing the teacher's logits of " + std::to_string(set.windows.size()) +
                 " windows into " + request.file.string());
    file_ = nullptr;
    const std::optional<AllLogits> logits = Compute(teacher, set, offsets_, request);
    if (!logits) {
      return;
    }
    WriteLogits(*logits, work, request.file);
    file_ = OpenSafetensors(request.file);
  }
  const bool start_first = file_->entries().front().name.starts_with("start.");
  start_ = file_->Read(start_first ? 0 : 1);
  end_ = file_->Read(start_first ? 1 : 0);
}

void TeacherLogits::Append(TrainingBatch& batch, std::size_t window_index) const {
  const auto append = [&](const TensorBytes& from, std::vector<float>& into) {
    const auto* const values = reinterpret_cast<const float*>(from.bytes.data());
    into.insert(into.end(), values + offsets_[window_index], values + offsets_[window_index + 1]);
  };
  append(start_, batch.teacher_start);
  append(end_, batch.teacher_end);
}

}  // namespace bertqa
