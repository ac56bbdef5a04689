#pragma once

#include <string>

#include "base/files.h"

namespace bertqa::cli {

/// The input of a command, "-" for standard input.
/// Throws Error{kUnreadable}; Error{kUsage} for "-" if that is a terminal.
Descriptor OpenInput(const std::string& path);

/// The output of a command, "-" for standard output. A file that is not empty is only opened with
/// `overwrite`, and keeps its content until ClearOutput.
/// Throws Error{kUnwritable}, and Error{kUsage} if it would be replaced or is the input.
Descriptor OpenOutput(const std::string& path, bool overwrite, const Descriptor& input);

/// Throws Error{kUnwritable} unless a file can be created at `path`: found before a long run.
void RequireWritable(const std::string& path);

/// Empties an output that is a file.
void ClearOutput(const Descriptor& output);

}  // namespace bertqa::cli
