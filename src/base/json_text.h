#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace bertqa {

/// More than any model's JSON needs, few enough that a parser's tree of it can be copied, printed
/// and freed by functions that call themselves.
inline constexpr std::size_t kMaxJsonLevels = 128;

/// How deep lists and objects are nested in `json`. Of what is no JSON, some number: whoever bounds
/// it before parsing is safe either way.
std::size_t JsonLevels(std::string_view json);

/// The text of a JSON file that a stranger may have written. Not parsed yet.
/// Throws Error{kUnreadable}; Error{kMalformed} if it is nested deeper than kMaxJsonLevels.
std::string ReadJsonText(const std::filesystem::path& path);

}  // namespace bertqa
