// The JSONL reader: lines, records, the records of an earlier output, labelled records. The first
// byte of an input chooses.

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/utf8.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/training_check.h"
#include "io/json_text.h"
#include "io/jsonl_reader.h"
#include "io/record_lines.h"

namespace bertqa::fuzz {
namespace {

/// A file in memory that is read from its beginning.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("fuzz", 0)) {
    Require(descriptor_ >= 0, "a file in memory can be made");
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int Holding(std::string_view bytes) const {
    const bool is_written =
        ::ftruncate(descriptor_, 0) == 0 &&
        ::pwrite(descriptor_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
    Require(is_written && ::lseek(descriptor_, 0, SEEK_SET) == 0, "the file can be written");
    return descriptor_;
  }

 private:
  int descriptor_;
};

/// What LineReader says, in one look at the whole text.
std::vector<Line> SlowLines(std::string_view text, std::size_t max_line_bytes) {
  std::vector<Line> lines;
  text = text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
    line = line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
    const bool too_long = line.size() > max_line_bytes;
    lines.push_back({too_long ? std::string() : std::string(line), lines.size() + 1, too_long});
  }
  return lines;
}

void RequireJson(std::string_view json) {
  Require(!CheckJson(json), "what a record carries is JSON");
}

void CheckRecord(const Record& record, const Line& line) {
  const RecordFields& fields = record.fields;
  Require(fields.line == line.number, "a record knows its line");
  if (record.error) {
    const std::string& message = record.error->message;
    Require(message.starts_with("line " + std::to_string(line.number) + ": "),
            "the message of a record begins with its line");
    Require(!FindInvalidUtf8(message), "a message is UTF-8");
  } else {
    Require(!FindInvalidUtf8(record.question) && !FindInvalidUtf8(record.context),
            "the texts of a record are UTF-8");
  }
  if (!fields.id_json.empty()) {
    RequireJson(fields.id_json);
  }
  for (const auto& [key, value] : fields.kept) {
    RequireJson(key);
    RequireJson(value);
    if (value.starts_with('"')) {
      Require(!FindInvalidUtf8(DecodeJsonString(value)), "a string is UTF-8");
    }
  }
}

void CheckOutputLine(const std::string& line) {
  const std::optional<OutputLine> record = ReadOutputLine(line);
  if (record && record->number > 0 && line.starts_with("{\"record_number\":")) {
    const std::string rest = WithoutNumber(line);
    const std::optional<OutputLine> same = ReadOutputLine(rest);
    Require(same && same->number == 0 && same->failed == record->failed,
            "a record without its number is the same record");
  }
}

/// What is done with each line.
enum class Use { kRecord, kRecordWithFields, kOutput, kTraining };

void Run(Input input) {
  static const MemoryFile file;
  const unsigned mode = input.TakeByte();
  const auto use = static_cast<Use>(mode % 4);
  if (use == Use::kTraining) {
    Accepts([&] { CheckTrainingData(ParseTrainingData(input.rest(), "fuzz")); });
    return;
  }
  const std::size_t max_line_bytes = mode < 0x80 ? 4096 : mode - 0x7F;
  LineReader reader(file.Holding(input.rest()), "fuzz", max_line_bytes);
  const auto keep = use == Use::kRecord ? KeepFields::kNo : KeepFields::kYes;
  for (const Line& expected : SlowLines(input.rest(), max_line_bytes)) {
    const std::optional<Line> line = reader.Next();
    Require(line && line->text == expected.text && line->number == expected.number &&
                line->too_long == expected.too_long,
            "lines are those of the whole text");
    if (use == Use::kOutput) {
      CheckOutputLine(line->text);
    } else {
      CheckRecord(ParseRecord(*line, keep, max_line_bytes), *line);
    }
  }
  Require(!reader.Next(), "there are no more lines");
  if (use == Use::kOutput) {
    Accepts([&] { FailedRecords(file.Holding(input.rest()), "fuzz"); });
  }
}

}  // namespace
}  // namespace bertqa::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bertqa::fuzz::Run({data, size});
  return 0;
}
