#include <string>

#include "bertqa/error.h"
#include "bertqa/train.h"

namespace bertqa {
namespace {

void Require(bool holds, const std::string& option, const std::string& expectation) {
  if (!holds) {
    throw Error(ErrorCode::kUsage, option + ": " + expectation + " is expected");
  }
}

bool IsShare(double value) {
  return value >= 0 && value <= 1;
}

}  // namespace

double DefaultLearningRate(std::size_t hidden_size) {
  constexpr std::size_t kBaseHidden = 768;
  return hidden_size >= kBaseHidden ? 3e-5 : 1e-4;
}

void TrainOptions::Validate() const {
  Require(epochs > 0 && epochs <= 1000, "--epochs", "a number above 0, at most 1000,");
  Require(!learning_rate || (*learning_rate > 0 && *learning_rate <= 1), "--learning-rate",
          "a number above 0, at most 1,");
  Require(batch_size >= 1, "--batch-size", "at least 1");
  Require(IsShare(warmup_ratio), "--warmup-ratio", "a number from 0 to 1");
  Require(weight_decay >= 0, "--weight-decay", "0 or more");
  Require(max_grad_norm >= 0, "--max-grad-norm", "0 (never) or more");
  Require(!dropout || (*dropout >= 0 && *dropout < 1), "--dropout", "a number from 0 to below 1");
  Require(IsShare(distill_weight), "--distill-weight", "a number from 0 to 1");
  Require(distill_temperature > 0, "--distill-temperature", "a number above 0");
  Require(save_minutes >= 0, "--save-minutes", "0 (after each step) or more");
  Require(precision != Precision::kInt8, "--precision", "auto, fp32 or bf16");
  Require(device == "auto" || device == "cpu" || device == "cuda", "--device", "auto, cpu or cuda");
}

}  // namespace bertqa
