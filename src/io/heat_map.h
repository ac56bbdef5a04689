#pragma once

#include <string>

#include "bertqa/inspect.h"
#include "bertqa/qa.h"

namespace bertqa {

/// An SVG picture, well-formed for any text: the context's words flow in lines as in the original;
/// each token has a strip above it for its start probability and one below for its end probability
/// (square-root scale). The joint answer is outlined with its probability, the independent decode
/// too where it differs. Of a long text only the neighbourhood of the answers is drawn, and a note
/// says so; of several documents the one with the answer.
std::string FormatHeatMapSvg(const QaRequest& request, const Inspection& inspection);

}  // namespace bertqa
