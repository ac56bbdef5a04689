#pragma once

#include <string>
#include <string_view>

namespace bertqa {

/// Escapes all but letters, digits and "-_.~", as a part of an address wants it.
std::string EscapeUrlPart(std::string_view text);

}  // namespace bertqa
