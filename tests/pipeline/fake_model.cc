#include "pipeline/fake_model.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

#include "base/utf8.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

constexpr TokenId kClassify = 1;
constexpr TokenId kSeparate = 2;
constexpr TokenId kPoison = 3;
constexpr TokenId kSteer = 10;  ///< "s0" to "s49", then e, b and n
constexpr TokenId kSteerSteps = 50;
constexpr TokenId kWords = 1000;
constexpr TokenId kVocabulary = 6000;
constexpr std::string_view kSteerLetters = "sebn";

std::uint64_t Mix(std::uint64_t hash, std::uint64_t value) {  // FNV-1a, a word at a time
  return (hash ^ value) * 0x100000001B3ULL;
}

TokenId IdOf(std::string_view word) {
  if (word == "poison") {
    return kPoison;
  }
  const std::size_t letter = kSteerLetters.find(word.front());
  const bool is_number = word.size() > 1 && word.size() < 4 &&
                         word.find_first_not_of("0123456789", 1) == std::string_view::npos;
  if (letter != std::string_view::npos && is_number) {
    return kSteer + static_cast<TokenId>(letter) * kSteerSteps +
           std::stoi(std::string(word.substr(1)));
  }
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char byte : word) {
    hash = Mix(hash, static_cast<unsigned char>(byte));
  }
  return kWords + static_cast<TokenId>(hash % (kVocabulary - kWords));
}

/// Which steering word an id is, by its letter, or a space.
char LetterOf(TokenId id) {
  const TokenId letter = (id - kSteer) / kSteerSteps;
  return id >= kSteer && letter < 4 ? kSteerLetters[static_cast<std::size_t>(letter)] : ' ';
}

float PseudoRandom(std::uint64_t hash) {
  hash ^= hash >> 29U;
  hash *= 0xBF58476D1CE4E5B9ULL;
  hash ^= hash >> 32U;
  return static_cast<float>(hash % 100'000) / 10'000.0F - 5.0F;
}

class WindowModel {
 public:
  WindowModel(std::span<const TokenId> ids, std::span<const std::int32_t> segments) : ids_(ids) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      hash_ = Mix(Mix(hash_, static_cast<std::uint64_t>(ids[i])),
                  static_cast<std::uint64_t>(segments[i]));
    }
  }

  float Logit(std::size_t position, char own_letter) const {
    const TokenId id = ids_[position];
    const char letter = LetterOf(id);
    if (id == kClassify) {
      const bool is_steered = LetterOf(ids_[1]) == 'n';
      return is_steered ? static_cast<float>((ids_[1] - kSteer) % kSteerSteps) / 2 : -15.0F;
    }
    if (letter == ' ' || letter == 'n') {
      return PseudoRandom(Mix(Mix(hash_, position), static_cast<std::uint64_t>(own_letter)));
    }
    const bool is_on = letter == own_letter || letter == 'b';
    return is_on ? static_cast<float>((id - kSteer) % kSteerSteps) : -10.0F;
  }

 private:
  std::span<const TokenId> ids_;
  std::uint64_t hash_ = 0xCBF29CE484222325ULL;
};

void AppendFloat(std::string& text, float value) {
  text += std::to_string(std::bit_cast<std::uint32_t>(value)) + ",";
}

}  // namespace

FakeTokenizer::FakeTokenizer() {
  pieces_.resize(static_cast<std::size_t>(kVocabulary));
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    pieces_[i] = "w" + std::to_string(i);
  }
  pieces_[kClassify] = "[CLS]";
  pieces_[kSeparate] = "[SEP]";
  pair_.prefix = {kClassify};
  pair_.separator = {kSeparate};
  pair_.suffix = {kSeparate};
}

Encoding FakeTokenizer::Encode(std::string_view text) const {
  RequireUtf8(text, "text");
  Encoding encoding;
  for (std::size_t begin = text.find_first_not_of(' '); begin != std::string_view::npos;) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    encoding.ids.push_back(IdOf(text.substr(begin, end - begin)));
    encoding.spans.push_back({begin, end});
    begin = text.find_first_not_of(' ', end);
  }
  return encoding;
}

std::size_t FakeModel::vocabulary_size() const {
  return static_cast<std::size_t>(kVocabulary);
}

SpanLogits FakeModel::Forward(const PackedBatch& batch, std::size_t threads) const {
  if (watch_) {
    watch_(batch, threads);
  }
  SpanLogits logits;
  for (std::size_t w = 0; w < batch.window_count(); ++w) {
    const std::size_t begin = batch.offsets[w];
    const std::size_t size = batch.offsets[w + 1] - begin;
    const WindowModel window(std::span(batch.ids).subspan(begin, size),
                             std::span(batch.segments).subspan(begin, size));
    for (std::size_t i = 0; i < size; ++i) {
      if (batch.ids[begin + i] == kPoison) {
        throw Error(ErrorCode::kInternal, "poisoned");
      }
      logits.start.push_back(window.Logit(i, 's'));
      logits.end.push_back(window.Logit(i, 'e'));
    }
  }
  return logits;
}

std::shared_ptr<const Model> MakeFakeModel(FakeModel::Watch watch) {
  auto model = std::make_shared<Model>();
  model->tokenizer = std::make_unique<FakeTokenizer>();
  model->qa = std::make_unique<FakeModel>(std::move(watch));
  model->name = "fake";
  return model;
}

QaOptions SmallWindows() {
  QaOptions options;
  options.windows.window_tokens = 24;
  options.windows.overlap_tokens = 4;
  options.windows.max_question_tokens = 6;
  options.max_answer_tokens = 5;
  return options;
}

QaRequest MakeRequest(std::string question, std::string context) {
  QaRequest request;
  request.question = std::move(question);
  request.documents.push_back(std::move(context));
  return request;
}

std::string Describe(const std::variant<QaResult, RecordError>& outcome) {
  if (const auto* error = std::get_if<RecordError>(&outcome)) {
    return "error " + std::to_string(static_cast<int>(error->code)) + " " + error->message;
  }
  const auto& result = std::get<QaResult>(outcome);
  std::string text = std::to_string(static_cast<int>(result.no_answer_reason)) + " null ";
  AppendFloat(text, result.null_logit.value_or(0));
  AppendFloat(text, result.null_probability);
  for (const Answer& answer : result.answers) {
    text += " [" + answer.text + "] " + std::to_string(answer.document_index) + " " +
            std::to_string(answer.span.begin) + "-" + std::to_string(answer.span.end) + " ";
    AppendFloat(text, answer.logit);
    AppendFloat(text, answer.probability);
  }
  for (const std::string& warning : result.warnings) {
    text += " warning " + warning;
  }
  return text;
}

}  // namespace bertqa
