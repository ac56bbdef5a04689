#pragma once

#include <atomic>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

#include "bertqa/pipeline.h"

namespace bertqa {

/// What becomes of a question: shared by all records that ask the same of the same texts.
struct Outcome {
  std::variant<QaResult, RecordError> value;
  bool done = false;                 ///< `value` is final; guarded by the lock of who computes it
  std::atomic<bool> failed = false;  ///< by an internal failure, which the next try may not meet

  void Fail(RecordError error) {
    value = std::move(error);
    failed = true;
  }
};

/// Finds the outcome of a question that is being answered or was answered lately, by the exact
/// bytes of the question and of all its texts. The least recently used are forgotten first.
/// Not safe from several threads at once.
class OutcomeCache {
 public:
  /// Keeps entries of `max_bytes` in all, or the last one if that is larger; `outcome_bytes` is
  /// what an outcome takes besides its question and texts.
  OutcomeCache(std::size_t max_bytes, std::size_t outcome_bytes)
      : max_bytes_(max_bytes), outcome_bytes_(outcome_bytes) {}

  struct Lookup {
    std::shared_ptr<Outcome> outcome;
    bool is_new = false;  ///< nobody computes it yet
  };
  /// An outcome that failed is not given again. After std::bad_alloc nothing has changed.
  Lookup FindOrAdd(const QaRequest& request);

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<Outcome> outcome;  ///< shared with the records that wait for it
  };

  std::size_t BytesOf(const Entry& entry) const { return entry.key.size() + outcome_bytes_; }
  void Forget();

  std::size_t max_bytes_;
  std::size_t outcome_bytes_;
  std::size_t bytes_ = 0;
  std::list<Entry> entries_;  ///< the most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> places_;  ///< into `entries_`
};

}  // namespace bertqa
