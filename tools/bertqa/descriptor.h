#pragma once

#include <cstddef>
#include <string>

#include "base/files.h"

namespace bertqa::cli {

/// The input of a command, "-" for standard input.
/// Throws Error{kUnreadable}; Error{kUsage} for "-" if that is a terminal.
Descriptor OpenInput(const std::string& path);

/// What becomes of an output file that is not empty: an error, or replaced, or continued.
enum class Existing { kRefuse, kReplace, kContinue };

/// The output of a command, "-" for standard output. A file keeps its content until ClearOutput,
/// and is locked against others that write it. Throws Error{kUnwritable}, and Error{kUsage} if it
/// would be replaced, is the input or is being written.
Descriptor OpenOutput(const std::string& path, Existing existing, const Descriptor& input);

bool IsRegularFile(const Descriptor& file);
std::size_t SizeOf(const Descriptor& file);

/// Throws Error{kUnwritable} unless a file can be created at `path`: found before a long run.
void RequireWritable(const std::string& path);

/// Empties an output that is a file.
void ClearOutput(const Descriptor& output);

/// Cuts an output file to its first bytes; what is written next goes behind them.
void CutOutput(const Descriptor& output, std::size_t bytes);

}  // namespace bertqa::cli
