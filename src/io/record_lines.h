#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bertqa {

/// The key that a record's number has in the output of a shard.
inline constexpr std::string_view kNumberKey = "record_number";

/// What a line of an output says about its record.
struct OutputLine {
  std::size_t number = 0;  ///< 0 if the line has none
  bool failed = false;     ///< it has an "error"
};

/// Nothing if `line` (without its line end) is no record: cut off, or not written by this program.
std::optional<OutputLine> ReadOutputLine(std::string_view line);

/// The line without the number, which comes first: what a run without shards writes.
std::string WithoutNumber(std::string_view line);

/// The records of an output from its beginning to its first line that is not whole.
struct OutputScan {
  std::size_t records = 0;
  std::size_t failed = 0;
  std::size_t whole_bytes = 0;  ///< where the last whole line ends
  std::size_t total_bytes = 0;
  std::size_t last_number = 0;  ///< of the last whole line; 0: it has none
};

/// Reads a file from its beginning; a line that is not whole, or is no record (zeros that a power
/// loss left), ends it. Throws Error{kUnreadable}.
OutputScan ScanOutput(int descriptor, const std::string& name);

/// The numbers of the records that failed, in their order: "record_number", or else the place of
/// the line. Throws Error{kUnreadable, kMalformed} that names the line.
std::vector<std::size_t> FailedRecords(int descriptor, const std::string& name);

/// "3, 7-9, 12": numbers in their order as ranges, no more than `max_ranges` of them.
std::string RangeText(const std::vector<std::size_t>& numbers, std::size_t max_ranges = 20);

}  // namespace bertqa
