#pragma once

#include <cstddef>
#include <mutex>
#include <set>
#include <string>

#include "base/stopwatch.h"
#include "batch.h"
#include "io/record_writer.h"

namespace bertqa::cli {

/// Writes records as they come; what is written is flushed when the pipeline has nothing ready.
/// Safe from several threads at once.
class RecordSink {
 public:
  /// With `syncs`, what was written also goes to the disk, now and then and at the end.
  RecordSink(int descriptor, const BatchOptions& options);
  void SetSyncs() { syncs_ = true; }

  bool Write(const StreamOutput& output);
  bool Flush();
  void Finish();

  /// Writes what there is and ends, whoever else writes: nothing is written afterwards.
  void Abandon();

  std::size_t failed() const { return failed_; }

 private:
  bool FlushLocked();
  void FinishLocked();
  void AppendPrediction(const StreamOutput& output);

  const BatchOptions& options_;
  int descriptor_;
  std::string name_;
  RecordFormat format_;
  std::timed_mutex mutex_;  // guards everything below
  std::string buffer_;
  std::set<std::string> seen_ids_;
  std::size_t failed_ = 0;
  bool is_open_ = true;
  bool syncs_ = false;
  Stopwatch since_sync_;
};

}  // namespace bertqa::cli
