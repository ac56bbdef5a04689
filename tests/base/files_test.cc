#include "base/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "base/error_of.h"
#include "bertqa/error.h"

namespace bertqa {
namespace {

namespace fs = std::filesystem;

class FilesTest : public testing::Test {
 protected:
  FilesTest() : folder_(fs::temp_directory_path() / ("bertqa-files-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~FilesTest() override { fs::remove_all(folder_); }

  fs::path folder_;
};

std::size_t CountEntries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST_F(FilesTest, WrittenBytesReadBack) {
  const std::string bytes("a\0b\r\n\xFF", 6);
  WriteFileAtomically(folder_ / "x", bytes);
  EXPECT_EQ(ReadFile(folder_ / "x"), bytes);
  EXPECT_EQ(CountEntries(folder_), 1U) << "nothing is left beside it";
}

TEST_F(FilesTest, FailedWriteLeavesTheOldFileAndNoOther) {
  fs::create_directories(folder_ / "x" / "inner");  // a folder cannot be replaced by a file
  EXPECT_THROW(WriteFileAtomically(folder_ / "x", "new"), Error);
  EXPECT_EQ(CountEntries(folder_), 1U);
}

TEST_F(FilesTest, UnreadableThingsAreNamed) {
  for (const fs::path& path : {folder_, folder_ / "missing"}) {
    const std::string message = ErrorOf(ErrorCode::kUnreadable, [&] { ReadFile(path); });
    EXPECT_TRUE(message.starts_with(path.string() + ": ")) << message;
  }
}

TEST_F(FilesTest, ADescriptorThatCannotBeReadIsNamed) {
  const Descriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY));
  EXPECT_EQ(ErrorOf(ErrorCode::kUnreadable, [&] { ReadDescriptor(folder.value(), "input"); }),
            "input: cannot read: Is a directory");
}

TEST_F(FilesTest, ModelFilesAreRegularAndBounded) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  WriteFileAtomically(folder_ / "large", "x");
  fs::resize_file(folder_ / "large", (std::uintmax_t{1} << 30U) + 1);
  fs::create_symlink("loop", folder_ / "loop");
  for (const char* name : {"pipe", "large", "loop"}) {
    EXPECT_TRUE(Exists(folder_ / name)) << name;
    EXPECT_THROW(ReadFile(folder_ / name), Error) << name;
  }
  EXPECT_THROW(ReadFile("/dev/null"), Error);
  EXPECT_FALSE(Exists(folder_ / "missing"));
}

TEST_F(FilesTest, WhatAUserNamesMayBeADevice) {
  EXPECT_EQ(ReadFileOrPipe("/dev/null"), "");
  EXPECT_THROW(ReadFileOrPipe(folder_), Error);
}

TEST_F(FilesTest, AFullDiskIsAnError) {
  EXPECT_THROW(WriteFileAtomically("/dev/full", "x"), Error);
}

TEST_F(FilesTest, StagedDirectoryThatCannotBeIsNamed) {
  WriteFileAtomically(folder_ / "file", "x");
  const std::string message =
      ErrorOf(ErrorCode::kUnwritable, [&] { StagedDirectory(folder_ / "file" / "out", false); });
  EXPECT_TRUE(message.starts_with((folder_ / "file" / "out.tmp").string())) << message;
  StagedDirectory staged(folder_ / "inner" / "out", false);
  fs::remove_all(folder_ / "inner");  // by somebody else
  EXPECT_THROW(staged.Commit(), Error);
}

TEST_F(FilesTest, StagedDirectoryAppearsOnlyWhenCommitted) {
  {
    const StagedDirectory dropped(folder_ / "out", /*overwrite=*/false);
    WriteFileAtomically(dropped.path() / "file", "x");
  }
  EXPECT_EQ(CountEntries(folder_), 0U);
  StagedDirectory kept(folder_ / "out/", /*overwrite=*/false);
  WriteFileAtomically(kept.path() / "file", "x");
  kept.Commit();
  EXPECT_EQ(ReadFile(folder_ / "out" / "file"), "x");
  EXPECT_THROW(StagedDirectory(folder_ / "out", /*overwrite=*/false), Error);
  StagedDirectory replaced(folder_ / "out", /*overwrite=*/true);
  replaced.Commit();
  EXPECT_TRUE(fs::is_empty(folder_ / "out"));
}

}  // namespace
}  // namespace bertqa
