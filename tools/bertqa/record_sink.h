#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
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
  RecordSink(int descriptor, const BatchOptions& options);

  /// To be called before anything is written, behind `records` that are there. With `syncs`, what
  /// is written also goes to the disk, now and then and at the end.
  void Begin(std::size_t records, bool syncs);

  bool Write(const StreamOutput& output);
  bool Flush();
  void Finish();

  /// Writes what there is and ends, whoever else writes: nothing is written afterwards. The number
  /// of records that are there, or nothing if one waits for its reader, or nothing has begun.
  std::optional<std::size_t> Abandon();

  /// REQUIRES: no other thread writes.
  std::size_t records() const { return records_; }
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
  std::size_t records_ = 0;
  std::size_t failed_ = 0;
  bool is_begun_ = false;
  bool is_open_ = true;
  bool syncs_ = false;
  Stopwatch since_sync_;
};

}  // namespace bertqa::cli
