#pragma once

#include <cstddef>
#include <string>

#include "command.h"
#include "server_choice.h"

namespace bertqa::cli {

enum class OutputFormat { kJsonl, kSquad };

/// Which records of the input are answered: every count-th, beginning with the index-th (from 1).
struct Shard {
  std::size_t index = 1;
  std::size_t count = 1;
};

struct BatchOptions {
  RunOptions run;
  ServerChoice server;
  AnswerOptions answer;
  OffsetUnit offsets = OffsetUnit::kCodePoint;
  std::string input = "-";
  std::string output = "-";
  std::string input_format = "auto";
  OutputFormat output_format = OutputFormat::kJsonl;
  bool keep_fields = false;
  bool overwrite = false;
  bool resume = false;
  std::string shard;         ///< as given: "I/N"; empty: all
  std::string retry_errors;  ///< an earlier output; empty: none
  std::size_t max_line_bytes = std::size_t{16} << 20U;

  /// The output is a part of a whole, and its lines say which.
  bool is_part() const { return !shard.empty() || !retry_errors.empty(); }
};

/// Reads "2/8". Throws Error{kUsage}.
Shard ParseShard(const std::string& text);

}  // namespace bertqa::cli
