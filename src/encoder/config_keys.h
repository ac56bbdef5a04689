#pragma once

#include <string_view>

namespace bertqa {

/// True for a key of config.json that does not change what a network answers: notes, training,
/// generation, and heads that are not there. False for every other, known or not.
bool IsHarmlessKey(std::string_view key);

}  // namespace bertqa
