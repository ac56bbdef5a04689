#include "train/fingerprint.h"

#include <array>
#include <cstdio>
#include <cstring>

namespace bertqa {

void Fingerprint::Add(std::string_view bytes) {
  Add(bytes.size());
  for (std::size_t begin = 0; begin < bytes.size(); begin += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + begin, std::min(sizeof word, bytes.size() - begin));
    Add(word);
  }
}

std::string Fingerprint::Hex() const {
  std::array<char, 17> text = {};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(state_));
  return text.data();
}

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
