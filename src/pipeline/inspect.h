#pragma once

#include "bertqa/inspect.h"
#include "pipeline/example.h"

namespace bertqa {

/// The figures behind the answer of an encoded example.
Inspection InspectExample(const Example& example, const QaRequest& request,
                          const Tokenizer& tokenizer, const QaOptions& options);

}  // namespace bertqa
