#include "pipeline/outcome_cache.h"

#include <utility>

namespace bertqa {
namespace {

/// Every text with its length in front, so that no two requests have the same key.
std::string KeyOf(const QaRequest& request) {
  std::string key;
  std::size_t bytes = request.question.size();
  for (const std::string& document : request.documents) {
    bytes += document.size();
  }
  constexpr std::size_t kLengthBytes = 21;  // a number of 64 bits, and the colon
  key.reserve(bytes + kLengthBytes * (request.documents.size() + 1));
  const auto append = [&key](const std::string& text) {
    key += std::to_string(text.size());
    key += ':';
    key += text;
  };
  append(request.question);
  for (const std::string& document : request.documents) {
    append(document);
  }
  return key;
}

}  // namespace

OutcomeCache::Lookup OutcomeCache::FindOrAdd(const QaRequest& request) {
  std::string key = KeyOf(request);
  if (const auto found = places_.find(key); found != places_.end()) {
    const auto entry = found->second;
    entries_.splice(entries_.begin(), entries_, entry);
    if (!entry->outcome->failed) {
      return {entry->outcome, /*is_new=*/false};
    }
    entry->outcome = std::make_shared<Outcome>();
    return {entry->outcome, /*is_new=*/true};
  }
  entries_.push_front({std::move(key), std::make_shared<Outcome>()});
  try {
    places_.emplace(entries_.front().key, entries_.begin());
  } catch (...) {
    entries_.pop_front();
    throw;
  }
  bytes_ += BytesOf(entries_.front());
  Forget();
  return {entries_.front().outcome, /*is_new=*/true};
}

void OutcomeCache::Forget() {
  while (bytes_ > max_bytes_ && entries_.size() > 1) {
    bytes_ -= BytesOf(entries_.back());
    places_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

}  // namespace bertqa
