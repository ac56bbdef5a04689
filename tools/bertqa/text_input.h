#pragma once

#include <optional>
#include <string>
#include <vector>

namespace bertqa::cli {

/// The texts to search, with their names if they are files.
struct Documents {
  std::vector<std::string> names;
  std::vector<std::string> texts;
};

/// From --context, else from FILEs, else from standard input.
/// Throws Error{kUsage} for both, for "-" named twice, or if standard input is a terminal;
/// Error{kUnreadable, kBadUtf8} that names the file.
Documents ReadDocuments(const std::optional<std::string>& context,
                        const std::vector<std::string>& files);

/// Throws Error{kUsage, kBadUtf8} for a question that is empty or not UTF-8.
void CheckQuestion(const std::string& question);

}  // namespace bertqa::cli
