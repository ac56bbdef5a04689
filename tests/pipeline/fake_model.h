#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bertqa/model.h"
#include "bertqa/pipeline.h"

namespace bertqa {

/// Words at single spaces. Some words steer the fake model (k is 0 to 49):
/// "s<k>" start logit k, "e<k>" end logit k, "b<k>" both (the other logit is -10);
/// "n<k>" as the first word of the question makes the null logit k (else it is -30);
/// "poison" makes the forward pass throw. All others get pseudo-random logits in [-5, 5).
class FakeTokenizer final : public Tokenizer {
 public:
  FakeTokenizer();
  Encoding Encode(std::string_view text) const override;
  std::size_t vocabulary_size() const override { return pieces_.size(); }
  std::string_view Piece(TokenId id) const override {
    return pieces_[static_cast<std::size_t>(id)];
  }
  const PairTemplate& pair_template() const override { return pair_; }

 private:
  std::vector<std::string> pieces_;
  PairTemplate pair_;
};

/// Logits that depend on all ids, segments and positions of their window, and on nothing else.
class FakeModel final : public QaModel {
 public:
  using Watch = std::function<void(const PackedBatch& batch, std::size_t threads)>;

  /// `watch` is called at the beginning of each forward pass; what it throws, Forward throws.
  explicit FakeModel(Watch watch) : watch_(std::move(watch)) {}

  SpanLogits Forward(const PackedBatch& batch, std::size_t threads) const override;
  std::size_t max_window_tokens() const override { return 512; }
  std::size_t vocabulary_size() const override;

 private:
  Watch watch_;
};

std::shared_ptr<const Model> MakeFakeModel(FakeModel::Watch watch = {});

/// Windows of 24 tokens that share 4, questions of at most 6.
QaOptions SmallWindows();

QaRequest MakeRequest(std::string question, std::string context);

/// Every figure of an outcome, floats to the bit.
std::string Describe(const std::variant<QaResult, RecordError>& outcome);

}  // namespace bertqa
