#pragma once

#include <span>

#include "bertqa/decode.h"

namespace bertqa {

/// Throws Error{kInternal} that names the window if there is none, if a logit is NaN or infinite,
/// or if a window has not one start and one end logit a token. A NaN would make every comparison
/// false and the order of spans undefined.
void CheckLogits(std::span<const WindowLogits> windows);

}  // namespace bertqa
