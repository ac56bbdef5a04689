#pragma once

#include <string_view>

namespace bertqa {

/// A file of src/serve/page, which is part of the program.
struct PageFile {
  std::string_view path;  ///< "/page.css"
  std::string_view content_type;
  std::string_view bytes;
};

/// Null if there is none of that path.
const PageFile* FindPageFile(std::string_view path);

}  // namespace bertqa
