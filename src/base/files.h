#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace bertqa {

/// A file descriptor that is closed on the way out, unless it is borrowed.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  static Descriptor Borrow(int value) {
    Descriptor descriptor(value);
    descriptor.is_borrowed_ = true;
    return descriptor;
  }
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int value() const { return value_; }
  bool is_borrowed() const { return is_borrowed_; }
  /// What close(2) returns: writing may still fail here.
  int Close();

 private:
  int value_ = -1;
  bool is_borrowed_ = false;
};

/// The whole file as bytes: a regular one of at most 1 GiB, since a model's files may come from
/// strangers, and a pipe or a device need not end. Throws Error{kUnreadable} that says why ("is a
/// directory", "No such file or directory").
std::string ReadFile(const std::filesystem::path& path);

/// The same for what a user names: of any size, and pipes and devices too.
std::string ReadFileOrPipe(const std::filesystem::path& path);

/// A descriptor of a regular file, open for reading; what else stands there is never waited for.
/// Throws Error{kUnreadable}.
Descriptor OpenRegularFile(const std::filesystem::path& path);

/// Whether there is anything of that name. What cannot be looked at (a link to itself, a folder
/// without permission) counts as there: opening it says why.
bool Exists(const std::filesystem::path& path);

/// Everything that a file descriptor still gives. `name` is for the error message.
std::string ReadDescriptor(int descriptor, const std::string& name);

/// Writes beside `path` and renames into it, so that a reader never sees half a file, after a power
/// loss neither. What is not a regular file (/dev/stdout, a named pipe) is written in place.
/// Throws Error{kUnwritable}; the half-written file is removed.
void WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes);

/// Writes all of `bytes`, going on after interruptions and short writes.
/// Returns false if the reader went away (EPIPE); throws Error{kUnwritable} for anything else.
bool WriteDescriptor(int descriptor, std::string_view bytes, const std::string& name);

/// A folder beside `target` that becomes `target` when all is written, and else vanishes.
class StagedDirectory {
 public:
  /// Throws Error{kUsage} if `target` exists (unless `overwrite`), Error{kUnwritable} if it cannot
  /// be created.
  StagedDirectory(std::filesystem::path target, bool overwrite);
  ~StagedDirectory();
  StagedDirectory(const StagedDirectory&) = delete;
  StagedDirectory& operator=(const StagedDirectory&) = delete;

  const std::filesystem::path& path() const { return staging_; }
  void Commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path staging_;
  bool committed_ = false;
};

}  // namespace bertqa
