#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace bertqa::cli {

/// The texts to search, with their names if they are files.
struct Documents {
  std::vector<std::string> names;
  std::vector<std::string> texts;
};

/// Where the texts come from, as the user said.
struct TextOptions {
  std::optional<std::string> context;
  std::vector<std::string> context_files;
  std::vector<std::string> files;
};

/// -c, --context-file, FILE…
void AddTextOptions(CLI::App& app, TextOptions& options);

/// From --context, else from files, else from standard input.
/// Throws Error{kUsage} for both, for "-" named twice, or if standard input is a terminal;
/// Error{kUnreadable, kBadUtf8} that names the file.
Documents ReadDocuments(const TextOptions& options);

/// Throws Error{kUsage, kBadUtf8} for a question that is empty or not UTF-8.
void CheckQuestion(const std::string& question);

}  // namespace bertqa::cli
