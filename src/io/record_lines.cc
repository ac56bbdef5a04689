#include "io/record_lines.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "bertqa/error.h"
#include "io/json_text.h"
#include "io/line_reader.h"

namespace bertqa {
namespace {

/// An output line may be longer than an input line: the text of each answer is in it.
constexpr std::size_t kMaxOutputLineBytes = std::size_t{1} << 32U;

std::string NumberPrefix() {
  return "{" + JsonString(kNumberKey) + ":";
}

}  // namespace

std::optional<OutputLine> ReadOutputLine(std::string_view line) {
  if (!line.starts_with('{') || CheckJson(line)) {
    return std::nullopt;
  }
  OutputLine record;
  bool is_record = false;
  for (const JsonMember& member : SplitObject(line)) {
    if (member.key == kNumberKey) {
      const bool is_number = member.value.find_first_not_of("0123456789") == std::string_view::npos;
      const auto number = is_number ? DecodeJsonInteger(member.value) : std::nullopt;
      if (number.value_or(0) < 1) {
        return std::nullopt;
      }
      record.number = static_cast<std::size_t>(*number);
    }
    record.failed = record.failed || member.key == "error";
    is_record = is_record || member.key == "answer" || member.key == "error";
  }
  return is_record ? std::optional(record) : std::nullopt;
}

std::string WithoutNumber(std::string_view line) {
  if (!line.starts_with(NumberPrefix())) {
    return std::string(line);
  }
  return "{" + std::string(line.substr(line.find(',') + 1));
}

OutputScan ScanOutput(int descriptor, const std::string& name) {
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0 || ::lseek(descriptor, 0, SEEK_SET) != 0) {
    throw Error(ErrorCode::kUnreadable,
                name + ": cannot read: " + std::generic_category().message(errno));
  }
  OutputScan scan;
  scan.total_bytes = static_cast<std::size_t>(status.st_size);
  LineReader lines(descriptor, name, kMaxOutputLineBytes);
  while (const std::optional<Line> line = lines.Next()) {
    const std::size_t end = scan.whole_bytes + line->text.size() + 1;
    const auto record = end <= scan.total_bytes ? ReadOutputLine(line->text) : std::nullopt;
    if (!record) {
      break;
    }
    scan.whole_bytes = end;
    scan.records += 1;
    scan.failed += record->failed ? 1 : 0;
    scan.last_number = record->number;
  }
  return scan;
}

std::vector<std::size_t> FailedRecords(int descriptor, const std::string& name) {
  std::vector<std::size_t> failed;
  LineReader lines(descriptor, name, kMaxOutputLineBytes);
  std::size_t last = 0;
  while (const std::optional<Line> line = lines.Next()) {
    const std::string place = name + ":" + std::to_string(line->number) + ": ";
    const auto record = ReadOutputLine(line->text);
    if (!record) {
      throw Error(ErrorCode::kMalformed, place + "a record that batch wrote is expected");
    }
    const std::size_t number = record->number > 0 ? record->number : line->number;
    if (number <= last) {
      throw Error(ErrorCode::kMalformed, place + "record " + std::to_string(number) + " after " +
                                             std::to_string(last) + ", their order is expected");
    }
    last = number;
    if (record->failed) {
      failed.push_back(number);
    }
  }
  return failed;
}

std::string RangeText(const std::vector<std::size_t>& numbers, std::size_t max_ranges) {
  std::string text;
  std::size_t ranges = 0;
  for (std::size_t begin = 0; begin < numbers.size(); ++ranges) {
    std::size_t last = begin;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) {
      ++last;
    }
    if (ranges == max_ranges) {
      return text + " and " + std::to_string(numbers.size() - begin) + " more";
    }
    text += (text.empty() ? "" : ", ") + std::to_string(numbers[begin]);
    text += last > begin ? "-" + std::to_string(numbers[last]) : "";
    begin = last + 1;
  }
  return text;
}

}  // namespace bertqa
