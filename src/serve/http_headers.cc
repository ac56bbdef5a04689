#include <algorithm>

#include "base/ascii.h"
#include "serve/module_interface.h"

namespace bertqa {

std::string_view FindHeader(const std::vector<HttpHeader>& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const HttpHeader& header) {
    return std::equal(header.name.begin(), header.name.end(), name.begin(), name.end(),
                      [](char left, char right) { return LowerAscii(left) == LowerAscii(right); });
  });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

}  // namespace bertqa
