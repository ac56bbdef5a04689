#pragma once

#include <string_view>
#include <variant>

#include "bertqa/pipeline.h"

namespace bertqa {

/// Reads back what FormatRecord wrote with offsets in bytes: numbers are the same to the bit.
/// "file", where there is one, must be the document's number. The place of an error ("line 3: ") is
/// left out. Throws Error{kMalformed} for what is no record.
std::variant<QaResult, RecordError> ReadRecord(std::string_view line);

}  // namespace bertqa
