#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/mix_key.h"
#include "train/training_set.h"

namespace bertqa {

/// 64 bits that tell one input from another, not from one that was made to deceive.
class Fingerprint {
 public:
  void Add(std::uint64_t number) { state_ = MixKey(state_, number); }
  void Add(std::string_view bytes);
  std::string Hex() const;

 private:
  std::uint64_t state_ = 0;
};

/// Everything that a training set gives to a step.
void AddTrainingSet(Fingerprint& fingerprint, const TrainingSet& set);

}  // namespace bertqa
