#include "train/fingerprint.h"

#include <cstdint>

namespace bertqa {

void AddTrainingSet(Fingerprint& fingerprint, const TrainingSet& set) {
  for (const TokenizedExample& example : set.examples) {
    for (const auto* const ids : {&example.question, &example.context}) {
      fingerprint.Add(ids->size());
      for (const TokenId id : *ids) {
        fingerprint.Add(static_cast<std::uint64_t>(id));
      }
    }
  }
  for (const TrainingWindow& window : set.windows) {
    fingerprint.Add(window.example_index);
    fingerprint.Add(window.window.context_begin);
    fingerprint.Add(window.window.context_end);
    fingerprint.Add(window.start_position);
    fingerprint.Add(window.end_position);
  }
}

}  // namespace bertqa
