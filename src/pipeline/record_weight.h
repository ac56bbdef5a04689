#pragma once

#include <cstddef>

#include "bertqa/qa.h"
#include "pipeline/example.h"

namespace bertqa {

// What a record holds in memory, in tokens: the measure of what is in flight.

/// Before it is tokenized.
std::size_t WeighText(const QaRequest& request);

/// Once it is.
std::size_t Weigh(const QaRequest& request, const Example& example);

/// Tokens that a request will have, about.
std::size_t GuessTokens(const QaRequest& request);

}  // namespace bertqa
