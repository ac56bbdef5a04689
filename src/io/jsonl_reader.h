#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bertqa/pipeline.h"
#include "io/line_reader.h"

namespace bertqa {

/// What a record carries besides its question and context, as it was written.
struct RecordFields {
  std::size_t line = 0;    ///< in the input; 0 if the input has no lines (SQuAD)
  std::size_t number = 0;  ///< of the record in the input, from 1; 0: not said
  std::string id_json;     ///< a JSON string or number, or empty
  std::vector<std::pair<std::string, std::string>> kept;  ///< key and value, as JSON
};

/// One record of an input: its fields, and either a request (payload: RecordFields) or an error.
struct Record {
  RecordFields fields;
  std::string question;
  std::string context;
  std::optional<RecordError> error;
};

/// What of a record is carried through.
enum class KeepFields { kNo, kYes };

/// Reads one line of JSONL: `question` and `context` (strings), `id` (string or number). The id is
/// kept also where the rest is broken, if it can be read. Error messages begin with "line N: ".
Record ParseRecord(const Line& line, KeepFields keep, std::size_t max_line_bytes);

/// A record on its way into the pipeline.
StreamInput MakeStreamInput(Record record);

/// "bad_json", "missing_field", …
std::string_view RecordErrorName(RecordErrorCode code);

}  // namespace bertqa
