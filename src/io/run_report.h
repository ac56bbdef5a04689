#pragma once

#include <cstddef>
#include <string>

#include "bertqa/pipeline.h"
#include "bertqa/qa_model.h"

namespace bertqa {

/// What `--verbose` tells of a run.
struct RunFacts {
  PipelineStats stats;
  ComputeInfo compute;
  std::string precision;  ///< the name of compute.precision
  std::size_t threads = 1;
  double load_seconds = 0;
  double run_seconds = 0;     ///< from the first record read to the last one written
  double user_seconds = 0;    ///< processor time of the run
  double system_seconds = 0;  ///< the same, in the kernel
  std::size_t page_faults = 0;
  std::size_t peak_bytes = 0;  ///< of memory
  double peak_gflops = 0;      ///< of multiply-adds alone on these threads; 0: not known
};

/// Operations of all windows of a run, in billions; 0 if the model counts none.
double CountGigaOperations(const RunFacts& facts);

/// One line a fact: a word, then the figures, in columns. A stage's share is that of the run's
/// thread-seconds (its seconds times `threads`).
std::string FormatRunReport(const RunFacts& facts);

}  // namespace bertqa
