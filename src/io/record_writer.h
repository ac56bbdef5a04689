#pragma once

#include <string>
#include <vector>

#include "bertqa/pipeline.h"
#include "io/jsonl_reader.h"
#include "io/offsets.h"

namespace bertqa {

/// How records are written.
struct RecordFormat {
  OffsetUnit offsets = OffsetUnit::kCodePoint;
  bool with_number = false;        ///< "record_number" comes first: `batch --shard`
  bool with_question = false;      ///< `ask --json`
  std::vector<std::string> files;  ///< names of the documents; empty: no "file" key
};

/// One line of JSONL with its line end: the result of a request whose payload is RecordFields (or
/// nothing). An error's message begins with "line N: " where the record has a line.
std::string FormatRecord(const StreamOutput& output, const RecordFormat& format);

/// "crossed", "null_threshold", "empty_context". REQUIRES: there is no answer.
std::string_view NoAnswerReasonName(NoAnswerReason reason);

/// The fields of a record, or those of an unnamed one.
const RecordFields& FieldsOf(const QaRequest& request);

}  // namespace bertqa
