#pragma once

#include <cstddef>
#include <string>

namespace bertqa {

/// What is wrong with a document as XML (elements nested and closed, attributes quoted, characters
/// and references allowed), or nothing. Only what our writers could break.
std::string XmlProblem(const std::string& xml);

/// How often `part` is in `text`.
std::size_t CountOf(const std::string& text, const std::string& part);

}  // namespace bertqa
