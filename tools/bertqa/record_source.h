#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "batch.h"
#include "bertqa/pipeline.h"
#include "io/line_reader.h"
#include "io/squad_reader.h"

namespace bertqa::cli {

/// Gives the records of a JSONL or a SQuAD input that are to be answered, one after the other.
class RecordSource {
 public:
  /// `options` must outlive this object. The input ends once `end_descriptor` can be read.
  RecordSource(int descriptor, int end_descriptor, const BatchOptions& options);

  /// Looks at the beginning of the input; reads all of it if it is SQuAD. A bad SQuAD file, or one
  /// of records to retry, is found here, before a model is loaded.
  void Open();

  std::optional<StreamInput> Next();

  /// Passes over the first `count` of the records that Next() would give; returns how many of them
  /// there were.
  std::size_t Skip(std::size_t count);

  /// 0 if it is not known.
  std::size_t total() const;

 private:
  bool IsSquad();
  bool Takes(std::size_t number);
  std::optional<Line> NextLine();
  std::optional<StreamInput> NextExample();

  const BatchOptions& options_;
  Shard shard_;
  std::string name_;
  LineReader lines_;
  std::optional<SquadFile> squad_;
  std::optional<std::vector<std::size_t>> failed_;  ///< the records to retry, in order
  std::size_t next_failed_ = 0;
  std::size_t number_ = 0;  ///< of the last record that was read
};

}  // namespace bertqa::cli
